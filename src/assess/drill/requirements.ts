import { setImmediate } from "node:timers/promises";
import { AdaptiveProportion } from "../../health/adaptiveProportion.ts";
import { RepetitionCount } from "../../health/repetitionCount.ts";
import type { HealthOptions } from "../../health/monitor.ts";
import type { DrillRequirement } from "../../port/drill.ts";
import { log2BinomialTail } from "../../standard/binomial.ts";
import { adaptiveProportionCutoff } from "../../standard/cutoffs.ts";
import { SeededNoise } from "../seededNoise.ts";

const TRIALS = 25;
const LIMIT_SAMPLES = 50_000;
/** Those that answer clients come in between. */
const TURN_WINDOWS = 16;

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
}

/** 4.5 (a): a value more than ceil(100/H) times in a row, with probability at least 0.99. */
function repeated(options: HealthOptions, noise: SeededNoise): DrillRequirement {
  const { minEntropyPerSample, alphaIntermittentExponent, alphaPermanentExponent } = options;
  const run = Math.ceil(100 / minEntropyPerSample) + 1;
  const found: number[] = [];
  for (let trial = 0; trial < TRIALS; trial++) {
    const test = new RepetitionCount(
      minEntropyPerSample,
      alphaIntermittentExponent,
      alphaPermanentExponent,
    );
    const symbols = new Uint8Array(run).fill(noise.below(2 ** options.bitsPerSample));
    const at = test.push(symbols, 0, run);
    if (at >= 0) found.push(at + 1);
  }
  return {
    clause: "SP 800-90B 4.5 (a)",
    requirement: `a value ${run} times in a row, more than ceil(100/H)`,
    demanded: 0.99,
    theory: 1 + Math.ceil(alphaIntermittentExponent / minEntropyPerSample) <= run ? 1 : 0,
    trials: TRIALS,
    detected: found.length,
    medianSamples: median(found),
    passed: found.length === TRIALS,
  };
}

/**
 * 4.5 (b): some value's probability rises to 2^(-H/2); within 50,000 samples with probability at least
 * one half. A window that begins with the value needs the cutoff less one among the rest.
 */
async function risen(
  options: HealthOptions,
  windowSamples: number,
  noise: SeededNoise,
): Promise<DrillRequirement> {
  const { minEntropyPerSample: h, alphaIntermittentExponent: alpha } = options;
  const cutoff = adaptiveProportionCutoff(h, windowSamples, alpha);
  const p = 2 ** (-h / 2);
  const perWindow = p * 2 ** log2BinomialTail(windowSamples - 1, p, cutoff - 1);
  const theory = 1 - (1 - perWindow) ** Math.floor(LIMIT_SAMPLES / windowSamples);
  const others = 2 ** options.bitsPerSample - 1;
  const found: number[] = [];
  for (let trial = 0; trial < TRIALS; trial++) {
    const test = new AdaptiveProportion(h, windowSamples, alpha, options.alphaPermanentExponent);
    for (let done = 0; done < LIMIT_SAMPLES; done += windowSamples) {
      const symbols = new Uint8Array(windowSamples);
      for (let at = 0; at < windowSamples; at++)
        symbols[at] = noise.fraction() < p ? 0 : 1 + noise.below(others);
      const at = test.push(symbols, 0, windowSamples);
      if (at < 0) {
        if ((done / windowSamples) % TURN_WINDOWS === TURN_WINDOWS - 1) await setImmediate();
        continue;
      }
      found.push(done + at + 1);
      break;
    }
    await setImmediate();
  }
  return {
    clause: "SP 800-90B 4.5 (b)",
    requirement: `a value at probability ${p.toPrecision(4)}, 2^(-H/2), within ${LIMIT_SAMPLES} samples`,
    demanded: 0.5,
    theory,
    trials: TRIALS,
    detected: found.length,
    medianSamples: median(found),
    // One half in theory, and not below what chance leaves of it in so few trials (2^-20).
    passed: theory >= 0.5 && log2BinomialTail(TRIALS, 1 - theory, TRIALS - found.length) > -20,
  };
}

export async function requirementsOf(
  options: HealthOptions,
  windowSamples: number,
  seed: string,
  stream: number,
): Promise<readonly DrillRequirement[]> {
  return [
    repeated(options, new SeededNoise(seed, stream)),
    await risen(options, windowSamples, new SeededNoise(seed, stream + 1)),
  ];
}
