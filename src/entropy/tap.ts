import { ERRORS, SpringhouseError } from "../port/errors.ts";
import type { Tap } from "../port/service.ts";
import type { DeviceDescription } from "../port/source.ts";

/** What a reader may fall behind: 10 s of a 400 kB/s device. */
export const TAP_BUFFER_BYTES = 4 * 2 ** 20;

export interface TapTerms {
  readonly source: string;
  readonly bitsPerSample: number;
  readonly device: DeviceDescription | null;
  readonly firstSequence: number;
  /** Null: for as long as it is open. */
  readonly samples: number | null;
  /** Called once, when the tap takes no more samples. */
  readonly onClosed: (detail: string) => void;
  readonly bufferBytes?: number;
}

/** Where the pump delivers what it diverts. */
export interface PumpTap {
  /** False: it takes no more samples, and they may be conditioned again. */
  readonly isOpen: boolean;
  /** While it is open nothing is conditioned. False: only what `deliver` says it took is not. */
  readonly takesAll: boolean;
  /**
   * The next consecutive samples, which are the caller's: a copy is kept or nothing.
   * @returns how many at the front are spent: somebody may have seen them
   */
  deliver(symbols: Uint8Array, firstSequence: number): number;
  /** Samples are missing between the last ones and the next. */
  fail(detail: string): void;
}

/**
 * The pump's end of a tap, and the reader's. Consecutive samples in order; on a gap or an overflow
 * the reader still gets what was consecutive, and then the error: it stops, it never skips.
 */
export class TapChannel implements Tap, PumpTap, AsyncIterable<Uint8Array> {
  readonly takesAll = true;
  readonly source: string;
  readonly bitsPerSample: number;
  readonly device: DeviceDescription | null;
  readonly firstSequence: number;
  readonly #limit: number;
  readonly #onClosed: (detail: string) => void;
  #remaining: number;
  #chunks: Uint8Array[] = [];
  #bufferedBytes = 0;
  #open = true;
  #error: SpringhouseError | null = null;
  #wake: (() => void) | null = null;

  constructor(terms: TapTerms) {
    this.source = terms.source;
    this.bitsPerSample = terms.bitsPerSample;
    this.device = terms.device;
    this.firstSequence = terms.firstSequence;
    this.#limit = terms.bufferBytes ?? TAP_BUFFER_BYTES;
    this.#remaining = terms.samples ?? Infinity;
    this.#onClosed = terms.onClosed;
  }

  get isOpen(): boolean {
    return this.#open;
  }

  get chunks(): AsyncIterable<Uint8Array> {
    return this;
  }

  /** The next consecutive samples; a copy is kept. What comes after the last that is wanted is spent too. */
  deliver(symbols: Uint8Array): number {
    if (!this.#open) return 0;
    const wanted = Math.min(symbols.length, this.#remaining);
    if (this.#bufferedBytes + wanted > this.#limit) {
      this.fail("the reader fell too far behind", "Read faster, or take fewer samples.");
      return symbols.length;
    }
    // Not `slice`: of a Buffer it is a view, which its owner overwrites.
    this.#chunks.push(new Uint8Array(symbols.subarray(0, wanted)));
    this.#bufferedBytes += wanted;
    this.#remaining -= wanted;
    if (this.#remaining === 0) this.#shut("all samples were delivered");
    this.#notify();
    return symbols.length;
  }

  /** Samples would be missing: the reader gets an error after what it has. */
  fail(detail: string, remedy: string = ERRORS.conflict.remedy): void {
    if (!this.#open) return;
    this.#error = new SpringhouseError("conflict", `tap of ${this.source}: ${detail}`, remedy);
    this.#shut(detail);
    this.#notify();
  }

  /** The reader wants no more. What it did not read is overwritten. */
  close(): void {
    for (const chunk of this.#chunks) chunk.fill(0);
    this.#chunks = [];
    this.#bufferedBytes = 0;
    this.#shut("closed by the reader");
    this.#notify();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => this.#next(),
      return: () => {
        this.close();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    for (;;) {
      const value = this.#chunks.shift();
      if (value) {
        this.#bufferedBytes -= value.length;
        return { done: false, value };
      }
      if (this.#error) throw this.#error;
      if (!this.#open) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #shut(detail: string): void {
    if (!this.#open) return;
    this.#open = false;
    this.#onClosed(detail);
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
