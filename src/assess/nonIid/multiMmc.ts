import { Contexts } from "./contexts.ts";
import type { Dataset } from "./dataset.ts";
import { OrderScores } from "./orderScores.ts";
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

/** @param most pairs of a context and what followed that each order has room for */
export function predictSymbols(
  { symbols }: Pick<Dataset, "symbols">,
  most = MOST_PAIRS,
): Predictions {
  const contexts = new Contexts(symbols);
  const pairs = new Int32Array(ORDERS);
  const scores = new Int32Array(ORDERS);
  let winner = 0;
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  /** The longest order that has room. */
  let open = ORDERS - 1;
  // The longest context that a sample may have begins with the first sample, and so is new.
  for (let at = 1; at < symbols.length; at++) {
    const symbol = symbols[at]!;
    const predicting = winner;
    const last = Math.min(ORDERS, at) - 1;
    let node = contexts.root;
    let order = 0;
    while (order <= last) {
      const row = contexts.child(node, symbols[at - 1 - order]!);
      if (row < 0 || contexts.bestCount(row) === 0) break;
      const more = contexts.more(row);
      let end = order;
      if (more > 0) {
        end += contexts.moreBefore(at, row, order + 1);
        if (end < order + more) contexts.part(row, order + 1, end - order);
      }
      const isRight = contexts.best(row) === symbol;
      if (order <= predicting && predicting <= end) {
        if (isRight) {
          correct++;
          run++;
          if (run > longestRun) longestRun = run;
        } else run = 0;
      }
      if (isRight)
        for (let right = order; right <= end; right++)
          if (++scores[right]! >= scores[winner]!) winner = right;
      node = row;
      if (order === end) {
        if (contexts.count(node, symbol, pairs[order]! < most)) pairs[order]!++;
      } else if (isRight) contexts.countRow(node);
      else if (hasRoom(pairs, order, Math.min(end, open), most)) {
        // Something else followed, so that each has counts of its own from here on.
        for (let one = order; one <= end; one++) {
          const rest = one < end ? contexts.part(node, one + 1, 0) : node;
          if (contexts.count(node, symbol, pairs[one]! < most)) pairs[one]!++;
          if (one < end) node = rest;
        }
      }
      order = end + 1;
    }
    // Unseen: neither it nor a longer one predicts, but all are kept that there is room for.
    while (order <= last && pairs[order]! < most) {
      let end = order;
      if (contexts.isThere(order + 1)) {
        node = contexts.child(node, symbols[at - 1 - order]!);
        contexts.count(node, symbol, true);
      } else {
        while (end < last && pairs[end + 1]! < most) end++;
        contexts.add(node, at, order + 1, end - order);
      }
      for (; order <= end; order++) pairs[order]!++;
    }
    // Later orders are as full, but for those that began a few samples later: none can be reached
    // while this one is missing, so that only their number counts.
    for (order++; order <= last && order <= open; order++)
      if (pairs[order]! < most) pairs[order]!++;
    while (open >= 0 && pairs[open]! >= most) open--;
  }
  return { tried: symbols.length - 2, correct, longestRun };
}

function hasRoom(pairs: Int32Array, from: number, to: number, most: number): boolean {
  for (let order = from; order <= to; order++) if (pairs[order]! < most) return true;
  return false;
}

/**
 * For bits a context is an index into one table for all orders. What stands there is 4 (ones - zeros) of what
 * followed, and 1 where a 0 did and 2 where a 1 did. Noise makes every branch on a bit a guess, so there is none.
 */
export function predictBits(symbols: Uint8Array, most = MOST_PAIRS): Predictions {
  const contexts = new Int32Array(2 ** (ORDERS + 1));
  const pairs = new Int32Array(ORDERS).fill(1);
  const scores = new OrderScores();
  let front = 0;
  for (let order = 0; order < ORDERS; order++) {
    front = front * 2 + symbols[order]!;
    contexts[(2 << order) + front] = symbols[order + 1] === 1 ? 4 + 2 : -4 + 1;
  }
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  let history = symbols[0]! * 2 + symbols[1]!;
  for (let at = 2; at < symbols.length; at++) {
    const bit = symbols[at]!;
    const [step, flag] = [8 * bit - 4, 1 + bit];
    const orders = Math.min(ORDERS, at - 1);
    let hits = 0;
    // Those before the first context that was never seen.
    let seen = orders;
    for (let order = 0; order < orders; order++) {
      const size = 2 << order;
      const slot = size | (history & (size - 1));
      const counts = contexts[slot]!;
      if (counts === 0 && order < seen) seen = order;
      // Of equal counts the 1 is predicted.
      hits |= ((counts >>> 31) ^ bit) << order;
      if ((counts & flag) !== 0) contexts[slot] = counts + step;
      else if (pairs[order]! < most) {
        contexts[slot] = counts + step + flag;
        pairs[order]!++;
      }
    }
    hits &= (1 << seen) - 1;
    if (scores.winner < seen) {
      const hit = (hits >>> scores.winner) & 1;
      correct += hit;
      run = (run + 1) * hit;
      if (run > longestRun) longestRun = run;
    }
    scores.add(hits);
    history = ((history << 1) | bit) & 0xffff;
  }
  return { tried: symbols.length - 2, correct, longestRun };
}
