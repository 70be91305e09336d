/** Insertions, deletions and replacements from one word to the other. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const replaced = row[to - 1]! + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[to]! + 1, next[to - 1]! + 1));
    }
    row = next;
  }
  return row[other.length]!;
}

/**
 * The known word that a misspelt one was probably meant to be; null where none is near, which is a
 * third of its letters, or the beginning of exactly one.
 */
export function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > 64) return null;
  const lower = word.toLowerCase();
  let best: { name: string; steps: number } | null = null;
  for (const name of known) {
    const steps = distance(lower, name.toLowerCase());
    if (steps <= Math.ceil(name.length / 3) && (best === null || steps < best.steps))
      best = { name, steps };
  }
  if (best !== null) return best.name;
  const begun = known.filter((name) => lower.length >= 3 && name.toLowerCase().startsWith(lower));
  return begun.length === 1 ? begun[0]! : null;
}
