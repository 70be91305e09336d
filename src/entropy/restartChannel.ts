import type { PumpTap, TapChannel } from "./tap.ts";

/**
 * The pump's end of a capture over restarts: of each session the first samples, which are a row, go to
 * the reader's tap; whatever else comes while it is open goes nowhere. It outlives sessions.
 */
export class RestartChannel implements PumpTap {
  readonly #tap: TapChannel;
  readonly #samplesPerRestart: number;
  readonly #onRow: () => void;
  /** Samples that the row under way still needs; 0 between rows. */
  #missing = 0;

  /**
   * @param tap takes exactly all rows
   * @param onRow called when a row is whole and another one is wanted
   */
  constructor(tap: TapChannel, samplesPerRestart: number, onRow: () => void) {
    this.#tap = tap;
    this.#samplesPerRestart = samplesPerRestart;
    this.#onRow = onRow;
  }

  get isOpen(): boolean {
    return this.#tap.isOpen;
  }

  /** The source was restarted: the next sample is the first of a row. */
  begin(): void {
    this.#missing = this.#samplesPerRestart;
  }

  deliver(symbols: Uint8Array): void {
    if (this.#missing === 0) return;
    const taken = Math.min(symbols.length, this.#missing);
    this.#missing -= taken;
    this.#tap.deliver(symbols.subarray(0, taken));
    if (this.#missing === 0 && this.isOpen) this.#onRow();
  }

  /** A gap, or the session's end: nothing is lost between rows. */
  fail(detail: string): void {
    if (this.#missing > 0) this.abandon(detail);
  }

  /** There will be no further row. */
  abandon(detail: string): void {
    this.#tap.fail(detail);
  }
}
