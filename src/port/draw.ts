import type { Refusal } from "./errors.ts";
import type { Door, Output, Requirement } from "./lineage.ts";

export interface DrawRequest {
  /** 1 to 65,536 (SP 800-90A table 2: 2^19 bits a request). */
  readonly bytes: number;
  readonly door: Door;
  readonly principal: string;
  /** What it is for, for the lineage: `random`, `key:p-256`, `token`. */
  readonly purpose: string;
  readonly requirement: Requirement;
  /**
   * Ask for a record of this very output: `true` makes it durable before it is answered. With `pending`
   * whoever asks does so, in one transaction with what is made of the output (a key, a receipt's leaf);
   * until then nothing of it leaves.
   */
  readonly recorded?: boolean | "pending";
  /** Filled instead of a new array, if the answer comes at once; exactly `bytes` long. */
  readonly into?: Uint8Array;
}

/** Records that are still to be made durable, one for each generate. */
export interface PendingOutputs {
  readonly outputs: readonly Output[];
  /**
   * Why the bytes must not be used after all: a self-test failed since, or a reseed of every instance
   * overtook them. To be looked at again before anything leaves.
   */
  refusal(): Refusal | null;
}

/** Bytes that were vetted, and the ids that resolve to the noise behind them. */
export interface Drawn {
  readonly ok: true;
  /** The caller overwrites them when they have been sent. */
  readonly bytes: Uint8Array;
  /** `seed.counter`, one for each generate the request was split into. */
  readonly outputs: readonly string[];
  /** The seed of the last generate. */
  readonly seed: string;
  /** Of a draw that asked for them. */
  readonly pending?: PendingOutputs;
}

/** @throws Error for a draw that did not ask for it, which is a defect: it would leave no trace */
export function pendingOf({ pending }: Drawn): PendingOutputs {
  if (pending === undefined) throw new Error("a draw without its record");
  return pending;
}

export type DrawResult = Drawn | Refusal;

/** The one way to get random bytes out of the service. */
export interface RandomSupply {
  draw(request: DrawRequest): DrawResult | Promise<DrawResult>;
  /**
   * Bytes for as long as the consumer asks, at the pace of the noise: where a request would be
   * refused with `pool_exhausted` a stream waits. It ends with a Refusal when waiting cannot help.
   * The bytes of one chunk are those of the next: they are the consumer's until it asks for more.
   */
  stream(
    request: Omit<DrawRequest, "bytes"> & { readonly bytes: number | null },
    signal: AbortSignal,
  ): AsyncGenerator<Drawn, Refusal | undefined>;
}
