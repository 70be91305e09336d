import { KEY_BYTES } from "./envelope.ts";
import type { LockedBytes, SecretMemory } from "./lockedMemory.ts";

/** 16 KiB of locked memory: a service is allowed 64 KiB on old systems, 8 MiB on newer ones. */
const ENTRIES = 512;

/**
 * Key-encryption keys that were unwrapped a moment ago, in locked memory, so that a busy key costs one
 * decryption an operation. The oldest gives way.
 */
export class KeyCache {
  readonly #memory: SecretMemory;
  /** By the wrapped key, which is no secret. */
  readonly #places = new Map<string, number>();
  #arena: LockedBytes | null = null;

  constructor(memory: SecretMemory) {
    this.#memory = memory;
  }

  /**
   * @param unwrap what it is when it is not here: its own bytes are overwritten; null where it is none
   * @param use as of LockedBytes
   */
  with<Result>(
    wrapped: Uint8Array,
    unwrap: () => Uint8Array | null,
    use: (key: Uint8Array) => Result,
  ): Result | null {
    const name = Buffer.from(wrapped).toString("latin1");
    this.#arena ??= this.#memory.allocate(ENTRIES * KEY_BYTES, "open");
    return this.#arena.use((arena) => {
      let place = this.#places.get(name);
      if (place === undefined) {
        const key = unwrap();
        if (key === null) return null;
        place = this.#free();
        arena.set(key, place * KEY_BYTES);
        key.fill(0);
        this.#places.set(name, place);
      }
      return use(arena.subarray(place * KEY_BYTES, (place + 1) * KEY_BYTES));
    });
  }

  /** Overwrites them all. */
  clear(): void {
    this.#places.clear();
    this.#arena?.free();
    this.#arena = null;
  }

  #free(): number {
    if (this.#places.size < ENTRIES) return this.#places.size;
    const [oldest, place] = this.#places.entries().next().value!;
    this.#places.delete(oldest);
    return place;
  }
}
