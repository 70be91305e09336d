import type { Dataset } from "./dataset.ts";
import type { Estimate } from "./estimate.ts";

export type Markov = Estimate<
  "markov",
  {
    readonly p0: number;
    readonly p1: number;
    readonly p00: number;
    readonly p01: number;
    readonly p10: number;
    readonly p11: number;
    /** Of the most likely sequence of 128 bits. */
    readonly pHatMax: number;
  }
>;

const PATH = 128;

/** SP 800-90B 6.3.3, on bits. */
export function markov({ symbols }: Dataset): Markov {
  const { length } = symbols;
  const pairs = [0, 0, 0, 0];
  for (let at = 1; at < length; at++) pairs[symbols[at - 1]! * 2 + symbols[at]!]! += 1;
  const [c00 = 0, c01 = 0, c10 = 0, c11 = 0] = pairs;
  const zeros = c00 + c01 + (symbols[length - 1] === 0 ? 1 : 0);
  const share = (count: number, other: number): number =>
    count === 0 ? 0 : count / (count + other);
  const [p00, p01, p10, p11] = [share(c00, c01), share(c01, c00), share(c10, c11), share(c11, c10)];
  const p0 = zeros / length;
  const p1 = 1 - p0;
  const bits = (probability: number): number => -Math.log2(probability);
  // Table of step 3: the six sequences among which the most likely one is.
  const paths = [
    bits(p0) + (PATH - 1) * bits(p00),
    bits(p0) + (PATH / 2) * bits(p01) + (PATH / 2 - 1) * bits(p10),
    bits(p0) + bits(p01) + (PATH - 2) * bits(p11),
    bits(p1) + bits(p10) + (PATH - 2) * bits(p00),
    bits(p1) + (PATH / 2) * bits(p10) + (PATH / 2 - 1) * bits(p01),
    bits(p1) + (PATH - 1) * bits(p11),
  ];
  // A transition that did not occur makes its sequence impossible: -log2(0) is Infinity.
  const fewest = Math.min(PATH, ...paths);
  const minEntropy = Math.min(1, fewest / PATH) + 0;
  return { estimator: "markov", minEntropy, p0, p1, p00, p01, p10, p11, pHatMax: 2 ** -fewest };
}
