/**
 * The suffix array by induced sorting (SA-IS; Nong, Zhang and Chan 2009), in linear time whatever the
 * data. A suffix that ends is smaller than the same one that goes on.
 * @param text values 0 to `largest`
 * @param order takes the result
 * @param names scratch, as long as the text
 * @returns the positions of the suffixes in their order
 */
export function suffixArray(
  text: Uint8Array | Int32Array,
  largest: number,
  order = new Int32Array(text.length),
  names = new Int32Array(text.length),
): Int32Array {
  const { length } = text;
  if (length <= 1) return order.fill(0);
  // Each value and, in the lowest bit, whether its suffix is smaller than its successor (S-type, 1) or
  // larger (L-type, 0): induction visits them at random, so one access must do.
  const marked = largest < 128 ? new Uint8Array(length) : new Int32Array(length);
  marked[length - 1] = text[length - 1]! << 1;
  for (let at = length - 2; at >= 0; at--) {
    const [value, next] = [text[at]!, text[at + 1]!];
    marked[at] = (value << 1) | (value < next || (value === next && marked[at + 1]! & 1) ? 1 : 0);
  }
  // Where each value's L-type and S-type suffixes begin.
  const starts = new Int32Array(largest + 2);
  const middles = new Int32Array(largest + 2);
  for (let at = 0; at < length; at++) {
    const mark = marked[at]!;
    if ((mark & 1) === 0) middles[mark >>> 1]! += 1;
    else starts[(mark >>> 1) + 1]! += 1;
  }
  for (let value = 0; value <= largest; value++) {
    middles[value]! += starts[value]!;
    if (value < largest) starts[value + 1]! += middles[value]!;
  }
  const isLeftmost = (at: number): boolean =>
    (marked[at]! & 1) === 1 && (marked[at - 1]! & 1) === 0;
  let count = 0;
  for (let at = 1; at < length; at++) if (isLeftmost(at)) names[at] = count++;
  const leftmost = new Int32Array(count);
  for (let at = 1, index = 0; at < length; at++) if (isLeftmost(at)) leftmost[index++] = at;
  induce(marked, starts, middles, leftmost, order);
  if (count > 0) {
    const sorted = new Int32Array(count);
    let found = 0;
    for (const at of order) if (at > 0 && isLeftmost(at)) sorted[found++] = at;
    const reduced = new Int32Array(count);
    let name = 0;
    reduced[names[sorted[0]!]!] = 0;
    for (let index = 1; index < count; index++) {
      let [left, right] = [sorted[index - 1]!, sorted[index]!];
      const leftEnd = leftmost[names[left]! + 1] ?? length;
      const rightEnd = leftmost[names[right]! + 1] ?? length;
      let same = leftEnd - left === rightEnd - right;
      if (same) {
        while (left < leftEnd && text[left] === text[right]) {
          left++;
          right++;
        }
        same = left < length && right < length && left === leftEnd && text[left] === text[right];
      }
      if (!same) name++;
      reduced[names[sorted[index]!]!] = name;
    }
    const inner = suffixArray(reduced, name);
    for (let index = 0; index < count; index++) sorted[index] = leftmost[inner[index]!]!;
    induce(marked, starts, middles, sorted, order);
  }
  return order;
}

/** From the leftmost S-type suffixes in (a first) order, that of all: first the L-type, then the S-type. */
function induce(
  marked: Uint8Array | Int32Array,
  starts: Int32Array,
  middles: Int32Array,
  leftmost: Int32Array,
  order: Int32Array,
): void {
  const { length } = order;
  const heads = middles.slice();
  order.fill(-1);
  for (const at of leftmost) order[heads[marked[at]! >>> 1]!++] = at;
  heads.set(starts);
  order[heads[marked[length - 1]! >>> 1]!++] = length - 1;
  for (let index = 0; index < length; index++) {
    const before = order[index]! - 1;
    if (before < 0) continue;
    const mark = marked[before]!;
    if ((mark & 1) === 0) order[heads[mark >>> 1]!++] = before;
  }
  heads.set(starts);
  for (let index = length - 1; index >= 0; index--) {
    const before = order[index]! - 1;
    if (before < 0) continue;
    const mark = marked[before]!;
    if ((mark & 1) === 1) order[--heads[(mark >>> 1) + 1]!] = before;
  }
}

/**
 * Longest common prefixes of neighbours in the suffix array (Karkkainen, Manzini and Puglisi 2009).
 * @param order the suffix array; overwritten by the result
 * @param previous scratch, as long as the text
 * @returns at index j that of the suffixes j - 1 and j; 0 at index 0
 */
export function commonPrefixes(
  text: Uint8Array,
  order: Int32Array,
  previous = new Int32Array(text.length),
): Int32Array {
  const { length } = text;
  for (let index = 0; index < length; index++)
    previous[order[index]!] = index === 0 ? -1 : order[index - 1]!;
  let common = 0;
  for (let at = 0; at < length; at++) {
    const other = previous[at]!;
    if (other < 0) common = 0;
    else
      while (
        at + common < length &&
        other + common < length &&
        text[at + common] === text[other + common]
      )
        common++;
    previous[at] = common;
    if (common > 0) common--;
  }
  for (let index = 0; index < length; index++) order[index] = previous[order[index]!]!;
  return order;
}
