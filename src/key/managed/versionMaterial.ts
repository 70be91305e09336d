import { createHash } from "node:crypto";
import { outputWrite } from "../../lineage/rows.ts";
import { commitmentTo, SALT_BYTES } from "../../log/commitment.ts";
import type { LeafOf } from "../../log/leaf.ts";
import type { PendingOutputs, RandomSupply } from "../../port/draw.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { ManagedType } from "../../port/key.ts";
import type { Requirement } from "../../port/lineage.ts";
import type { Write } from "../../store/store.ts";
import type { KeyGenerator } from "../keyGenerator.ts";
import type { Birth, Change } from "../lifecycle/change.ts";
import type { KeyRecord } from "../lifecycle/record.ts";
import type { MaterialBinding, Vault, WrappedMaterial } from "../seal/vault.ts";
import type { Births } from "./births.ts";
import { materialFrom, RAW_BYTES } from "./importMaterial.ts";

export interface VersionMaterialTerms {
  readonly random: RandomSupply;
  readonly generator: KeyGenerator;
  readonly vault: Vault;
  readonly births: Births;
}

/** What a version is made of, in the clear: whoever has it overwrites it. */
export interface Secret {
  readonly secret: Uint8Array;
  readonly birth: Omit<Birth, "activate">;
  /** The record of the output that it was made of, which is kept with it; null for an imported one. */
  readonly pending: PendingOutputs | null;
}

export interface SealedMaterial {
  readonly wrapped: WrappedMaterial;
  readonly leaf: LeafOf<"key">;
  /** Records of the outputs that it was made of. */
  readonly outputs: readonly Write[];
}

/** What a version of a key is made of, and how it comes into the vault. */
export class VersionMaterial {
  readonly #terms: VersionMaterialTerms;

  constructor(terms: VersionMaterialTerms) {
    this.#terms = terms;
  }

  /** Why nothing can be sealed now; asked before anything is drawn. */
  sealed(): Refusal | null {
    const { sealed, cause } = this.#terms.vault.state();
    return sealed ? refuse("sealed", cause ?? "The vault is sealed.") : null;
  }

  /** Bytes of the DRBG, derived and tested. @returns the draw's Refusal where there are none */
  async generate(
    type: ManagedType,
    owner: string,
    requirement: Requirement,
  ): Promise<Secret | Refusal> {
    const made = await this.#terms.generator.material(type, owner, requirement);
    if ("ok" in made) return made;
    const { secret, publicKey, pending } = made;
    const output = pending.outputs[0]!.id;
    return { secret, birth: { origin: "generated", output, publicKey }, pending };
  }

  /**
   * Seals the secret with the salt of its commitment, and completes the leaf.
   * @returns a Refusal of the draw or of the vault, or where a reseed or a failed self-test overtook
   *   the draw that the secret was made of
   */
  async seal(
    change: Change,
    version: number,
    { secret, birth, pending }: Secret,
  ): Promise<SealedMaterial | Refusal> {
    const { record, leaf } = change;
    const certificate = birth.output === null ? null : await this.#terms.births.of(birth.output);
    const salt = await this.#terms.random.draw({
      bytes: SALT_BYTES,
      door: "internal",
      principal: "springhouse",
      purpose: "commitment",
      requirement: {},
    });
    if (!salt.ok) return salt;
    const material = new Uint8Array(SALT_BYTES + secret.length);
    material.set(salt.bytes);
    material.set(secret, SALT_BYTES);
    const commitment = commitmentTo(salt.bytes, `key ${record.id} ${version}`, secret);
    salt.bytes.fill(0);
    try {
      // The last thing that waits: the row is stored in the same turn of the event loop.
      const wrapped = await this.#terms.vault.wrap(bindingOf(record, version), material);
      if ("ok" in wrapped) return wrapped;
      const refusal = pending?.refusal();
      if (refusal) return refusal;
      const { publicKey } = birth;
      return {
        wrapped,
        outputs: pending?.outputs.map(outputWrite) ?? [],
        leaf: {
          ...leaf,
          commitment,
          ...(certificate ? { birth: certificate } : {}),
          ...(publicKey ? { publicKey: createHash("sha256").update(publicKey).digest("hex") } : {}),
        },
      };
    } finally {
      material.fill(0);
    }
  }
}

/** What a version's material is bound to: moved to another row it does not open. */
export function bindingOf(
  record: Pick<KeyRecord, "id" | "type" | "algorithms" | "purpose" | "usages">,
  version: number,
): MaterialBinding {
  return {
    key: record.id,
    version,
    algorithm: `${record.type} ${record.algorithms.join(",")}`,
    usage: `${record.purpose} ${record.usages.join(",")}`,
  };
}

/** @param raw as `RAW_BYTES`. @returns a Refusal `invalid_parameter` for what is no key of the type */
export function importSecret(type: ManagedType, raw: Uint8Array): Secret | Refusal {
  const material = materialFrom(type, raw);
  if (!material || !("secret" in material))
    return refuse("invalid_parameter", `material is no ${type} key of ${RAW_BYTES[type]} bytes.`, {
      remedy: "Send the raw form, in base64, that `POST /v1/keys/generate` gives for the type.",
    });
  const publicKey = "publicKey" in material ? material.publicKey : null;
  const birth = { origin: "imported", output: null, publicKey } as const;
  return { secret: material.secret, birth, pending: null };
}
