import type { SeededNoise } from "../seededNoise.ts";

export const FAULT_NAMES = ["stuck", "biased", "periodic", "correlated"] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

const PERIOD = 8;

/** What the recording shows of itself: its most common value, and how common it is. */
export interface MostCommon {
  readonly value: number;
  readonly proportion: number;
}

export function mostCommonOf(symbols: Uint8Array): MostCommon {
  const counts = new Uint32Array(256);
  for (const symbol of symbols) counts[symbol]!++;
  let value = 0;
  for (let other = 1; other < 256; other++) if (counts[other]! > counts[value]!) value = other;
  return { value, proportion: counts[value]! / symbols.length };
}

/**
 * The share of samples to be replaced so that one guess in 2^(-H/2) is right, where 2^-H were: half of
 * the entropy is gone, which is the change that SP 800-90B 4.5 (b) asks tests to see.
 */
export function shareReplaced({ proportion }: MostCommon): number {
  return proportion === 1 ? 0 : (Math.sqrt(proportion) - proportion) / (1 - proportion);
}

export function wordsOf(fault: FaultName, most: MostCommon): string {
  const share = `${(100 * shareReplaced(most)).toPrecision(3)} %`;
  const words: Readonly<Record<FaultName, string>> = {
    stuck: "one value over and over",
    biased: `${share} of the samples replaced by the value ${most.value}: half of the entropy gone`,
    periodic: `the ${PERIOD} samples before it, again and again`,
    correlated: `${share} of the samples replaced by the one before: half of the entropy gone`,
  };
  return words[fault];
}

/**
 * Makes the samples of a fault that begins at a place of a recording, one after another. Where the
 * recording ends it goes on from its beginning.
 */
export class PlantedFault {
  readonly #symbols: Uint8Array;
  readonly #fault: FaultName;
  readonly #onset: number;
  readonly #noise: SeededNoise;
  readonly #most: MostCommon;
  readonly #share: number;
  #next = 0;
  #previous: number;

  /** @param onset at least `PERIOD` */
  constructor(
    symbols: Uint8Array,
    fault: FaultName,
    onset: number,
    most: MostCommon,
    noise: SeededNoise,
  ) {
    this.#symbols = symbols;
    this.#fault = fault;
    this.#onset = onset;
    this.#noise = noise;
    this.#most = most;
    this.#share = shareReplaced(most);
    this.#previous = symbols[onset - 1]!;
  }

  into(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) chunk[at] = this.#sample();
  }

  #sample(): number {
    const at = this.#next++;
    const sound = this.#symbols[(this.#onset + at) % this.#symbols.length]!;
    switch (this.#fault) {
      case "stuck":
        return this.#previous;
      case "biased":
        return this.#noise.fraction() < this.#share ? this.#most.value : sound;
      case "periodic":
        return this.#symbols[this.#onset - PERIOD + (at % PERIOD)]!;
      default:
        if (this.#noise.fraction() >= this.#share) this.#previous = sound;
        return this.#previous;
    }
  }
}
