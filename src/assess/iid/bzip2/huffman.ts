/**
 * How many octets bzip2's last stage takes. Only lengths are counted, nothing is written; each step is
 * libbz2's own (1.0.8, `sendMTFValues` and `BZ2_hbMakeCodeLengths`), since an equal length needs equal
 * choices, down to which of two equally good tables is taken.
 */

/** Symbols that share a table. */
export const GROUP = 50;
/** Two run symbols, ten ranks that are not zero, and the end of the block. */
export const MOST_SYMBOLS = 13;
const MOST_TABLES = 6;
const ITERATIONS = 4;
/** What a symbol outside a table's first share costs. */
const GREATER_COST = 15;

/** Counts by group: symbol s of group g at g * MOST_SYMBOLS + s. */
export interface GroupCounts {
  readonly counts: Uint8Array;
  /** Of all groups together; the last group may be shorter. */
  readonly symbols: number;
  readonly alphabet: number;
}

function tablesOf(symbols: number): number {
  if (symbols < 200) return 2;
  if (symbols < 600) return 3;
  if (symbols < 1200) return 4;
  if (symbols < 2400) return 5;
  return 6;
}

/** Tables to begin with: each takes a share of the alphabet that makes up as much of the block. */
function firstLengths(totals: Uint32Array, { symbols, alphabet }: GroupCounts): Uint8Array[] {
  const tables = tablesOf(symbols);
  const lengths = Array.from({ length: tables }, () => new Uint8Array(MOST_SYMBOLS));
  let [rest, from] = [symbols, 0];
  for (let part = tables; part > 0; part--) {
    const target = Math.floor(rest / part);
    let [to, sum] = [from - 1, 0];
    while (sum < target && to < alphabet - 1) sum += totals[++to]!;
    if (to > from && part !== tables && part !== 1 && (tables - part) % 2 === 1)
      sum -= totals[to--]!;
    for (let symbol = 0; symbol < alphabet; symbol++)
      lengths[part - 1]![symbol] = symbol >= from && symbol <= to ? 0 : GREATER_COST;
    from = to + 1;
    rest -= sum;
  }
  return lengths;
}

/** Code lengths by Huffman's method. 13 symbols give no code longer than 12, so none is too long. */
function codeLengths(frequencies: Uint32Array, alphabet: number, lengths: Uint8Array): void {
  // A weight has its tree's depth in the lowest eight bits.
  const weight = new Float64Array(2 * MOST_SYMBOLS);
  const parent = new Int32Array(2 * MOST_SYMBOLS).fill(-1);
  const heap = new Int32Array(2 * MOST_SYMBOLS);
  let size = 0;
  const up = (at: number): void => {
    const node = heap[at]!;
    while (weight[node]! < weight[heap[at >> 1]!]!) {
      heap[at] = heap[at >> 1]!;
      at >>= 1;
    }
    heap[at] = node;
  };
  const pop = (): number => {
    const top = heap[1]!;
    const node = heap[size--]!;
    let at = 1;
    for (;;) {
      let below = at << 1;
      if (below > size) break;
      if (below < size && weight[heap[below + 1]!]! < weight[heap[below]!]!) below++;
      if (weight[node]! < weight[heap[below]!]!) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = node;
    return top;
  };
  for (let node = 1; node <= alphabet; node++) {
    weight[node] = Math.max(1, frequencies[node - 1]!) * 256;
    heap[++size] = node;
    up(size);
  }
  let nodes = alphabet;
  while (size > 1) {
    const [one, other] = [pop(), pop()];
    const [first, second] = [weight[one]!, weight[other]!];
    nodes++;
    parent[one] = nodes;
    parent[other] = nodes;
    const depth = 1 + Math.max(first % 256, second % 256);
    weight[nodes] = first - (first % 256) + (second - (second % 256)) + depth;
    heap[++size] = nodes;
    up(size);
  }
  for (let node = 1; node <= alphabet; node++) {
    let depth = 0;
    for (let above = parent[node]!; above >= 0; above = parent[above]!) depth++;
    lengths[node - 1] = depth;
  }
}

/**
 * Gives each group the table that codes it shortest.
 * @param selectors receives a table for each group
 */
function select(
  { counts, alphabet }: GroupCounts,
  lengths: readonly Uint8Array[],
  selectors: Uint8Array,
): Uint32Array[] {
  const frequencies = lengths.map(() => new Uint32Array(MOST_SYMBOLS));
  // Three sums in one number: 50 symbols cost at most 750, below 2^10.
  const packed = (table: number): Int32Array =>
    Int32Array.from(
      { length: MOST_SYMBOLS },
      (_none, symbol) =>
        (lengths[table]?.[symbol] ?? 0) |
        ((lengths[table + 1]?.[symbol] ?? 0) << 10) |
        ((lengths[table + 2]?.[symbol] ?? 0) << 20),
    );
  const [low, high] = [packed(0), packed(3)];
  const costs = new Int32Array(MOST_TABLES);
  for (let group = 0; group < selectors.length; group++) {
    const base = group * MOST_SYMBOLS;
    let [lowCost, highCost] = [0, 0];
    for (let symbol = 0; symbol < alphabet; symbol++) {
      const count = counts[base + symbol]!;
      lowCost += count * low[symbol]!;
      highCost += count * high[symbol]!;
    }
    for (let table = 0; table < 3; table++) {
      costs[table] = (lowCost >> (10 * table)) & 1023;
      costs[table + 3] = (highCost >> (10 * table)) & 1023;
    }
    let best = 0;
    for (let table = 1; table < lengths.length; table++)
      if (costs[table]! < costs[best]!) best = table;
    selectors[group] = best;
    const frequency = frequencies[best]!;
    for (let symbol = 0; symbol < alphabet; symbol++) frequency[symbol]! += counts[base + symbol]!;
  }
  return frequencies;
}

/** The bits of a block's tables, selectors and symbols, from the number of tables on. */
export function codedBits(groups: GroupCounts): number {
  const { counts, symbols, alphabet } = groups;
  const totals = new Uint32Array(MOST_SYMBOLS);
  const selectors = new Uint8Array(Math.ceil(symbols / GROUP));
  for (let group = 0; group < selectors.length; group++)
    for (let symbol = 0; symbol < alphabet; symbol++)
      totals[symbol]! += counts[group * MOST_SYMBOLS + symbol]!;
  const lengths = firstLengths(totals, groups);
  let frequencies: Uint32Array[] = [];
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    frequencies = select(groups, lengths, selectors);
    for (const [table, frequency] of frequencies.entries())
      codeLengths(frequency, alphabet, lengths[table]!);
  }
  // 3 bits for the number of tables, 15 for that of selectors.
  let bits = 18;
  const recent = lengths.map((_lengths, table) => table);
  for (const selector of selectors) {
    const at = recent.indexOf(selector);
    bits += at + 1;
    recent.copyWithin(1, 0, at);
    recent[0] = selector;
  }
  for (const [table, length] of lengths.entries()) {
    // A first length of 5 bits; one bit ends each, two are each step to the next.
    bits += 5;
    for (let symbol = 0; symbol < alphabet; symbol++) {
      bits += 1 + 2 * Math.abs(length[symbol]! - length[Math.max(0, symbol - 1)]!);
      bits += frequencies[table]![symbol]! * length[symbol]!;
    }
  }
  return bits;
}
