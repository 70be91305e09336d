import type { KeyState } from "./key.ts";
import type { Output } from "./lineage.ts";

/** Noise that turned out bad: windows of a source that overlap a span of time. */
export interface RecallOrder {
  readonly source: string;
  /** Unix milliseconds, both inclusive. */
  readonly fromMilliseconds: number;
  readonly toMilliseconds: number;
}

/** A key or a receipted output whose seed drew on that noise. */
export interface RecalledOutput {
  readonly output: Output;
  /** The version of a managed key that was made of it; null for what was not kept. */
  readonly key: {
    readonly id: string;
    readonly version: number;
    /** As the recall found it. */
    readonly state: KeyState;
  } | null;
  /** Credited to its seed in all, and of that by the source: 0 where the source went in uncredited. */
  readonly creditedBits: number;
  readonly sourceBits: number;
  /** What the other sources gave, or the parent of an RBGC. */
  readonly remainingBits: number;
  /** Security strength that it was asked for; 256 where none was. */
  readonly strength: number;
  /** Whether what remains still gives that strength. */
  readonly holds: boolean;
}

/** What a recall came to. */
export interface RecallSummary extends RecallOrder {
  readonly outputs: number;
  /** Of those, the ones that no longer have their strength. */
  readonly failing: number;
  /** Of the failing: versions of keys that the recall suspended, and active ones that it could not. */
  readonly suspended: number;
  readonly unsuspended: number;
}

/** One line of `POST /v1/recall`; the summary is the last, and without it the answer is not whole. */
export type RecallLine =
  | ({
      readonly record: "output";
      /** Of a failing key, where suspending was asked for: "suspended", or why it was not. */
      readonly suspension: string | null;
    } & RecalledOutput)
  | ({ readonly record: "recall" } & RecallSummary);
