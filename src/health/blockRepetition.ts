import { Gauge } from "./gauge.ts";
import type { Finding, HealthTest } from "./healthTest.ts";

/** Blocks remembered, as a power of two because the fingerprint's leading bits choose the place. */
const REMEMBERED_LOG2 = 12;
const REMEMBERED = 2 ** REMEMBERED_LOG2;

/** 64 bytes' worth: a USB packet, so that a packet that comes again and again is a whole block. */
const MINIMUM_BLOCK_BITS = 512;

/** Degree-32 polynomials without a common factor (those of CRC-32 and CRC-32C). */
const POLYNOMIALS = [0x04c11db7, 0x1edc6f41] as const;

function timesX8(value: number, polynomial: number): number {
  let result = value;
  for (let i = 0; i < 8; i += 1) result = (result << 1) ^ (result < 0 ? polynomial : 0);
  return result;
}

/** table[s] = s x^(8 shift) modulo the polynomial. */
function shiftTable(polynomial: number, shift: number): Int32Array {
  const table = new Int32Array(256);
  for (let bit = 1; bit < 256; bit <<= 1) {
    let value = bit;
    for (let i = 0; i < shift; i += 1) value = timesX8(value, polynomial);
    for (let rest = 0; rest < bit; rest += 1) table[bit | rest] = value ^ table[rest]!;
  }
  return table;
}

/**
 * A developer-defined test (SP 800-90B 4.5): a whole block of samples seen again, right after itself
 * or within the last thousands of blocks. That is a stuck buffer in a driver, a hub or a firmware,
 * which RCT, APT and short lags pass. Every `blockSamples`-th position is remembered and every
 * position is looked up, so that a repeat of twice the block is found wherever it begins.
 *
 * Only 64-bit Rabin fingerprints are kept, in memory, never samples (but for the block in progress).
 * False alarms, per sample: two blocks of an honest source are equal with probability at most
 * 2^-(H B), and B is chosen so that 2^12 remembered blocks times that stay within alpha; two different blocks
 * share a fingerprint with about 2^-64, so 2^-52 over the memory. The statistic is the number of
 * blocks repeated in succession: one is an intermittent alarm, two are permanent (2^-104).
 */
export class BlockRepetition implements HealthTest {
  readonly gauges: readonly [Gauge];
  finding: Finding;
  readonly blockSamples: number;
  readonly #in: readonly [Int32Array, Int32Array];
  readonly #out: readonly [Int32Array, Int32Array];
  readonly #window: Uint8Array;
  readonly #rememberedA = new Int32Array(REMEMBERED);
  readonly #rememberedB = new Int32Array(REMEMBERED);
  readonly #used = new Uint8Array(REMEMBERED);
  #a = 0;
  #b = 0;
  /** Place in the block in progress, and whether one is complete since the restart. */
  #place = 0;
  #complete = false;
  #streak = 0;
  /** Samples for which a match is not looked for: those of the block that just matched. */
  #quiet = 0;

  /**
   * @param bitsPerSample 1 to 8
   * @param entropy min-entropy claimed per sample, bits
   * @param intermittent -log2(alpha)
   */
  constructor(bitsPerSample: number, entropy: number, intermittent: number) {
    const blockSamples = Math.max(
      Math.ceil(MINIMUM_BLOCK_BITS / bitsPerSample),
      Math.ceil((intermittent + REMEMBERED_LOG2) / entropy),
    );
    this.blockSamples = blockSamples;
    const gauge = new Gauge({
      test: "block_repetition",
      cutoffIntermittent: 1,
      cutoffPermanent: 2,
      maximum: Infinity,
      windowSamples: blockSamples,
      alarmProbability: REMEMBERED * (2 ** -(entropy * blockSamples) + 2 ** -64),
    });
    this.gauges = [gauge];
    this.finding = { gauge, observed: 0 };
    this.#window = new Uint8Array(blockSamples);
    this.#in = [shiftTable(POLYNOMIALS[0], 4), shiftTable(POLYNOMIALS[1], 4)];
    this.#out = [
      shiftTable(POLYNOMIALS[0], blockSamples),
      shiftTable(POLYNOMIALS[1], blockSamples),
    ];
  }

  push(symbols: Uint8Array, from: number, to: number): number {
    const [inA, inB] = this.#in;
    const [outA, outB] = this.#out;
    const window = this.#window;
    const used = this.#used;
    const rememberedA = this.#rememberedA;
    const rememberedB = this.#rememberedB;
    const last = this.blockSamples - 1;
    const gauge = this.gauges[0];
    let a = this.#a;
    let b = this.#b;
    let place = this.#place;
    let complete = this.#complete;
    let alarm = -1;
    for (let i = from; i < to; i += 1) {
      const symbol = symbols[i]!;
      const gone = window[place]!; // 0 before the first block is complete, which takes out nothing
      window[place] = symbol;
      a = (a << 8) ^ inA[a >>> 24]! ^ outA[gone]! ^ symbol;
      b = (b << 8) ^ inB[b >>> 24]! ^ outB[gone]! ^ symbol;
      const ends = place === last;
      place = ends ? 0 : place + 1;
      if (ends) complete = true;
      if (!complete) continue;
      const slot = a >>> (32 - REMEMBERED_LOG2);
      const seen = rememberedA[slot] === a && rememberedB[slot] === b && used[slot] === 1;
      if (ends) {
        rememberedA[slot] = a;
        rememberedB[slot] = b;
        used[slot] = 1;
      }
      if (this.#quiet > 0) {
        this.#quiet -= 1;
        if (this.#quiet > 0) continue;
        if (!seen) this.#streak = 0; // the block after the repeated one is a new one
      }
      if (!seen) continue;
      const next = gauge.nextCutoff(this.#streak);
      this.#streak += 1;
      this.#quiet = this.blockSamples;
      gauge.approach(this.#streak);
      if (this.#streak >= next) {
        alarm = i;
        break;
      }
    }
    this.#a = a;
    this.#b = b;
    this.#place = place;
    this.#complete = complete;
    gauge.approach(this.#streak);
    if (alarm >= 0) this.finding = { gauge, observed: this.#streak };
    return alarm;
  }

  /** The memory stays: a device that sends the same again when it is opened anew is what this looks for. */
  restart(): void {
    this.#window.fill(0);
    this.#a = 0;
    this.#b = 0;
    this.#place = 0;
    this.#complete = false;
    this.#streak = 0;
    this.#quiet = 0;
  }
}
