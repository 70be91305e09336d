import type { SeededNoise } from "../seededNoise.ts";
import type { Material } from "./exercise.ts";

/** As many values of a pattern as a sample has room for, up to the lag predictor's eight. */
export function periodOf(bitsPerSample: number): number {
  return Math.min(8, 2 ** bitsPerSample);
}

/** A value other than the one before, over and over: a stuck line. */
export function stuck(samples: number, { previous }: Material): Uint8Array {
  return new Uint8Array(samples).fill(previous === 1 ? 0 : 1);
}

/** The same few different values in turn. */
export function periodic(samples: number, period: number): Uint8Array {
  return Uint8Array.from({ length: samples }, (_, at) => at % period);
}

/**
 * The predictor's guesses, right and wrong: runs of right ones, each of a length of chance up to
 * `longest`, and one wrong guess behind each. `count` are right, the last of all is.
 */
export function guesses(count: number, longest: number, noise: SeededNoise): Uint8Array {
  const right: number[] = [];
  for (let left = count; left > 0;) {
    const run = Math.min(left, 1 + noise.below(longest));
    for (let at = 0; at < run; at++) right.push(1);
    left -= run;
    if (left > 0) right.push(0);
  }
  return Uint8Array.from(right);
}

/** Samples to the first guess that the best lag makes: eight of history, and one that lag 1 has wrong. */
export const SAMPLES_TO_GUESS = 9;

/** Periodic, but where a guess is to be wrong another value takes its place, and is repeated from there. */
export function guessed(right: Uint8Array, bitsPerSample: number, { noise }: Material): Uint8Array {
  const period = periodOf(bitsPerSample);
  const symbols = periodic(SAMPLES_TO_GUESS + right.length, period);
  const others = 2 ** bitsPerSample - 1;
  for (const [guess, isRight] of right.entries()) {
    const at = SAMPLES_TO_GUESS + guess;
    const before = symbols[at - period]!;
    symbols[at] = isRight === 1 ? before : (before + 1 + noise.below(others)) % (others + 1);
  }
  return symbols;
}

/** A window that holds its first value exactly `count` times, in places of chance and in its last one. */
export function proportion(count: number, windowSamples: number, material: Material): Uint8Array {
  const { noise, sound } = material;
  const marks = withOnes(count - 2, windowSamples - 2, material);
  return Uint8Array.from({ length: windowSamples }, (_, at) => {
    const isEnd = at === 0 || at === windowSamples - 1;
    return isEnd || marks[at - 1] === 1 ? 0 : noise.symbol(sound) || 1;
  });
}

/** A window with exactly so many ones, in places of chance. */
export function withOnes(ones: number, windowSamples: number, { noise }: Material): Uint8Array {
  const symbols = new Uint8Array(windowSamples);
  let left = ones;
  for (let at = 0; at < windowSamples; at++)
    if (noise.below(windowSamples - at) < left) {
      symbols[at] = 1;
      left--;
    }
  return symbols;
}

/** A window whose pairs are equal exactly so many times, in places of chance. */
export function withPairs(equal: number, windowSamples: number, material: Material): Uint8Array {
  const { noise, sound } = material;
  const marks = withOnes(equal, windowSamples / 2, material);
  const symbols = noise.symbols(windowSamples, sound);
  for (const [pair, mark] of marks.entries()) {
    const first = symbols[2 * pair]!;
    if (mark === 1) symbols[2 * pair + 1] = first;
    else if (symbols[2 * pair + 1] === first) symbols[2 * pair + 1] = first === 0 ? 1 : 0;
  }
  return symbols;
}
