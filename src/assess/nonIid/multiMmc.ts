import { Contexts } from "./contexts.ts";
import type { Dataset } from "./dataset.ts";
import { predictionEstimate, type Predictions, type Predictor } from "./prediction.ts";

const ORDERS = 16;
const MOST_PAIRS = 100_000;

/** Multi Markov Model with Counting prediction, SP 800-90B 6.3.9. */
export function multiMmc(dataset: Dataset): Predictor<"multiMmc"> {
  const { symbols, alphabet } = dataset;
  if (symbols.length < ORDERS + 2) {
    const notApplicable = `needs ${ORDERS + 2} samples`;
    return { estimator: "multiMmc", minEntropy: null, notApplicable };
  }
  const predictions = alphabet === 2 ? predictBits(symbols) : predictSymbols(dataset);
  return predictionEstimate("multiMmc", predictions, alphabet);
}

export function predictSymbols({ symbols }: Pick<Dataset, "symbols">): Predictions {
  const contexts = new Contexts();
  const pairs = new Int32Array(ORDERS).fill(1);
  const scores = new Int32Array(ORDERS);
  // Each order begins with the context at the very front.
  for (let order = 0; order < ORDERS; order++) {
    let node = contexts.root;
    for (let at = order; at >= 0; at--) node = contexts.makeChild(node, symbols[at]!);
    contexts.count(node, symbols[order + 1]!, true);
  }
  let winner = 0;
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  for (let at = 2; at < symbols.length; at++) {
    const symbol = symbols[at]!;
    const predicting = winner;
    let node = contexts.root;
    let isSeen = true;
    for (let order = 0; order < ORDERS && order <= at - 2; order++) {
      const front = symbols[at - 1 - order]!;
      if (isSeen) {
        const next = contexts.child(node, front);
        isSeen = next >= 0 && contexts.bestCount(next) > 0;
        if (isSeen) {
          node = next;
          const isRight = contexts.best(node) === symbol;
          if (order === predicting) {
            if (isRight) {
              correct++;
              run++;
              if (run > longestRun) longestRun = run;
            } else run = 0;
          }
          if (isRight && ++scores[order]! >= scores[winner]!) winner = order;
          if (contexts.count(node, symbol, pairs[order]! < MOST_PAIRS)) pairs[order]!++;
          continue;
        }
      }
      // Unseen: neither it nor a longer one predicts, but all are kept.
      if (pairs[order]! >= MOST_PAIRS) {
        // Later orders are as full, but for those that began a few samples later: none can be reached
        // while this one is missing, so that only their number counts.
        for (let longer = order + 1; longer < ORDERS && longer <= at - 2; longer++)
          if (pairs[longer]! < MOST_PAIRS) pairs[longer]!++;
        break;
      }
      node = contexts.makeChild(node, front);
      contexts.count(node, symbol, true);
      pairs[order]!++;
    }
  }
  return { tried: symbols.length - 2, correct, longestRun };
}

/** For bits a context is an index. The counts of both next bits of all orders stand in one table. */
export function predictBits(symbols: Uint8Array): Predictions {
  const counts = new Int32Array(2 ** (ORDERS + 2));
  const pairs = new Int32Array(ORDERS).fill(1);
  const scores = new Int32Array(ORDERS);
  const slotOf = (order: number, context: number): number => (2 ** (order + 1) + context) * 2;
  let front = 0;
  for (let order = 0; order < ORDERS; order++) {
    front = front * 2 + symbols[order]!;
    counts[slotOf(order, front) + symbols[order + 1]!] = 1;
  }
  let winner = 0;
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  let history = symbols[0]! * 2 + symbols[1]!;
  for (let at = 2; at < symbols.length; at++) {
    const bit = symbols[at]!;
    const predicting = winner;
    const last = Math.min(ORDERS - 1, at - 2);
    let best = scores[winner]!;
    // 1, or 0 from the first context that was never seen.
    let seen = 1;
    for (let order = 0; order <= last; order++) {
      const size = 2 << order;
      const slot = (size | (history & (size - 1))) << 1;
      const zeros = counts[slot]!;
      const ones = counts[slot + 1]!;
      if (zeros + ones === 0) seen = 0;
      // Noise makes every branch on the bit a guess, so that these are sums: of equal counts the 1.
      const predicted = 1 + ((ones - zeros) >> 31);
      const hit = (1 ^ predicted ^ bit) & seen;
      const score = scores[order]! + hit;
      scores[order] = score;
      if (score >= best && hit === 1) {
        winner = order;
        best = score;
      }
      if (order === predicting && seen === 1) {
        correct += hit;
        run = (run + 1) * hit;
        if (run > longestRun) longestRun = run;
      }
      const count = counts[slot + bit]!;
      if (count > 0) counts[slot + bit] = count + 1;
      else if (pairs[order]! < MOST_PAIRS) {
        counts[slot + bit] = 1;
        pairs[order]!++;
      }
    }
    history = ((history << 1) | bit) & 0xffff;
  }
  return { tried: symbols.length - 2, correct, longestRun };
}
