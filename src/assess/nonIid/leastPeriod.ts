import { windowAt, type Packed } from "./packed.ts";

/** The least period of at most half the length; null where there is none, or it takes long to see. */
export function leastPeriod(packed: Packed): number | null {
  const { length, windowSymbols, windowMask } = packed;
  const first = windowAt(packed, 0) & windowMask;
  let work = length;
  for (let period = 1; 2 * period <= length && period + windowSymbols <= length; period++) {
    if ((windowAt(packed, period) & windowMask) !== first) continue;
    const end = length - period;
    let at = windowSymbols;
    while (
      at + windowSymbols <= end &&
      ((windowAt(packed, at) ^ windowAt(packed, at + period)) & windowMask) === 0
    )
      at += windowSymbols;
    work -= at / windowSymbols;
    // Less than a window is left: zeros behind the end of both are shifted away.
    if (at + windowSymbols > end && isAlike(packed, at, period)) return period;
    if (work < 0) return null;
  }
  return null;
}

/** Whether the few symbols from `at` on are equal to those a period later, up to the end. */
function isAlike(packed: Packed, at: number, period: number): boolean {
  const left = packed.length - period - at;
  if (left <= 0) return true;
  const shift = 32 - left * packed.bitsPerSymbol;
  return (windowAt(packed, at) ^ windowAt(packed, at + period)) >>> shift === 0;
}
