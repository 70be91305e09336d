import type { RandomSupply } from "../../port/draw.ts";
import type { Refusal } from "../../port/errors.ts";
import type { LockedBytes, SecretMemory } from "./lockedMemory.ts";

/* How an epoch's key is drawn, kept in locked memory, and let go. */

/** Bytes for the seal's own keys, at the strength of AES-256. */
export function drawFrom(random: RandomSupply) {
  return async (bytes: number, purpose: string): Promise<Uint8Array | Refusal> => {
    const drawn = await random.draw({
      bytes,
      door: "internal",
      principal: "springhouse",
      purpose,
      requirement: { strength: 256 },
    });
    return drawn.ok ? drawn.bytes : drawn;
  };
}

/** Moves bytes into locked memory: what they came in is overwritten. */
export function lockIn(memory: SecretMemory, bytes: Uint8Array): LockedBytes {
  try {
    const locked = memory.allocate(bytes.length);
    locked.use((place) => place.set(bytes));
    return locked;
  } finally {
    bytes.fill(0);
  }
}

export function copyIn(memory: SecretMemory, key: LockedBytes): LockedBytes {
  return key.use((bytes) => lockIn(memory, Uint8Array.from(bytes)));
}

/** A key for the length of some work. */
export async function keeping<Result>(
  key: LockedBytes,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } finally {
    key.free();
  }
}
