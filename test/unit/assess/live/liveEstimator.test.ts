import { describe, expect, test } from "vitest";
import { LEAST_SAMPLES, LiveEstimator } from "../../../../src/assess/live/liveEstimator.ts";
import { WindowMmc } from "../../../../src/assess/live/windowMmc.ts";
import { predictSymbols } from "../../../../src/assess/nonIid/multiMmc.ts";
import { nonIid } from "../../../../src/assess/nonIid/nonIid.ts";
import type { LiveEstimatorName } from "../../../../src/port/liveEstimate.ts";
import { noise, oneHeavy } from "./noise.ts";

type Windows = Readonly<Record<string, { readonly bits: number; readonly symbols: Uint8Array }>>;

/** Noise of each width, and what a predictor or a table of contexts may stumble over. */
const WINDOWS: Windows = {
  "ideal bytes": { bits: 8, symbols: noise(8, 20_000, 1) },
  "ideal nibbles": { bits: 4, symbols: noise(4, 20_000, 2) },
  "ideal bits": { bits: 1, symbols: noise(1, 20_000, 3) },
  "biased bytes": { bits: 8, symbols: oneHeavy(8, 0.3, 20_000, 4) },
  "biased bits": { bits: 1, symbols: oneHeavy(1, 0.8, 20_000, 5) },
  "bytes of two values": { bits: 8, symbols: noise(1, 5000, 6).map((bit) => 3 + bit * 100) },
  "a counter": { bits: 8, symbols: Uint8Array.from({ length: 5000 }, (_, at) => at) },
  "a period of 7": { bits: 3, symbols: Uint8Array.from({ length: 5000 }, (_, at) => at % 7) },
  "what only the longest context knows": {
    bits: 4,
    symbols: Uint8Array.from({ length: 10_200 }, (_, at) => {
      const first = 1 + (noise(2, 1 + Math.floor(at / 17), 13).at(-1) ?? 0);
      return at % 17 === 0 ? first : at % 17 === 16 ? first + 4 : 0;
    }),
  },
  "one value": { bits: 8, symbols: new Uint8Array(2000).fill(9) },
  "noise in a slow drift": {
    bits: 8,
    symbols: noise(3, 20_000, 7).map((symbol, at) => symbol + (at >> 8)),
  },
};

const BATCH_NAME: Readonly<Record<LiveEstimatorName, string>> = {
  most_common_value: "mostCommonValue",
  lag: "lag",
  multi_mmc: "multiMmc",
  markov: "markov",
  most_common_bit: "mostCommonValue",
};

function figuresOf({ bits, symbols }: Windows[string]) {
  const estimator = new LiveEstimator({ bitsPerSample: bits });
  for (let at = 0; at < symbols.length; at += 777) estimator.push(symbols.subarray(at, at + 777));
  return estimator.estimate()!;
}

describe("live figures are those of the batch estimators", () => {
  test.each(Object.entries(WINDOWS))("%s", (_name, window) => {
    const batch = nonIid({ symbols: window.symbols, bitsPerSymbol: window.bits });
    const bitTrack = new Set<string>(["markov", "most_common_bit"]);
    let compared = 0;
    for (const { estimator, lower } of figuresOf(window)) {
      const onBits = bitTrack.has(estimator) && window.bits > 1;
      const track = onBits ? batch.bitstring : batch.literal;
      const found = track?.find((estimate) => estimate.estimator === BATCH_NAME[estimator]);
      // The batch runs no predictor on one value, and no bitstring of two.
      if (found?.minEntropy === undefined || found.minEntropy === null) continue;
      expect(lower, estimator).toBe(found.minEntropy * (onBits ? window.bits : 1));
      compared++;
    }
    expect(compared).toBeGreaterThan(0);
  });
});

describe("MultiMMC of a window", () => {
  test.each(Object.entries(WINDOWS))("%s: predicts as the batch does", (_name, { symbols }) => {
    // So small that everything in it grows.
    const mmc = new WindowMmc(64);
    for (const length of [3, 4, 18, 19, 1000, symbols.length]) {
      const part = symbols.subarray(0, length);
      // Below 18 samples the batch reads beyond the end.
      if (length >= 18)
        expect(mmc.predict(part), String(length)).toEqual(predictSymbols({ symbols: part }));
      else expect(mmc.predict(part).tried).toBe(length - 2);
    }
  });
});

describe("a figure's interval", () => {
  test.each(Object.entries(WINDOWS))("%s: lower <= estimate <= upper", (_name, window) => {
    for (const { estimator, lower, estimate, upper } of figuresOf(window)) {
      expect(lower, estimator).toBeLessThanOrEqual(estimate);
      expect(lower, estimator).toBeGreaterThanOrEqual(0);
      if (upper === null) continue;
      expect(upper, estimator).toBeGreaterThanOrEqual(estimator === "markov" ? lower : 0);
      expect(upper, estimator).toBeLessThanOrEqual(window.bits);
    }
  });

  test("single bits of wider samples have no upper end, since a claim says nothing of them", () => {
    // Half of the bits are constant: 4 bits a sample are there, and 3.3 by the bits.
    const figures = figuresOf({ bits: 8, symbols: noise(4, 20_000, 8) });
    const upper = Object.fromEntries(figures.map((figure) => [figure.estimator, figure.upper]));
    expect(upper).toMatchObject({ markov: null, most_common_bit: null });
    expect(upper["most_common_value"]).toBeGreaterThan(4);
    expect(upper["multi_mmc"]).toBeGreaterThan(4);
  });
});

describe("a window", () => {
  test(`gives no figure below ${LEAST_SAMPLES} samples`, () => {
    const estimator = new LiveEstimator({ bitsPerSample: 8 });
    estimator.push(noise(8, LEAST_SAMPLES - 1, 9));
    expect(estimator.estimate()).toBeNull();
    estimator.push(noise(8, 1, 10));
    expect(estimator.estimate()).toHaveLength(5);
  });

  test("takes what there is room for, and begins anew when it is wiped", () => {
    const estimator = new LiveEstimator({ bitsPerSample: 8, windowSamples: 2000 });
    expect(estimator.push(oneHeavy(8, 0.9, 3000, 11))).toBe(2000);
    expect(estimator.push(new Uint8Array(1))).toBe(0);
    const [biased] = estimator.estimate()!;
    estimator.wipe();
    expect(estimator.samples).toBe(0);
    expect(estimator.estimate()).toBeNull();
    const fresh = noise(8, 2000, 12);
    expect(estimator.push(fresh)).toBe(2000);
    const [good] = estimator.estimate()!;
    expect(good!.lower).toBeGreaterThan(biased!.lower + 4);
    expect(good).toEqual(figuresOf({ bits: 8, symbols: fresh })[0]);
  });

  test("that MultiMMC could not hold is refused", () => {
    expect(() => new LiveEstimator({ bitsPerSample: 8, windowSamples: 100_000 })).toThrow(
      RangeError,
    );
  });
});
