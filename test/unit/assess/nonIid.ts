import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { expect } from "vitest";
import { nonIid, type AnyEstimate, type NonIid } from "../../../src/assess/nonIid/nonIid.ts";
import type { Samples } from "../../../src/assess/samples.ts";

export const VECTORS = new URL("../../../../shared/vectors/", import.meta.url).pathname;
/** The vectors stand beside the checkout; without them there is nothing to compare with. */
export const hasVectors = existsSync(`${VECTORS}nist90b`);

export const ESTIMATOR_TITLES: Readonly<Record<AnyEstimate["estimator"], string>> = {
  mostCommonValue: "Most Common Value",
  collision: "Collision",
  markov: "Markov",
  compression: "Compression",
  tTuple: "t-Tuple",
  lrs: "LRS",
  multiMcw: "MultiMCW Prediction",
  lag: "Lag Prediction",
  multiMmc: "MultiMMC Prediction",
  lz78y: "LZ78Y Prediction",
};

/** What NIST's tool calls our intermediate values. */
export const VALUE_TITLES: Readonly<Record<string, string>> = {
  modeCount: "Mode count",
  pHat: "p-hat",
  pHatMax: "p-hat_max",
  pUpper: "p_u",
  v: "v",
  u: "u",
  t: "t",
  sumOfTimes: "Sum t_i",
  xBar: "X-bar",
  sigmaHat: "sigma-hat",
  xBarLower: "X-bar'",
  p: "p",
  p0: "P_0",
  p1: "P_1",
  p00: "P_{0,0}",
  p01: "P_{0,1}",
  p10: "P_{1,0}",
  p11: "P_{1,1}",
  correct: "C",
  tried: "N",
  r: "r",
  pGlobal: "P_global",
  pGlobalUpper: "P_global'",
  pLocal: "P_local",
  minEntropy: "min entropy",
};

/** Every such figure that NIST's tool printed, in its order. */
export function printedValues(
  text: string,
  part: string,
  estimator: string,
  value: string,
): readonly number[] {
  const start = `${part} ${estimator} Estimate: ${value} = `;
  const lines = text.split("\n").filter((one) => one.startsWith(start));
  return lines.map((line) => Number(line.slice(start.length)));
}

/** Holds every figure of `result` that the tool's output in `text` has. @returns how many */
function compare(text: string, result: NonIid): number {
  let compared = 0;
  const parts = { Literal: result.literal, Bitstring: result.bitstring ?? [] };
  for (const [part, estimates] of Object.entries(parts))
    for (const estimate of estimates)
      for (const [name, value] of Object.entries(estimate)) {
        const [theirs] = printedValues(
          text,
          part,
          ESTIMATOR_TITLES[estimate.estimator],
          VALUE_TITLES[name] ?? name,
        );
        if (theirs === undefined || typeof value !== "number") continue;
        // Of p-hat_max of Markov, 1e-39, the digits count.
        const scale = Math.min(1, Math.abs(theirs)) || 1;
        const what = `${part} ${estimate.estimator} ${name}: ${value}, not ${theirs}`;
        expect(Math.abs(value - theirs) / scale, what).toBeLessThan(1e-9);
        compared++;
      }
  const assessed = Number(/Assessed min entropy: (\S+)/.exec(text)![1]);
  expect(Math.abs(result.assessed - assessed)).toBeLessThan(1e-9);
  return compared;
}

/** A file of samples against what NIST's tool printed for it. */
export function holdFile(name: string): void {
  const text = readFileSync(`${VECTORS}${name}.noniid.txt`, "utf8");
  const symbols = new Uint8Array(readFileSync(`${VECTORS}${name}.bin`));
  const bitsPerSymbol = Number(/(\d+)-bit-wide/.exec(text)![1]);
  const compared = compare(text, nonIid({ symbols, bitsPerSymbol }));
  expect(compared).toBeGreaterThan(bitsPerSymbol === 1 ? 40 : 80);
}

interface VectorSet {
  readonly set: string;
  readonly N: number;
  readonly bits_per_symbol: number;
  readonly sha256_of_samples_one_per_byte: string;
  readonly estimates: Readonly<
    Record<"bitstring" | "literal", Readonly<Record<string, number>> | undefined>
  >;
  readonly assessed: number;
}

/** SHA-256 in counter mode. */
function stream(label: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  const input = Buffer.concat([Buffer.from(label, "latin1"), Buffer.alloc(4)]);
  for (let at = 0, counter = 0; at < length; at += 32) {
    input.writeUInt32BE(counter++, label.length);
    bytes.set(
      createHash("sha256")
        .update(input)
        .digest()
        .subarray(0, length - at),
      at,
    );
  }
  return bytes;
}

export const GENERATORS: Readonly<Record<string, (count: number) => Uint8Array>> = {
  V1: (count) => stream("rbg-vec-uniform8", count),
  V2: (count) => stream("rbg-vec-bias1", count).map((byte) => (byte < 154 ? 1 : 0)),
  V3(count) {
    let state = 0;
    return stream("rbg-vec-markov1", count).map((byte) => (state ^= byte < 77 ? 1 : 0));
  },
  V4(count) {
    const bytes = stream("rbg-vec-norm4", 2 * count);
    return Uint8Array.from({ length: count }, (_, at) => {
      const [first, second] = [bytes[2 * at]!, bytes[2 * at + 1]!];
      const parts = [first, first >> 2, first >> 4, first >> 6, second];
      return parts.reduce((sum, part) => sum + (part & 3), 0);
    });
  },
  V5(count) {
    const bytes = stream("rbg-vec-lag8", count);
    const symbols = new Uint8Array(count);
    for (let at = 0; at < count; at++)
      symbols[at] = at >= 37 && bytes[at]! < 96 ? symbols[at - 37]! : bytes[at]! & 0x3e;
    return symbols;
  },
};

/** Every generated set of `count` samples against the figures of NIST's tool. */
export function holdGeneratedSets(count: number): void {
  const { sets } = JSON.parse(readFileSync(`${VECTORS}estimator_vectors.json`, "utf8")) as {
    sets: VectorSet[];
  };
  const chosen = sets.filter(({ N }) => N === count);
  expect(chosen).toHaveLength(5);
  for (const one of chosen) {
    const symbols = GENERATORS[one.set]!(count);
    const digest = createHash("sha256").update(symbols).digest("hex");
    expect(digest, one.set).toBe(one.sha256_of_samples_one_per_byte);
    const samples: Samples = { symbols, bitsPerSymbol: one.bits_per_symbol };
    const result = nonIid(samples);
    const parts = { literal: result.literal, bitstring: result.bitstring ?? [] };
    for (const [part, estimates] of Object.entries(parts))
      for (const { estimator, minEntropy } of estimates) {
        const theirs = one.estimates[part as "literal"]?.[ESTIMATOR_TITLES[estimator]];
        if (theirs === undefined) continue;
        expect(Math.abs(minEntropy! - theirs), `${one.set} ${part} ${estimator}`).toBeLessThan(
          1e-9,
        );
      }
    expect(Math.abs(result.assessed - one.assessed), one.set).toBeLessThan(1e-9);
  }
}
