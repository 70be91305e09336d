import type { Clock } from "../port/clock.ts";
import type { GlimpseReader } from "../port/service.ts";
import type { PumpTap } from "./tap.ts";

/** What a picture of bits needs to look alive, and no more. */
export const GLIMPSE_SAMPLES = 128;
export const GLIMPSE_MILLISECONDS = 250;
/** At most one sample in so many: a slow source goes on seeding. */
export const GLIMPSE_SHARE = 16;
/** Of a slow source, a few at a time rather than one by one: each costs a window. */
const LEAST_SAMPLES = 16;

/**
 * Diverts a few samples at the front of a chunk now and then, for somebody to look at; the rest of the
 * chunk may be conditioned. It is no run of consecutive samples, so gaps and the end of a session are
 * nothing to it.
 */
export class Glimpse implements PumpTap {
  readonly takesAll = false;
  readonly #clock: Clock;
  readonly #reader: GlimpseReader;
  #open = true;
  #seen = 0;
  #takenAt = -Infinity;

  constructor(clock: Clock, reader: GlimpseReader) {
    this.#clock = clock;
    this.#reader = reader;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  deliver(symbols: Uint8Array, firstSequence: number): number {
    if (!this.#open) return 0;
    this.#seen += symbols.length;
    const now = this.#clock.monotonicMilliseconds();
    const allowed = Math.min(GLIMPSE_SAMPLES, Math.floor(this.#seen / GLIMPSE_SHARE));
    if (now - this.#takenAt < GLIMPSE_MILLISECONDS || allowed < LEAST_SAMPLES) return 0;
    if (!this.#reader.wants()) return 0;
    this.#takenAt = now;
    this.#seen = 0;
    const taken = Math.min(allowed, symbols.length);
    this.#reader.show(firstSequence, symbols.subarray(0, taken));
    return taken;
  }

  fail(): void {}

  close(): void {
    this.#open = false;
  }
}
