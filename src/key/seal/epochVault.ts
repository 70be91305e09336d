import type { Clock } from "../../port/clock.ts";
import type { RandomSupply } from "../../port/draw.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import { NONCE_BYTES } from "../aes/gcm.ts";
import { KEY_BYTES, openMaterial, sealMaterial } from "./envelope.ts";
import type { LockedBytes, SecretMemory } from "./lockedMemory.ts";
import { OpenMaterials } from "./openMaterials.ts";
import { LARGEST_MATERIAL_BYTES, type MaterialBinding, type WrappedMaterial } from "./vault.ts";

/** The epoch's key while the vault is open, and what is done with it. Nothing here waits for a slot. */
export class EpochVault {
  readonly #memory: SecretMemory;
  readonly #random: RandomSupply;
  readonly #materials: OpenMaterials;
  /** Places for material in use, one for each depth of nesting that there was. */
  readonly #places: LockedBytes[] = [];
  #live: { readonly epoch: number; readonly key: LockedBytes } | null = null;
  #cause: string | null = "The vault was not opened since the start.";
  #held: Promise<void> | null = null;

  constructor(memory: SecretMemory, random: RandomSupply, clock: Clock) {
    this.#memory = memory;
    this.#materials = new OpenMaterials(memory, clock);
    this.#random = random;
  }

  get epoch(): number | null {
    return this.#live?.epoch ?? null;
  }

  /** Why it is sealed; null while it is open. */
  get cause(): string | null {
    return this.#live === null ? this.#cause : null;
  }

  /** @param key the vault's own from now on */
  load(epoch: number, key: LockedBytes): void {
    this.#live?.key.free();
    this.#materials.clear();
    this.#live = { epoch, key };
  }

  /** Tells why it is still sealed. */
  explain(cause: string): void {
    this.#cause = cause;
  }

  /** Overwrites the epoch's key. */
  seal(cause: string): void {
    this.#live?.key.free();
    this.#live = null;
    this.#cause = cause;
    this.#materials.clear();
    for (const place of this.#places.splice(0)) place.free();
  }

  /** The epoch's key for what only the seal itself does; a Refusal `sealed` when there is none. */
  withKey<Result>(use: (key: Uint8Array, epoch: number) => Result): Result | Refusal {
    const live = this.#live;
    return live === null ? this.#refuse() : live.key.use((key) => use(key, live.epoch));
  }

  /** What is wrapped meanwhile waits, so that none of it is of an epoch that is just ending. */
  async holdWraps<Result>(work: () => Promise<Result>): Promise<Result> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    try {
      return await work();
    } finally {
      this.#held = null;
      resolve();
    }
  }

  async wrap(binding: MaterialBinding, material: Uint8Array): Promise<WrappedMaterial | Refusal> {
    if (material.length < 1 || material.length > LARGEST_MATERIAL_BYTES)
      throw new RangeError(`material of ${material.length} bytes`);
    if (this.#live === null) return this.#refuse();
    const drawn = await this.#random.draw({
      bytes: KEY_BYTES + NONCE_BYTES,
      door: "internal",
      principal: "springhouse",
      purpose: "key-encryption-key",
      requirement: { strength: 256 },
    });
    if (!drawn.ok) return drawn;
    const key = drawn.bytes.subarray(0, KEY_BYTES);
    try {
      while (this.#held !== null) await this.#held;
      const nonce = drawn.bytes.slice(KEY_BYTES);
      return this.withKey((epochKey, epoch) =>
        sealMaterial({ epoch, key: epochKey }, key, nonce, binding, material),
      );
    } finally {
      key.fill(0);
    }
  }

  open<Result>(
    binding: MaterialBinding,
    wrapped: WrappedMaterial,
    use: (material: Uint8Array) => Result,
  ): Result | Refusal {
    if (this.#live === null) return this.#refuse();
    const { epoch } = wrapped;
    if (epoch !== this.#live.epoch)
      return refuse("conflict", `It is wrapped under epoch ${epoch}, which is not the live one.`);
    const place = this.#places.pop() ?? this.#memory.allocate(LARGEST_MATERIAL_BYTES, "open");
    try {
      return place.use((bytes) => {
        const length = this.#read(binding, wrapped, bytes);
        if (length === null) return damaged(binding);
        const view = bytes.subarray(0, length);
        try {
          return settled(use(view));
        } finally {
          view.fill(0);
        }
      });
    } finally {
      // Sealed while it was in use: nothing is kept for a vault that is shut.
      if (this.#live === null) place.free();
      else this.#places.push(place);
    }
  }

  /** Overwrites what is open of a key, before its time. */
  forget(key: string): void {
    this.#materials.forget(key);
  }

  /** @returns the length of the material, once it is in `target`; null for one that does not open */
  #read(binding: MaterialBinding, wrapped: WrappedMaterial, target: Uint8Array): number | null {
    const open = this.#materials.read(wrapped, binding, target);
    if (open !== null) return open;
    const material = this.#live!.key.use((epochKey) => openMaterial(epochKey, binding, wrapped));
    if (material === null) return null;
    try {
      target.set(material);
      this.#materials.put(wrapped, binding, material);
      return material.length;
    } finally {
      material.fill(0);
    }
  }

  #refuse(): Refusal {
    return refuse("sealed", this.#cause ?? "The vault is sealed.");
  }
}

function settled<Result>(result: Result): Result {
  if (typeof (result as { then?: unknown } | null)?.then === "function")
    throw new Error("what is done with material must be done at once: it is overwritten now");
  return result;
}

function damaged({ key, version }: MaterialBinding): Refusal {
  return refuse("material_damaged", `Version ${version} of ${key} does not open as what it is.`);
}
