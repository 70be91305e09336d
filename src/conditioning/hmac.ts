import { createHash, createHmac, createSecretKey } from "node:crypto";
import { fullEntropyInputBits } from "../standard/limits.ts";
import type { ConditioningComponent } from "./component.ts";

export const CONDITIONING_HASHES = { "HMAC-SHA-256": "sha256", "HMAC-SHA-512": "sha512" } as const;
export type ConditioningName = keyof typeof CONDITIONING_HASHES;

const OUTPUT_BITS = { sha256: 256, sha512: 512 } as const;

/**
 * The key of a component: the hash of a sentence that names it. SP 800-90B 3.1.5.1.1 lets the key be
 * fixed and public as long as it is set independently of the input; it earns no credit. It is as long
 * as the hash's output, and anybody can recompute it:
 * `printf 'springhouse conditioning key 1: HMAC-SHA-256' | sha256sum`.
 */
export function conditioningKey(name: ConditioningName): Uint8Array {
  return createHash(CONDITIONING_HASHES[name])
    .update(`springhouse conditioning key 1: ${name}`, "ascii")
    .digest();
}

/** HMAC over an approved hash under the fixed public key, on the vetted list of SP 800-90B 3.1.5.1.1. */
export function hmacComponent(name: ConditioningName): ConditioningComponent {
  const hash = CONDITIONING_HASHES[name];
  // As a KeyObject: given bytes, Node finds out by an exception, stack and all, that they are none.
  const key = createSecretKey(conditioningKey(name));
  const outputBits = OUTPUT_BITS[hash];
  return {
    name,
    outputBits,
    narrowestWidthBits: outputBits,
    requiredInputEntropyBits: fullEntropyInputBits(outputBits),
    condition(packedInput) {
      const digest = createHmac(hash, key).update(packedInput).digest();
      // A copy: Node may give a small Buffer a slice of memory that is shared with others.
      const output = new Uint8Array(digest);
      digest.fill(0);
      return output;
    },
  };
}
