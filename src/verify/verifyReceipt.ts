import { isDeepStrictEqual } from "node:util";
import { birthOf, type LineageRecords } from "../log/birth.ts";
import { canonicalJson } from "../log/canonicalJson.ts";
import { openCheckpoint } from "../log/checkpoint.ts";
import { opensCommitment } from "../log/commitment.ts";
import { keyringOf, openWith } from "../log/keyring.ts";
import { decodeLeaf, type Leaf } from "../log/leaf.ts";
import { leafHash } from "../log/merkle.ts";
import { rootOfInclusion } from "../log/proof.ts";
import { birthsIn, commitmentIn, RECEIPT_FORMAT, type Receipt } from "../log/receipt.ts";
import type { Verifier } from "../log/signer.ts";

export type ReceiptVerdict =
  | {
      readonly valid: true;
      readonly leaf: Leaf;
      readonly position: number;
      /** Of the checkpoint. */
      readonly origin: string;
      readonly size: number;
    }
  | { readonly valid: false; readonly fault: string };

const invalid = (fault: string): ReceiptVerdict => ({ valid: false, fault });

/** The text of a receipt, as far as it has the form of one; null for anything else. */
export function parseReceipt(text: string): Receipt | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { format, leaf, position, proof, checkpoint, lineage, verifierKey, handovers } = (value ??
    {}) as Partial<Receipt>;
  const whole =
    format === RECEIPT_FORMAT &&
    typeof leaf === "object" &&
    leaf !== null &&
    typeof position === "number" &&
    isTexts(proof) &&
    typeof checkpoint === "string" &&
    Array.isArray(lineage) &&
    (handovers === undefined || isTexts(handovers)) &&
    typeof verifierKey === "string";
  return whole ? (value as Receipt) : null;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/**
 * Checks a receipt by itself: the checkpoint's signature, the leaf's place under its root, and the
 * lineage records against the births in the leaf. Never throws.
 * @param handovers kept besides those in the receipt: signed notes that lead from the key to others
 */
export function verifyReceipt(
  receipt: Receipt,
  verifier: Verifier,
  handovers: readonly string[] = [],
): ReceiptVerdict {
  const { position, proof, lineage } = receipt;
  const keyring = keyringOf(verifier, [...(receipt.handovers ?? []), ...handovers]);
  const checkpoint = openWith(keyring, (key) => openCheckpoint(receipt.checkpoint, key));
  if (!checkpoint) return invalid(`its checkpoint is not signed by ${verifier.name}`);
  let entry: Buffer;
  try {
    entry = Buffer.from(canonicalJson(receipt.leaf));
  } catch {
    return invalid("its leaf is no JSON");
  }
  const decoded = decodeLeaf(entry);
  if (decoded.fault !== null) return invalid(`its leaf is no leaf: ${decoded.fault}`);
  if (!decoded.leaf) return invalid(`its leaf is of the kind ${decoded.kind}, of a later version`);
  const path = proof.map((hash) => Buffer.from(hash, "base64"));
  const root = rootOfInclusion(position, checkpoint.size, leafHash(entry), path);
  if (!root || !checkpoint.root.equals(root)) return invalid("its leaf is not in that log");
  const fault = lineageFault(decoded.leaf, lineage);
  if (fault !== null) return invalid(fault);
  const { origin, size } = checkpoint;
  return { valid: true, leaf: decoded.leaf, position, origin, size };
}

/** The records must give each birth again, its digest and every figure in it. */
function lineageFault(leaf: Leaf, lineage: readonly LineageRecords[]): string | null {
  const births = birthsIn(leaf);
  if (births.length !== lineage.length) return "its lineage is not that of its leaf";
  for (const [at, birth] of births.entries()) {
    try {
      const { seed, blocks, windows } = lineage[at]!;
      const story = { id: birth.output, seed, counter: 0, blocks, windows, output: null };
      if (isDeepStrictEqual(plain(birthOf(story, birth)), plain(birth))) continue;
    } catch {
      // Records of another form are no records of this birth.
    }
    return `its lineage is not what the leaf says of ${birth.output}`;
  }
  return null;
}

/** Without prototypes and members that are undefined. */
const plain = (value: object): unknown => JSON.parse(canonicalJson(value));

/**
 * Whether a value is the one that the receipt speaks of, in any form that it may have been kept in.
 * @param file what the holder has: the bytes, or their hexadecimal or base64, a key as it was answered
 * @returns null for a receipt that commits to nothing
 */
export function opensReceipt(leaf: Leaf, salt: Uint8Array, file: Uint8Array): boolean | null {
  const commitment = commitmentIn(leaf);
  if (!commitment) return null;
  return formsOf(file).some((value) =>
    opensCommitment(commitment.hex, salt, commitment.domain, value),
  );
}

function formsOf(file: Uint8Array): Uint8Array[] {
  const forms: Uint8Array[] = [file];
  const text = Buffer.from(file).toString("utf8");
  const line = text.replace(/\r?\n$/, "");
  forms.push(Buffer.from(line), Buffer.from(`${line}\n`));
  if (/^(?:[0-9a-fA-F]{2})+$/.test(line)) forms.push(Buffer.from(line, "hex"));
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(line)) forms.push(Buffer.from(line, "base64"));
  try {
    forms.push(Buffer.from(canonicalJson(JSON.parse(line))));
  } catch {
    // No JSON, then.
  }
  return forms;
}
