import { Contexts } from "./contexts.ts";
import type { Dataset } from "./dataset.ts";
import { predictionEstimate, type Predictions, type Predictor } from "./prediction.ts";

const LONGEST = 16;
const MOST_CONTEXTS = 65_536;

/** LZ78Y prediction, SP 800-90B 6.3.10. */
export function lz78y(dataset: Dataset): Predictor<"lz78y"> {
  const { symbols, alphabet } = dataset;
  if (symbols.length < LONGEST + 3) {
    const notApplicable = `needs ${LONGEST + 3} samples`;
    return { estimator: "lz78y", minEntropy: null, notApplicable };
  }
  const predictions = alphabet === 2 ? predictBits(symbols) : predictSymbols(dataset);
  return predictionEstimate("lz78y", predictions, alphabet);
}

export function predictSymbols({ symbols }: Pick<Dataset, "symbols">): Predictions {
  const contexts = new Contexts();
  const path = new Int32Array(LONGEST + 1);
  let dictionary = 0;
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  for (let at = LONGEST; at < symbols.length; at++) {
    const symbol = symbols[at]!;
    let depth = 0;
    let most = 0;
    let prediction = -1;
    while (depth < LONGEST) {
      const next = contexts.child(path[depth]!, symbols[at - 1 - depth]!);
      if (next < 0) break;
      path[++depth] = next;
      // Of equal counts the longest context's.
      const count = contexts.bestCount(next);
      if (count > 0 && count >= most) {
        most = count;
        prediction = contexts.best(next);
      }
    }
    if (at > LONGEST) {
      if (prediction === symbol) {
        correct++;
        run++;
        if (run > longestRun) longestRun = run;
      } else run = 0;
    }
    const room = MOST_CONTEXTS - dictionary;
    if (room > 0) {
      // The longest go in first where there is no room for all.
      const missing = LONGEST - depth + countEmpty(contexts, path, depth);
      while (depth < LONGEST) {
        const made = contexts.makeChild(path[depth]!, symbols[at - 1 - depth]!);
        path[++depth] = made;
      }
      let left = Math.min(room, missing);
      for (let length = LONGEST; length >= 1; length--) {
        const isKnown = contexts.bestCount(path[length]!) > 0;
        if (!isKnown && left === 0) continue;
        if (!isKnown) {
          left--;
          dictionary++;
        }
        contexts.count(path[length]!, symbol, true);
      }
    } else
      for (let length = 1; length <= depth; length++)
        if (contexts.bestCount(path[length]!) > 0) contexts.count(path[length]!, symbol, true);
  }
  return { tried: symbols.length - LONGEST - 1, correct, longestRun };
}

/** Nodes on the way that are no context of the dictionary, but only lead to one. */
function countEmpty(contexts: Contexts, path: Int32Array, depth: number): number {
  let empty = 0;
  for (let length = 1; length <= depth; length++)
    if (contexts.bestCount(path[length]!) === 0) empty++;
  return empty;
}

/** For bits a context is an index. */
export function predictBits(symbols: Uint8Array): Predictions {
  const counts = new Int32Array(2 ** (LONGEST + 2));
  let dictionary = 0;
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  let history = 0;
  for (let at = 0; at < LONGEST; at++) history = (history << 1) | symbols[at]!;
  for (let at = LONGEST; at < symbols.length; at++) {
    const bit = symbols[at]!;
    let most = 0;
    let prediction = -1;
    for (let size = 2 ** LONGEST; size >= 2; size >>>= 1) {
      const slot = (size | (history & (size - 1))) << 1;
      const zeros = counts[slot]!;
      const ones = counts[slot + 1]!;
      if (zeros === 0 && ones === 0) {
        if (dictionary >= MOST_CONTEXTS) continue;
        dictionary++;
        counts[slot + bit] = 1;
        continue;
      }
      // Noise makes every branch on the bit a guess, so that these are sums: of equal counts the 1.
      const fewer = (ones - zeros) >> 31;
      const count = ones - ((ones - zeros) & fewer);
      if (count > most) {
        most = count;
        prediction = 1 + fewer;
      }
      counts[slot + bit]! += 1;
    }
    if (at > LONGEST) {
      if (prediction === bit) {
        correct++;
        run++;
        if (run > longestRun) longestRun = run;
      } else run = 0;
    }
    history = ((history << 1) | bit) & 0xffff;
  }
  return { tried: symbols.length - LONGEST - 1, correct, longestRun };
}
