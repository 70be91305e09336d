import type { Dataset } from "./dataset.ts";
import { predictionEstimate, type Predictor } from "./prediction.ts";

const WINDOWS = [63, 255, 1023, 4095] as const;
const LEAST_SAMPLES = 4096;

/**
 * Multi Most Common in Window prediction, SP 800-90B 6.3.7. The mode of each window is kept up to date:
 * it is looked for among all symbols only when one of its own leaves the window.
 */
export function multiMcw({ symbols, alphabet }: Dataset): Predictor<"multiMcw"> {
  const { length } = symbols;
  if (length < LEAST_SAMPLES) {
    const notApplicable = `needs ${LEAST_SAMPLES} samples`;
    return { estimator: "multiMcw", minEntropy: null, notApplicable };
  }
  const counts = WINDOWS.map(() => new Int32Array(alphabet));
  const modes = new Uint8Array(WINDOWS.length);
  const scores = new Int32Array(WINDOWS.length);
  const lastSeen = new Int32Array(alphabet).fill(-1);
  let winner = 0;
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  for (let at = 0; at < length; at++) {
    const symbol = symbols[at]!;
    if (at >= WINDOWS[0]) {
      if (modes[winner] === symbol) {
        correct++;
        run++;
        if (run > longestRun) longestRun = run;
      } else run = 0;
      for (let window = 0; window < WINDOWS.length && at >= WINDOWS[window]!; window++)
        if (modes[window] === symbol && ++scores[window]! >= scores[winner]!) winner = window;
    }
    lastSeen[symbol] = at;
    for (let window = 0; window < WINDOWS.length; window++) {
      const tally = counts[window]!;
      const size = WINDOWS[window]!;
      // The newest symbol wins a tie: it is the most recently seen.
      if (++tally[symbol]! >= tally[modes[window]!]!) modes[window] = symbol;
      if (at < size) continue;
      const leaving = symbols[at - size]!;
      tally[leaving]!--;
      if (leaving === modes[window]) modes[window] = modeOf(tally, lastSeen);
    }
  }
  const tried = length - WINDOWS[0];
  return predictionEstimate("multiMcw", { tried, correct, longestRun }, alphabet);
}

/** The most frequent value, of several the one that was seen last. */
function modeOf(tally: Int32Array, lastSeen: Int32Array): number {
  let mode = 0;
  for (let symbol = 1; symbol < tally.length; symbol++) {
    const [count, most] = [tally[symbol]!, tally[mode]!];
    if (count > most || (count === most && lastSeen[symbol]! > lastSeen[mode]!)) mode = symbol;
  }
  return mode;
}
