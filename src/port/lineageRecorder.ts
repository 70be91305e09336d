import type { Output } from "./lineage.ts";

/** Where outputs leave their trace. */
export interface OutputRecorder {
  /** Durable when resolved; for keys and receipted outputs. */
  record(output: Output): Promise<void>;
  /**
   * Adds to the count of (seed, principal, door, purpose); written in the background. Never throws.
   * @param requests default 1
   */
  count(
    seed: string,
    principal: string,
    door: string,
    purpose: string,
    bytes: number,
    requests?: number,
  ): void;
}
