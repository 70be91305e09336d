import { open } from "node:fs/promises";
import type { Checkpoint } from "./checkpoint.ts";
import { withCosignatures, type WitnessKey } from "./cosignature.ts";

/** Where checkpoints are kept that we cannot take back. */
export interface Witness {
  readonly name: string;
  /**
   * Hands it a checkpoint.
   * @param proofFrom the consistency proof from a smaller size to this one (RFC 6962 2.1.2)
   * @returns the note with the witness's cosignature; null for a witness whose key is not known
   * @throws Error whose message says why it did not take it
   */
  take(
    checkpoint: Checkpoint,
    proofFrom: (size: number) => Promise<readonly Uint8Array[]>,
  ): Promise<string | null>;
}

/** It has seen a log of ours that this one does not continue. */
export class WitnessConflict extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = "WitnessConflict";
  }
}

/** A file, best on another host and open for appending only: each checkpoint is put behind the last. */
export function fileWitness(name: string, path: string): Witness {
  return {
    name,
    async take({ note }) {
      const file = await open(path, "a", 0o644);
      try {
        // A note that a full disk cut off ends here, and spoils no other.
        await file.write(`\n${note}`);
        await file.sync();
      } finally {
        await file.close();
      }
      return null;
    },
  };
}

const TIMEOUT_MILLISECONDS = 10_000;
/** A witness's answer is some lines; more is not read. */
const MAXIMUM_ANSWER_CHARACTERS = 10_000;

/**
 * A witness by C2SP tlog-witness: it checks that each checkpoint continues the one before.
 * @param key what it cosigns with; null: what it answers is not looked at
 */
export function httpWitness(name: string, prefix: string, key: WitnessKey | null = null): Witness {
  let known = 0;
  return {
    name,
    async take(checkpoint, proofFrom) {
      // The second time with the size that the witness said it has.
      for (const _attempt of [1, 2]) {
        const proof = known > 0 ? await proofFrom(known) : [];
        const { size, text } = await send(prefix, checkpoint, known, proof);
        known = size;
        if (text !== null) return key && cosignedBy(key, checkpoint, text);
        if (size > checkpoint.size)
          throw new WitnessConflict(
            `it has a checkpoint of ${size} leaves, and the log has ${checkpoint.size}`,
          );
      }
      throw new Error("it says each time that it has another size");
    },
  };
}

function cosignedBy(key: WitnessKey, { note }: Checkpoint, answer: string): string {
  const cosigned = withCosignatures(note, answer);
  if (cosigned === null || key.cosigned(cosigned) === null)
    throw new Error(`it took it, and did not cosign it as ${key.name}`);
  return cosigned;
}

/** What it answered when it took it; or null, and the size that it has. */
async function send(
  prefix: string,
  { size, note }: Checkpoint,
  old: number,
  proof: readonly Uint8Array[],
): Promise<{ readonly size: number; readonly text: string | null }> {
  const lines = proof.map((hash) => `${Buffer.from(hash).toString("base64")}\n`);
  const answer = await fetch(`${prefix.replace(/\/$/, "")}/add-checkpoint`, {
    method: "POST",
    body: `old ${old}\n${lines.join("")}\n${note}`,
    headers: { "content-type": "text/plain" },
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  });
  const text = (await answer.text()).slice(0, MAXIMUM_ANSWER_CHARACTERS);
  if (answer.ok) return { size, text };
  const said = /^([0-9]{1,15})\n?$/.exec(text)?.[1];
  if (answer.status === 409 && said !== undefined) return { size: Number(said), text: null };
  const detail = `it answered ${answer.status}`;
  // C2SP tlog-witness: 422 for a proof that does not hold.
  if (answer.status === 422) throw new WitnessConflict(`${detail}: not the log that it has seen`);
  throw new Error(detail);
}
