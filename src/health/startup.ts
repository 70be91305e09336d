/**
 * Progress of one startup test, SP 800-90B 4.3: so many consecutive samples without an alarm. It
 * begins where an APT window begins, so that it holds whole windows.
 */
export class StartupProgress {
  readonly #startupSamples: number;
  readonly #windowSamples: number;
  /** Samples since the tests were restarted: tells where APT windows begin. */
  #sinceRestart = 0;
  #begun = false;
  #remaining: number;

  constructor(startupSamples: number, windowSamples: number) {
    this.#startupSamples = startupSamples;
    this.#windowSamples = windowSamples;
    this.#remaining = startupSamples;
  }

  get remainingSamples(): number {
    return this.#remaining;
  }

  /** The tests were restarted: a window begins with the next sample. */
  restart(): void {
    this.#sinceRestart = 0;
    this.rewind();
  }

  /** The startup test has to be run from its beginning, at the next window. */
  rewind(): void {
    this.#begun = false;
    this.#remaining = this.#startupSamples;
  }

  /** Samples to the next beginning of a window; 0 when the next sample begins one. */
  samplesToWindow(): number {
    const filled = this.#sinceRestart % this.#windowSamples;
    return filled === 0 ? 0 : this.#windowSamples - filled;
  }

  /** Samples passed that are no part of a startup test. */
  skip(samples: number): void {
    this.#sinceRestart += samples;
  }

  /**
   * At most `samples` passed within a startup test, as far as something happens.
   * @returns how many; the test is over when `remainingSamples` is 0
   */
  take(samples: number): number {
    if (!this.#begun) {
      const wait = this.samplesToWindow();
      if (wait > 0) {
        const skipped = Math.min(wait, samples);
        this.skip(skipped);
        return skipped;
      }
      this.#begun = true;
    }
    const taken = Math.min(this.#remaining, samples);
    this.#remaining -= taken;
    this.#sinceRestart += taken;
    return taken;
  }
}
