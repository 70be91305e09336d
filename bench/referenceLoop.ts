/*
 * A fixed amount of work, by which figures of another machine are scaled to this one: half of it waits
 * for a table in the second-level cache and half does not, as in the suites themselves.
 */

const STEPS = 100_000_000;
const TABLE = 2 ** 18;

/** CPU seconds of the loop in this thread, now. */
export function referenceLoopSeconds(): number {
  const table = new Int32Array(TABLE);
  const begin = process.cpuUsage();
  let state = 0x9e3779b9;
  for (let step = 0; step < STEPS; step++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    if ((state & 3) === 0) table[(state >>> 8) & (TABLE - 1)]! += 1;
  }
  const { user, system } = process.cpuUsage(begin);
  if (table.every((count) => count === 0)) throw new Error("the loop was optimised away");
  return (user + system) / 1e6;
}
