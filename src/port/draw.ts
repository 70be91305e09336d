import type { Refusal } from "./errors.ts";
import type { Door, Requirement } from "./lineage.ts";

export interface DrawRequest {
  /** 1 to 65,536 (SP 800-90A table 2: 2^19 bits a request). */
  readonly bytes: number;
  readonly door: Door;
  readonly principal: string;
  /** What it is for, for the lineage: `random`, `key:p-256`, `token`. */
  readonly purpose: string;
  readonly requirement: Requirement;
  /** Ask for a durable record of this very output before it is answered (keys, receipts). */
  readonly recorded?: boolean;
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
}

export type DrawResult = Drawn | Refusal;

/** The one way to get random bytes out of the service. */
export interface RandomSupply {
  draw(request: DrawRequest): DrawResult | Promise<DrawResult>;
  /**
   * Bytes for as long as the consumer asks, at the pace of the noise: where a request would be
   * refused with `pool_exhausted` a stream waits. It ends with a Refusal when waiting cannot help.
   */
  stream(
    request: Omit<DrawRequest, "bytes"> & { readonly bytes: number | null },
    signal: AbortSignal,
  ): AsyncGenerator<Drawn, Refusal | undefined>;
}
