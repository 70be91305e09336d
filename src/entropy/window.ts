import type { HealthTestName } from "../port/health.ts";
import type { SampleWindow } from "../port/lineage.ts";
import { ageMilliseconds, type Instant } from "./instant.ts";

export const MAXIMUM_WINDOW_SAMPLES = 65_536;
/**
 * A block waits until its windows are closed, and a fresh request wants a block whose last sample is
 * younger than 1 s: a quarter of that leaves time for the tick and for the reseed.
 */
export const MAXIMUM_WINDOW_MILLISECONDS = 250;

export interface WindowTerms {
  readonly id: string;
  readonly source: string;
  readonly claimedEntropy: number;
  readonly configurationVersion: string;
  readonly firmware: string | null;
}

/**
 * Consecutive usable samples of one source while they come in. `record` is null until it is closed
 * with a passed verdict; a window that saw an alarm is dropped with everything drawn from it.
 */
export class OpenWindow {
  readonly #terms: WindowTerms;
  readonly #firstSequence: number;
  readonly #from: Instant;
  #to: Instant;
  #samples = 0;
  #record: SampleWindow | null = null;

  constructor(terms: WindowTerms, firstSequence: number, now: Instant) {
    this.#terms = terms;
    this.#firstSequence = firstSequence;
    this.#from = now;
    this.#to = now;
  }

  get id(): string {
    return this.#terms.id;
  }

  get record(): SampleWindow | null {
    return this.#record;
  }

  get nextSequence(): number {
    return this.#firstSequence + this.#samples;
  }

  get room(): number {
    return MAXIMUM_WINDOW_SAMPLES - this.#samples;
  }

  /** It is full or old enough: nothing may be added, close it. */
  isDue(now: Instant): boolean {
    return this.room === 0 || ageMilliseconds(this.#from, now) >= MAXIMUM_WINDOW_MILLISECONDS;
  }

  add(samples: number, now: Instant): void {
    if (this.#record !== null || samples > this.room) {
      throw new Error("a window that is closed or full takes no samples");
    }
    this.#samples += samples;
    this.#to = now;
  }

  close(margins: Readonly<Partial<Record<HealthTestName, number>>>): SampleWindow {
    this.#record ??= {
      id: this.#terms.id,
      source: this.#terms.source,
      firstSequence: this.#firstSequence,
      lastSequence: this.nextSequence - 1,
      fromMilliseconds: this.#from.wallMilliseconds,
      toMilliseconds: this.#to.wallMilliseconds,
      samples: this.#samples,
      claimedEntropy: this.#terms.claimedEntropy,
      configurationVersion: this.#terms.configurationVersion,
      firmware: this.#terms.firmware,
      verdict: "passed",
      alarms: [],
      margins,
    };
    return this.#record;
  }
}
