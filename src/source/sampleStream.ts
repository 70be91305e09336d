import type { Clock } from "../port/clock.ts";
import type { SampleSink } from "../port/source.ts";
import { Settle } from "./settle.ts";
import { createSymbolMapper, type Framing, type SymbolMapper } from "./symbols.ts";

export interface SampleStreamOptions {
  readonly clock: Clock;
  readonly framing: Framing;
  readonly settleBytes: number;
  /** What comes faster is dropped and told as gaps. Infinity where the reader paces itself. */
  readonly maximumSamplesPerSecond: number;
}

/** As much as Node reads from a pipe at once; longer arrays are taken in pieces. */
const LARGEST_PIECE_BYTES = 65_536;
/** So that a startup test of 1024 finds its consecutive samples at any rate. */
const SMALLEST_BURST_SAMPLES = 4096;

/**
 * Bytes of a stream to samples: drops those that are there to settle, maps the others to symbols and
 * holds the rate.
 *
 * The rate is held so that few long runs arrive instead of many short ones, because a gap costs the
 * consumer the windows it is filling: once a second's worth has gone out too fast, everything is
 * dropped until half a second's worth is allowed again, and one gap tells of all of it.
 */
export class SampleStream {
  readonly #sink: SampleSink;
  readonly #clock: Clock;
  readonly #settle: Settle;
  readonly #mapper: SymbolMapper;
  readonly #rate: number;
  readonly #burst: number;
  #allowed: number;
  #refilled: number;
  #delivered = 0;
  #dropping = false;
  #lost = 0;

  constructor(sink: SampleSink, options: SampleStreamOptions) {
    this.#sink = sink;
    this.#clock = options.clock;
    this.#settle = new Settle(options.settleBytes);
    this.#mapper = createSymbolMapper(options.framing, LARGEST_PIECE_BYTES);
    this.#rate = options.maximumSamplesPerSecond;
    this.#burst = Math.max(SMALLEST_BURST_SAMPLES, this.#rate);
    this.#allowed = this.#burst;
    this.#refilled = options.clock.monotonicMilliseconds();
  }

  /** @returns how many samples went to the sink. The caller overwrites `bytes`. */
  push(bytes: Uint8Array): number {
    this.#delivered = 0;
    // Not a Buffer: its `slice` is no copy, so a consumer's "copy" would be overwritten with the rest.
    const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < plain.length; at += LARGEST_PIECE_BYTES) {
      const piece = this.#settle.take(plain.subarray(at, at + LARGEST_PIECE_BYTES));
      if (piece.length > 0) this.#mapper.push(piece, this);
    }
    return this.#delivered;
  }

  /** Of the mapper: symbols in order. */
  samples(symbols: Uint8Array): void {
    if (symbols.length === 0) return;
    if (this.#rate === Number.POSITIVE_INFINITY) return this.#deliver(symbols);
    this.#refill();
    if (this.#dropping && this.#allowed < this.#burst / 2) {
      this.#lost += symbols.length;
      return;
    }
    this.tellLoss();
    const taken = Math.min(symbols.length, Math.floor(this.#allowed));
    this.#allowed -= taken;
    if (taken > 0) this.#deliver(symbols.subarray(0, taken));
    if (taken < symbols.length) {
      this.#dropping = true;
      this.#lost = symbols.length - taken;
    }
  }

  /** Of the mapper: it lost its alignment. */
  gap(lost: number, detail: string): void {
    this.#sink.gap(lost, detail);
  }

  /** Tells of what was dropped since the last samples; for a stream that came to its end. */
  tellLoss(): void {
    if (!this.#dropping) return;
    this.#dropping = false;
    this.#sink.gap(this.#lost, `it delivers more than ${this.#rate} samples a second`);
    this.#lost = 0;
  }

  /** Overwrites what is kept of samples; at the session's end. */
  wipe(): void {
    this.#mapper.wipe();
  }

  #deliver(symbols: Uint8Array): void {
    this.#delivered += symbols.length;
    this.#sink.samples(symbols);
  }

  #refill(): void {
    const now = this.#clock.monotonicMilliseconds();
    const earned = ((now - this.#refilled) * this.#rate) / 1000;
    this.#allowed = Math.min(this.#burst, this.#allowed + earned);
    this.#refilled = now;
  }
}
