import type { RestartOrder } from "../port/service.ts";
import type { DeviceDescription } from "../port/source.ts";
import type { PumpTap, TapChannel } from "./tap.ts";

/** Far beyond the 1000 x 1000 of SP 800-90B 3.1.4. */
const MOST_RESTARTS = 100_000;
const MOST_SAMPLES_PER_RESTART = 1_000_000;

/** What is wrong with an order; null when nothing is. */
export function restartOrderFault({ restarts, samplesPerRestart }: RestartOrder): string | null {
  const isWithin = (value: number, most: number): boolean =>
    Number.isSafeInteger(value) && value >= 1 && value <= most;
  if (isWithin(restarts, MOST_RESTARTS) && isWithin(samplesPerRestart, MOST_SAMPLES_PER_RESTART))
    return null;
  return `1 to ${MOST_RESTARTS} restarts with 1 to ${MOST_SAMPLES_PER_RESTART} samples each`;
}

/**
 * The pump's end of a capture over restarts: of each session the first samples, which are a row, go to
 * the reader's tap; whatever else comes while it is open goes nowhere. It outlives sessions.
 */
export class RestartChannel implements PumpTap {
  readonly takesAll = true;
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

  /**
   * The source was restarted: the next sample is the first of a row. It fails where another device
   * answers, or the same one in another mode: a matrix is of one.
   */
  begin(device: DeviceDescription): void {
    if (!isSame(device, this.#tap.device))
      this.abandon("another device, or another mode, was opened");
    this.#missing = this.#samplesPerRestart;
  }

  deliver(symbols: Uint8Array): number {
    if (this.#missing === 0) return symbols.length;
    const taken = Math.min(symbols.length, this.#missing);
    this.#missing -= taken;
    this.#tap.deliver(symbols.subarray(0, taken));
    if (this.#missing === 0 && this.isOpen) this.#onRow();
    return symbols.length;
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

function isSame(one: DeviceDescription, other: DeviceDescription | null): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
