import { GROUP, MOST_SYMBOLS, type GroupCounts } from "./huffman.ts";

/** Characters are 0 for a space and 1 to 10 for the digits. */
const CHARACTERS = 11;

/**
 * bzip2's second stage: each character as its rank among those that came last, and runs of rank 0 as a
 * number in two digits. Counted by group, as `huffman.ts` wants them.
 * @param column the last column of the sorted rotations
 * @param room for the counts, at least 4 * MOST_SYMBOLS larger than a block of as many groups takes
 */
export function rankCounts(column: Uint8Array, room: Uint8Array): GroupCounts {
  const used = new Uint8Array(CHARACTERS);
  for (let index = 0; index < column.length; index++) used[column[index]!] = 1;
  const recent = Uint8Array.from(used.keys()).filter((character) => used[character] === 1);
  const alphabet = recent.length + 2;
  room.fill(0);
  let [base, left, symbols, run] = [0, GROUP, 0, 0];
  const put = (symbol: number): void => {
    room[base + symbol]! += 1;
    symbols++;
    if (--left === 0) {
      left = GROUP;
      base += MOST_SYMBOLS;
    }
  };
  const endRun = (): void => {
    for (run--; ; run = (run - 2) >> 1) {
      put(run & 1);
      if (run < 2) break;
    }
    run = 0;
  };
  let front = recent[0]!;
  for (let index = 0; index < column.length; index++) {
    const character = column[index]!;
    if (character === front) {
      run++;
      continue;
    }
    if (run > 0) endRun();
    let before = front;
    let rank = 1;
    for (; ; rank++) {
      const here = recent[rank]!;
      recent[rank] = before;
      if (here === character) break;
      before = here;
    }
    recent[0] = character;
    front = character;
    put(rank + 1);
  }
  if (run > 0) endRun();
  put(alphabet - 1);
  return { counts: room, symbols, alphabet };
}
