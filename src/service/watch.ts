import type { Cancel, Clock } from "../port/clock.ts";

/** What was noticed of the clock since the start. */
export interface Watched {
  readonly jumps: number;
  readonly lastJump: string | null;
}

/** What may have made the DRBGs' states the same as another's, or stale. */
export type Discontinuity = "clock_jump" | "generation_change";

const INTERVAL_MILLISECONDS = 1000;
/**
 * The wall clock may be slewed by 500 ppm and this timer be late; two seconds is neither. A resume
 * shows as a jump because Linux stops the monotonic clock in a suspend.
 */
const JUMP_MILLISECONDS = 2000;

/**
 * Notices resumes, clock jumps and a new virtual machine generation, once a second. A clone that
 * shows none of them is not noticed.
 */
export class DiscontinuityWatch {
  readonly #clock: Clock;
  readonly #generation: () => string | null;
  readonly #noticed: (what: Discontinuity, detail: string) => void;
  #offsetMilliseconds: number;
  #lastGeneration: string | null;
  #cancel: Cancel = () => {};
  #jumps = 0;
  #lastJump: string | null = null;

  constructor(
    clock: Clock,
    generation: () => string | null,
    noticed: (what: Discontinuity, detail: string) => void,
  ) {
    this.#clock = clock;
    this.#generation = generation;
    this.#noticed = noticed;
    this.#offsetMilliseconds = this.#offset();
    this.#lastGeneration = generation();
  }

  get seen(): Watched {
    return { jumps: this.#jumps, lastJump: this.#lastJump };
  }

  start(): void {
    this.#cancel = this.#clock.schedule(INTERVAL_MILLISECONDS, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  #offset(): number {
    return this.#clock.wallMilliseconds() - this.#clock.monotonicMilliseconds();
  }

  #look(): void {
    const offset = this.#offset();
    const jump = offset - this.#offsetMilliseconds;
    this.#offsetMilliseconds = offset;
    if (Math.abs(jump) > JUMP_MILLISECONDS) {
      const detail = `the wall clock moved by ${Math.round(jump)} ms`;
      this.#jumps++;
      this.#lastJump = `${new Date(this.#clock.wallMilliseconds()).toISOString()}: ${detail}`;
      this.#noticed("clock_jump", detail);
    }
    const generation = this.#generation();
    if (generation !== this.#lastGeneration)
      this.#noticed("generation_change", "the virtual machine's generation is another");
    this.#lastGeneration = generation;
  }
}
