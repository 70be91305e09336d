import { hash } from "node:crypto";
import { STATEMENT_HEAD } from "../key/destruction/statement.ts";
import { openCheckpoint } from "../log/checkpoint.ts";
import { keyringOf, openWith } from "../log/keyring.ts";
import { decodeLeaf } from "../log/leaf.ts";
import { leafHash } from "../log/merkle.ts";
import { rootOfInclusion } from "../log/proof.ts";
import { openNote } from "../log/signedNote.ts";
import type { Verifier } from "../log/signer.ts";
import type { DestructionReceipt, DestructionStatement } from "../port/destruction.ts";

/**
 * Checks a receipt of a destruction without the service: the statement's signature, the log's leaf that
 * names its digest, and the proof that the leaf is in the log of a signed checkpoint.
 * @param handovers kept besides those in the receipt: signed notes that lead from the key to others
 * @returns what it states, or why it proves nothing
 */
export function checkDestructionReceipt(
  receipt: unknown,
  verifier: Verifier,
  handovers: readonly string[] = [],
): { readonly statement: DestructionStatement } | { readonly fault: string } {
  if (!isDestructionReceipt(receipt)) return { fault: "this is no receipt of a destruction" };
  const { note, entry, position, proof } = receipt;
  const keyring = keyringOf(verifier, [...(receipt.handovers ?? []), ...handovers]);
  const text = openWith(keyring, (key) => openNote(note, key));
  if (text === null) return { fault: "the statement is not signed by this log's key" };
  const [head, body] = text.split("\n");
  if (head !== STATEMENT_HEAD || body === undefined)
    return { fault: "what was signed is no statement of a destruction" };
  const statement = JSON.parse(body) as DestructionStatement;
  const { leaf } = decodeLeaf(Buffer.from(entry));
  if (leaf?.kind !== "destruction" || leaf.op !== "receipt")
    return { fault: "the leaf is not that of a receipt" };
  if (leaf.statement !== hash("sha256", text, "hex"))
    return { fault: "the leaf is that of another statement" };
  if (leaf.key !== statement.key || leaf.version !== statement.version)
    return { fault: "the leaf is that of another key" };
  const checkpoint = openWith(keyring, (key) => openCheckpoint(receipt.checkpoint, key));
  if (!checkpoint) return { fault: "the checkpoint is not signed by this log's key" };
  const hashes = proof.map((one) => Buffer.from(one, "base64"));
  const root = rootOfInclusion(position, checkpoint.size, leafHash(Buffer.from(entry)), hashes);
  if (root === null || Buffer.compare(root, checkpoint.root) !== 0)
    return { fault: "the leaf is not in the log of that checkpoint" };
  return { statement };
}

export function isDestructionReceipt(value: unknown): value is DestructionReceipt {
  if (typeof value !== "object" || value === null) return false;
  const receipt = value as Record<string, unknown>;
  const texts = ["note", "entry", "checkpoint"].every((name) => typeof receipt[name] === "string");
  const { proof, handovers = [] } = receipt;
  return (
    texts &&
    receipt["kind"] === "destruction-receipt" &&
    Number.isSafeInteger(receipt["position"]) &&
    [proof, handovers].every(
      (list) => Array.isArray(list) && list.every((one) => typeof one === "string"),
    )
  );
}
