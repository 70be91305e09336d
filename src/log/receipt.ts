import type { LineageRecords } from "./birth.ts";
import type { Leaf } from "./leaf.ts";
import type { Birth } from "./leaves/birth.ts";

export const RECEIPT_FORMAT = "springhouse receipt v1";

/**
 * Proof that something is in the log, in one file that is checked offline. It holds no value and no salt,
 * so it can be shown to anybody.
 */
export interface Receipt {
  readonly format: typeof RECEIPT_FORMAT;
  readonly leaf: Leaf;
  readonly position: number;
  /** The audit path of RFC 6962 2.1.1, base64. */
  readonly proof: readonly string[];
  /** A signed note that covers the leaf. */
  readonly checkpoint: string;
  /** For each birth in the leaf, in its order: the records that its digest is of. */
  readonly lineage: readonly LineageRecords[];
  /** Of a log whose key was changed: the notes by which one handed over to the next, the oldest first. */
  readonly handovers?: readonly string[];
  /** The log's key as the service gave it; one that was kept elsewhere proves more. */
  readonly verifierKey: string;
}

/** The births that a leaf speaks of. */
export function birthsIn(leaf: Leaf): readonly Birth[] {
  const { births, birth } = leaf as { births?: readonly Birth[]; birth?: Birth };
  return births ?? (birth ? [birth] : []);
}

/** What a leaf's commitment is to; null for a leaf without one. */
export function commitmentIn(leaf: Leaf): { readonly hex: string; readonly domain: string } | null {
  if (leaf.kind === "output")
    return { hex: leaf.commitment, domain: outputDomain(leaf.births.at(-1)!.output) };
  if (leaf.kind === "key" && leaf.commitment !== undefined)
    return { hex: leaf.commitment, domain: `key ${leaf.key} ${leaf.version}` };
  return null;
}

/** @param output the last one's id: no two values share it */
export function outputDomain(output: string): string {
  return `output ${output}`;
}
