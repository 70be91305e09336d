import { type ErrorCode, ERRORS } from "../port/errors.ts";
import { DURATION_CELLS, Durations } from "../telemetry/durations.ts";
import type { AnsweredElsewhere } from "../telemetry/requestTally.ts";

/** What an outlet's requests are counted in at a time: one slot for each seed and principal. */
export const SLOTS = 4096;
const CODES = Object.keys(ERRORS) as ErrorCode[];

const FLAGS = 8;
const FLAG_BYTES = FLAGS * Int32Array.BYTES_PER_ELEMENT;
export const SLOT_CELLS = 6;
/** Bytes, answers with bytes, what `Durations` counts, and refusals by their code. */
const REFUSED_CELL = 2 + DURATION_CELLS;
const ANSWERED_CELLS = REFUSED_CELL + CODES.length;
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
  /** For a quota of requests, and of bytes. */
  readonly refusedRequests: number;
  readonly refusedBytes: number;
  /** Of those refused, what the house has heard nothing of. */
  readonly untold: number;
}

export const NOTHING_COUNTED: SlotCount = {
  pieces: 0,
  bytes: 0,
  requests: 0,
  refusedRequests: 0,
  refusedBytes: 0,
  untold: 0,
};

export function countSince(before: SlotCount, now: SlotCount): SlotCount {
  return {
    pieces: now.pieces - before.pieces,
    bytes: now.bytes - before.bytes,
    requests: now.requests - before.requests,
    refusedRequests: now.refusedRequests - before.refusedRequests,
    refusedBytes: now.refusedBytes - before.refusedBytes,
    untold: now.untold - before.untold,
  };
}

/** What came since `before` was read, of the same board. */
export function figuresSince(before: Float64Array, now: Float64Array): AnsweredElsewhere {
  const cells = now.map((cell, at) => cell - before[at]!);
  return {
    outputBytes: cells[0]!,
    served: cells[1]!,
    durationCells: cells.subarray(2, REFUSED_CELL),
    refused: new Map(CODES.map((code, at) => [code, cells[REFUSED_CELL + at]!])),
  };
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
    this.#durations = new Durations(this.#answered.subarray(2, REFUSED_CELL));
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

  /** With bytes, or with a refusal, whose code is counted by `refused`. */
  answered(status: number, seconds: number, outputBytes: number): void {
    this.#answered[0]! += outputBytes;
    if (status === 200) this.#answered[1]! += 1;
    this.#durations.observe(seconds);
  }

  refused(code: ErrorCode): void {
    this.#answered[REFUSED_CELL + CODES.indexOf(code)]! += 1;
  }

  /** What was answered since the board was made, for `figuresSince`: a copy, which stands still. */
  figures(): Float64Array {
    return this.#answered.slice();
  }

  /** @param isFirst of the pieces of its request, which may be of several seeds */
  count(slot: number, bytes: number, isFirst: boolean): void {
    const at = SLOT_CELLS * slot;
    this.#slots[at]! += 1;
    this.#slots[at + 1]! += bytes;
    if (isFirst) this.#slots[at + 2]! += 1;
  }

  /** A request that was admitted by its quota, and came to nothing. */
  countVain(slot: number, bytes: number): void {
    const at = SLOT_CELLS * slot;
    this.#slots[at + 1]! += bytes;
    this.#slots[at + 2]! += 1;
  }

  /** A request that a quota of this refused. */
  countRefused(slot: number, what: "requests" | "bytes"): void {
    const at = SLOT_CELLS * slot;
    if (what === "requests") {
      this.#slots[at + 3]! += 1;
    } else {
      // It was admitted as a request before its bytes were looked at.
      this.#slots[at + 2]! += 1;
      this.#slots[at + 4]! += 1;
    }
  }

  countUntold(slot: number): void {
    this.#slots[SLOT_CELLS * slot + 5]! += 1;
  }

  counted(slot: number): SlotCount {
    const at = SLOT_CELLS * slot;
    const [pieces = 0, bytes = 0, requests = 0, refusedRequests = 0, refusedBytes = 0, untold = 0] =
      this.#slots.subarray(at, at + SLOT_CELLS);
    return { pieces, bytes, requests, refusedRequests, refusedBytes, untold };
  }

  /** Of a slot in which nobody counts. */
  clear(slot: number): void {
    this.#slots.fill(0, SLOT_CELLS * slot, SLOT_CELLS * (slot + 1));
  }
}
