import { DURATION_CELLS, Durations } from "../telemetry/durations.ts";

/** What an outlet's requests are counted in at a time: one slot for each seed and principal. */
export const SLOTS = 4096;

const FLAGS = 8;
const FLAG_BYTES = FLAGS * Int32Array.BYTES_PER_ELEMENT;
const SLOT_CELLS = 3;
/** Bytes first, then what `Durations` counts. */
const ANSWERED_CELLS = 1 + DURATION_CELLS;
const DOUBLES = ANSWERED_CELLS + SLOT_CELLS * SLOTS;

const STOPPED = 0;
const HELD = 1;
const ACCESS_EPOCH = 2;
const DROP_EPOCH = 3;
const RESEED_EPOCH = 4;
const RESEED_REASON = 5;

/** Lineage counts the pieces of which answers are made, quotas count requests. */
export interface SlotCount {
  readonly pieces: number;
  readonly bytes: number;
  readonly requests: number;
}

/**
 * Memory that the house and one outlet share. The flags are the house's to set, and hold from that
 * moment on: nothing that was revoked, dropped or stopped is used for as long as a message takes. The
 * figures are the outlet's to count, and are there even when its thread is not any more: one writes,
 * the other reads, and an aligned load or store of eight bytes is whole on every platform of node's.
 */
export class Board {
  readonly shared: SharedArrayBuffer;
  readonly #flags: Int32Array;
  readonly #answered: Float64Array;
  readonly #durations: Durations;
  readonly #slots: Float64Array;

  constructor(shared = new SharedArrayBuffer(FLAG_BYTES + DOUBLES * 8)) {
    this.shared = shared;
    this.#flags = new Int32Array(shared, 0, FLAGS);
    this.#answered = new Float64Array(shared, FLAG_BYTES, ANSWERED_CELLS);
    this.#durations = new Durations(this.#answered.subarray(1));
    this.#slots = new Float64Array(shared, FLAG_BYTES + 8 * ANSWERED_CELLS, SLOT_CELLS * SLOTS);
  }

  /** No output any more. */
  get stopped(): boolean {
    return Atomics.load(this.#flags, STOPPED) === 1;
  }

  stop(): void {
    Atomics.store(this.#flags, STOPPED, 1);
  }

  /** No seed may be put to use, however many are prepared. */
  get held(): boolean {
    return Atomics.load(this.#flags, HELD) === 1;
  }

  set held(held: boolean) {
    Atomics.store(this.#flags, HELD, held ? 1 : 0);
  }

  /** Who was let in before it went up is asked for again. */
  get accessEpoch(): number {
    return Atomics.load(this.#flags, ACCESS_EPOCH);
  }

  forgetAccess(): void {
    Atomics.add(this.#flags, ACCESS_EPOCH, 1);
  }

  /** Seeds that were given before it went up are overwritten. */
  get dropEpoch(): number {
    return Atomics.load(this.#flags, DROP_EPOCH);
  }

  dropSeeds(): void {
    Atomics.add(this.#flags, DROP_EPOCH, 1);
  }

  /** No output of a state from before it went up. */
  get reseedEpoch(): number {
    return Atomics.load(this.#flags, RESEED_EPOCH);
  }

  /** @param reason as a small number */
  requireReseed(reason: number): void {
    Atomics.store(this.#flags, RESEED_REASON, reason);
    Atomics.add(this.#flags, RESEED_EPOCH, 1);
    this.dropSeeds();
  }

  get reseedReason(): number {
    return Atomics.load(this.#flags, RESEED_REASON);
  }

  /** Of an answer with bytes; there is no other here. */
  answered(seconds: number, outputBytes: number): void {
    this.#answered[0]! += outputBytes;
    this.#durations.observe(seconds);
  }

  /** Bytes that were answered since the board was made, and how long it took. */
  figures(): { readonly outputBytes: number; readonly durationCells: Float64Array } {
    // A copy, which stands still.
    return { outputBytes: this.#answered[0]!, durationCells: this.#answered.slice(1) };
  }

  /** @param isFirst of the pieces of its request, which may be of several seeds */
  count(slot: number, bytes: number, isFirst: boolean): void {
    const at = SLOT_CELLS * slot;
    this.#slots[at]! += 1;
    this.#slots[at + 1]! += bytes;
    if (isFirst) this.#slots[at + 2]! += 1;
  }

  counted(slot: number): SlotCount {
    const at = SLOT_CELLS * slot;
    const [pieces = 0, bytes = 0, requests = 0] = this.#slots.subarray(at, at + SLOT_CELLS);
    return { pieces, bytes, requests };
  }

  /** Of a slot in which nobody counts. */
  clear(slot: number): void {
    this.#slots.fill(0, SLOT_CELLS * slot, SLOT_CELLS * (slot + 1));
  }
}
