import { createHash } from "node:crypto";
import { commitmentTo, SALT_BYTES } from "../../log/commitment.ts";
import type { Leaf, LeafOf } from "../../log/leaf.ts";
import type { Clock } from "../../port/clock.ts";
import type { PendingOutputs, RandomSupply } from "../../port/draw.ts";
import { SpringhouseError, refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { ServiceEvent } from "../../port/event.ts";
import type { ManagedType } from "../../port/key.ts";
import type { Requirement } from "../../port/lineage.ts";
import type { Store, Write } from "../../store/store.ts";
import { outputWrite } from "../../lineage/rows.ts";
import type { KeyGenerator } from "../keyGenerator.ts";
import {
  createKey,
  refuseRotation,
  repolicyKey,
  rotateKey,
  transitKey,
} from "../lifecycle/change.ts";
import type { Author, Birth, Change, TransitionOrder } from "../lifecycle/change.ts";
import type { KeyFacts, KeyRecord } from "../lifecycle/record.ts";
import { mayUse } from "../policy/decide.ts";
import { materialWrite } from "../seal/rows.ts";
import type { MaterialBinding, Vault, WrappedMaterial } from "../seal/vault.ts";
import type { Births } from "./births.ts";
import { eventOf } from "./events.ts";
import { RAW_BYTES, materialFrom } from "./importMaterial.ts";
import { readKeyOrder, readPolicy } from "./order.ts";
import type { KeyOrder, PolicyOrder, ReadOrder } from "./order.ts";
import { insertWrites, updateWrites, versionWrite } from "./rows.ts";
import type { Held, Shelf } from "./shelf.ts";
import type { KeyTally } from "./tally.ts";

/** Who asks. */
export interface Asker {
  readonly id: string;
  /** May do this with keys of others. */
  readonly anyKey: boolean;
}

export interface KeyServiceTerms {
  readonly clock: Clock;
  readonly store: Store;
  readonly random: RandomSupply;
  readonly generator: KeyGenerator;
  readonly vault: Vault;
  readonly shelf: Shelf;
  readonly births: Births;
  readonly tally: KeyTally;
  readonly log: {
    append(
      leaf: Leaf,
      writes: readonly Write[],
      commit?: (batch: readonly Write[]) => Promise<void>,
    ): Promise<string>;
  };
  /** Keeps an event durably with what it tells of: both or neither. */
  readonly record: (event: ServiceEvent, together: readonly Write[]) => Promise<void>;
  /** 16 hex digits, chosen anew at each start. */
  readonly boot: string;
  /** Called after each change, for whoever waits for what is due. */
  readonly changed: (record: KeyRecord) => void;
}

/** A change, and the leaf that says so. */
export interface Changed {
  readonly record: KeyRecord;
  /** Id of the leaf, for a receipt. */
  readonly leaf: string;
}

interface Secret {
  readonly secret: Uint8Array;
  readonly birth: Omit<Birth, "activate">;
  /** The record of the output that it was made of, which is kept with it; null for an imported one. */
  readonly pending: PendingOutputs | null;
}

/**
 * The life of managed keys: every change is judged by the pure machine of `lifecycle/`, and is durable
 * with its leaf in one transaction, or is not at all.
 */
export class KeyService {
  readonly #terms: KeyServiceTerms;
  #made = 0;
  #latest = 0;

  constructor(terms: KeyServiceTerms) {
    this.#terms = terms;
  }

  /**
   * The time that counts for keys: the wall clock's, and never earlier than it once was, so that a
   * clock that jumps back un-expires nothing.
   */
  now(): number {
    this.#latest = Math.max(this.#latest, this.#terms.clock.wallMilliseconds());
    return this.#latest;
  }

  /**
   * A new key of bytes from the DRBG.
   * @returns a Refusal `invalid_parameter`, `sealed`, or that of the draw
   * @throws SpringhouseError `store_failed`
   */
  async create(
    order: KeyOrder,
    requirement: Requirement,
    { id: owner }: Asker,
  ): Promise<Changed | Refusal> {
    const read = readKeyOrder(order);
    if ("ok" in read) return read;
    const sealed = this.#sealed();
    if (sealed) return sealed;
    const made = await this.#generate(read.type, owner, requirement);
    return "ok" in made ? made : this.#keep(read, made, owner);
  }

  /**
   * Takes in a key that was made elsewhere: nobody can say what noise is behind it.
   * @param raw as `RAW_BYTES`; the caller overwrites it
   */
  async import(order: KeyOrder, raw: Uint8Array, { id: owner }: Asker): Promise<Changed | Refusal> {
    const read = readKeyOrder(order);
    if ("ok" in read) return read;
    const sealed = this.#sealed();
    if (sealed) return sealed;
    const secret = importSecret(read.type, raw);
    return "ok" in secret ? secret : this.#keep(read, secret, owner);
  }

  /** A further version, generated; or imported, for a key that was. */
  async rotate(
    id: string,
    {
      raw = null,
      activate = true,
      reason = null,
      requirement = {},
      ifRevision = null,
    }: {
      readonly raw?: Uint8Array | null;
      readonly activate?: boolean;
      readonly reason?: string | null;
      readonly requirement?: Requirement;
      readonly ifRevision?: number | null;
    },
    asker: Asker,
    /** Looked at again when it is the key's turn; null lets it go on. */
    check: (held: Held) => Refusal | null = () => null,
  ): Promise<Changed | Refusal> {
    return this.#change(id, asker, ifRevision, async (held) => {
      const refusal =
        check(held) ?? this.#sealed() ?? refuseRotation(held.record, activate, this.now());
      if (refusal) return refusal;
      const { type } = held.record;
      const made = raw
        ? importSecret(type, raw)
        : await this.#generate(type, held.record.owner, requirement);
      if ("ok" in made) return made;
      try {
        const change = rotateKey(
          held.record,
          { ...made.birth, activate },
          this.#author(asker.id),
          reason,
        );
        if ("ok" in change) return change;
        const version = change.record.versions.at(-1)!.version;
        return await this.#withMaterial(held, change, version, made);
      } finally {
        made.secret.fill(0);
      }
    });
  }

  /** A transition of one version: see `lifecycle/transition.ts` for which, from where, and who must agree. */
  async transit(
    id: string,
    order: Omit<TransitionOrder, "version"> & { readonly version: number | null },
    asker: Asker,
    ifRevision: number | null = null,
    check: (held: Held) => Refusal | null = () => null,
    /** Kept with it: that what was approved is used up, or that the material is gone. */
    together: readonly Write[] = [],
  ): Promise<Changed | Refusal> {
    return this.#change(id, asker, ifRevision, async (held) => {
      const { record } = held;
      const version = order.version ?? record.primary;
      const change =
        check(held) ?? transitKey(record, { ...order, version }, this.#author(asker.id));
      if ("ok" in change) return change;
      const done = (): void => {
        // What is sealed of it is of no more use to anybody.
        if (order.transition === "destroy") held.materials.delete(version);
      };
      return { change, writes: together, leaf: change.leaf, done };
    });
  }

  /** Another policy, or other principals. */
  async repolicy(
    id: string,
    order: { readonly policy?: PolicyOrder; readonly principals?: readonly string[] },
    asker: Asker,
    ifRevision: number | null = null,
  ): Promise<Changed | Refusal> {
    return this.#change(id, asker, ifRevision, async ({ record }) => {
      const policy = readPolicy(record.policy, order.policy ?? {});
      if ("ok" in policy) return policy;
      const principals = order.principals ? [...new Set(order.principals)] : record.principals;
      const change = repolicyKey(record, { principals, policy }, this.#author(asker.id));
      return { change, writes: [], leaf: change.leaf };
    });
  }

  #author(actor: string): Author {
    return { actor, atMilliseconds: this.now() };
  }

  #sealed(): Refusal | null {
    const { sealed, cause } = this.#terms.vault.state();
    return sealed ? refuse("sealed", cause ?? "The vault is sealed.") : null;
  }

  async #generate(
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

  async #keep(order: ReadOrder, made: Secret, owner: string): Promise<Changed | Refusal> {
    const { principals, policy, activate, ...what } = order;
    const author = this.#author(owner);
    const facts: KeyFacts = {
      ...what,
      id: `k-${this.#terms.boot}-${++this.#made}`,
      owner,
      createdMilliseconds: author.atMilliseconds,
    };
    const change = createKey(facts, { principals, policy }, { ...made.birth, activate }, author);
    try {
      const kept = await this.#materialOf(change, 1, made);
      if ("ok" in kept) return kept;
      const leaf = await this.#terms.log.append(kept.leaf, [
        ...kept.outputs,
        ...insertWrites(change.record, author.atMilliseconds),
        versionWrite(facts.id, change.changed[0]!),
        materialWrite(facts.id, 1, kept.wrapped),
      ]);
      this.#terms.shelf.add(change.record, 1, kept.wrapped);
      this.#told(null, change);
      return { record: change.record, leaf };
    } finally {
      made.secret.fill(0);
    }
  }

  async #withMaterial(
    held: Held,
    change: Change,
    version: number,
    made: Secret,
  ): Promise<Prepared | Refusal> {
    const kept = await this.#materialOf(change, version, made);
    if ("ok" in kept) return kept;
    return {
      change,
      leaf: kept.leaf,
      first: kept.outputs,
      writes: [materialWrite(change.record.id, version, kept.wrapped)],
      done: () => held.materials.set(version, kept.wrapped),
    };
  }

  /** Seals the secret with the salt of its commitment, and completes the leaf. */
  async #materialOf(
    change: Change,
    version: number,
    { secret, birth, pending }: Secret,
  ): Promise<Sealed | Refusal> {
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

  /** A change in its turn: one at a time on a key, judged on the record as it is then. */
  async #change(
    id: string,
    asker: Asker,
    ifRevision: number | null,
    prepare: (held: Held) => Promise<Prepared | Refusal>,
  ): Promise<Changed | Refusal> {
    const { shelf } = this.#terms;
    const result = await shelf.with(id, async (held) => {
      if (held.turns.full)
        return refuse("busy", "As many changes of this key as are allowed are waiting.");
      return held.turns.run(async () => {
        // The change before this one may have come to an unknown end.
        await shelf.refresh(held);
        const { record } = held;
        if (!mayUse(record, { anyKey: asker.anyKey, principal: asker.id })) return NO_SUCH_KEY;
        if (ifRevision !== null && ifRevision !== record.revision)
          return refuse(
            "revision_changed",
            `The key has revision ${record.revision}, and ${ifRevision} was expected.`,
          );
        const prepared = await prepare(held);
        return "ok" in prepared ? prepared : this.#commit(held, prepared);
      });
    });
    return result ?? NO_SUCH_KEY;
  }

  async #commit(
    held: Held,
    { change, leaf, first = [], writes, done }: Prepared,
  ): Promise<Changed> {
    const { record, changed } = change;
    const batch = [
      ...first,
      ...updateWrites(held.record, record, this.now()),
      ...changed.map((version) => versionWrite(record.id, version)),
      ...writes,
    ];
    try {
      const id = await this.#terms.log.append(leaf, batch, (whole) =>
        this.#terms.record(eventOf(leaf), whole),
      );
      this.#told(held.record, change);
      held.record = record;
      // Nothing of a version that was suspended or destroyed stays in the clear.
      this.#terms.vault.forget(record.id);
      done?.();
      return { record, leaf: id };
    } catch (error) {
      // What failed may be durable all the same (a failed fsync): nothing is believed until it is read.
      held.stale = true;
      if (error instanceof SpringhouseError && error.code === "internal")
        throw new SpringhouseError("store_failed", "The database did not take the change.");
      throw error;
    }
  }

  #told(before: KeyRecord | null, change: Change): void {
    this.#terms.tally.changed(before, change);
    this.#terms.changed(change.record);
  }
}

interface Sealed {
  readonly wrapped: WrappedMaterial;
  readonly leaf: LeafOf<"key">;
  /** Records of the outputs that it was made of. */
  readonly outputs: readonly Write[];
}

interface Prepared {
  readonly change: Change;
  readonly leaf: LeafOf<"key">;
  /** What the version's row refers to. */
  readonly first?: readonly Write[];
  readonly writes: readonly Write[];
  readonly done?: () => void;
}

/** One answer for a key that is not there and for one that is none of the asker's business. */
export const NO_SUCH_KEY = refuse("not_found", "No such key.", {
  remedy: "See `GET /v1/keys` for the keys that you may use.",
});

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

function importSecret(type: ManagedType, raw: Uint8Array): Secret | Refusal {
  const material = materialFrom(type, raw);
  if (!material || !("secret" in material))
    return refuse("invalid_parameter", `material is no ${type} key of ${RAW_BYTES[type]} bytes.`, {
      remedy: "Send the raw form, in base64, that `POST /v1/keys/generate` gives for the type.",
    });
  const publicKey = "publicKey" in material ? material.publicKey : null;
  const birth = { origin: "imported", output: null, publicKey } as const;
  return { secret: material.secret, birth, pending: null };
}
