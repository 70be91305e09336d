import type { Clock } from "../../port/clock.ts";
import type { Refusal } from "../../port/errors.ts";
import type { Requirement } from "../../port/lineage.ts";
import type { Store, Write } from "../../store/store.ts";
import { KeyTime } from "../keyTime.ts";
import {
  createKey,
  refuseRotation,
  repolicyKey,
  rotateKey,
  transitKey,
} from "../lifecycle/change.ts";
import type { Author, Change, TransitionOrder } from "../lifecycle/change.ts";
import type { KeyFacts } from "../lifecycle/record.ts";
import { materialWrite } from "../seal/rows.ts";
import type { Vault } from "../seal/vault.ts";
import type { Asker } from "./asker.ts";
import { KeyChanges } from "./keyChanges.ts";
import type { Changed, KeyChangesTerms, Prepared } from "./keyChanges.ts";
import { readKeyOrder, readPolicy } from "./order.ts";
import type { KeyOrder, PolicyOrder, ReadOrder } from "./order.ts";
import type { Held } from "./shelf.ts";
import { importSecret, VersionMaterial } from "./versionMaterial.ts";
import type { Secret, VersionMaterialTerms } from "./versionMaterial.ts";

export interface KeyServiceTerms extends VersionMaterialTerms, KeyChangesTerms {
  readonly clock: Clock;
  readonly store: Store;
  readonly vault: Vault;
  /** 16 hex digits, chosen anew at each start. */
  readonly boot: string;
}

/**
 * The life of managed keys: every change is judged by the pure machine of `lifecycle/`, and is durable
 * with its leaf in one transaction, or is not at all.
 */
export class KeyService {
  readonly #boot: string;
  readonly #time: KeyTime;
  readonly #material: VersionMaterial;
  readonly #changes: KeyChanges;
  #made = 0;

  constructor(terms: KeyServiceTerms) {
    this.#boot = terms.boot;
    this.#time = new KeyTime(terms.clock);
    this.#material = new VersionMaterial(terms);
    this.#changes = new KeyChanges(terms, this.#time);
  }

  /** The time that counts for keys. */
  now(): number {
    return this.#time.now();
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
    const sealed = this.#material.sealed();
    if (sealed) return sealed;
    const made = await this.#material.generate(read.type, owner, requirement);
    return "ok" in made ? made : this.#keep(read, made, owner);
  }

  /**
   * Takes in a key that was made elsewhere: nobody can say what noise is behind it.
   * @param raw as `RAW_BYTES`; the caller overwrites it
   */
  async import(order: KeyOrder, raw: Uint8Array, { id: owner }: Asker): Promise<Changed | Refusal> {
    const read = readKeyOrder(order);
    if ("ok" in read) return read;
    const sealed = this.#material.sealed();
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
    return this.#changes.change(id, asker, ifRevision, async (held) => {
      const refusal =
        check(held) ??
        this.#material.sealed() ??
        refuseRotation(held.record, activate, this.#time.now());
      if (refusal) return refusal;
      const { type } = held.record;
      const made = raw
        ? importSecret(type, raw)
        : await this.#material.generate(type, held.record.owner, requirement);
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
    return this.#changes.change(id, asker, ifRevision, async (held) => {
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
    return this.#changes.change(id, asker, ifRevision, async ({ record }) => {
      const policy = readPolicy(record.policy, order.policy ?? {});
      if ("ok" in policy) return policy;
      const principals = order.principals ? [...new Set(order.principals)] : record.principals;
      const change = repolicyKey(record, { principals, policy }, this.#author(asker.id));
      return { change, writes: [], leaf: change.leaf };
    });
  }

  #author(actor: string): Author {
    return { actor, atMilliseconds: this.#time.now() };
  }

  async #keep(order: ReadOrder, made: Secret, owner: string): Promise<Changed | Refusal> {
    const { principals, policy, activate, ...what } = order;
    const author = this.#author(owner);
    const facts: KeyFacts = {
      ...what,
      id: `k-${this.#boot}-${++this.#made}`,
      owner,
      createdMilliseconds: author.atMilliseconds,
    };
    const change = createKey(facts, { principals, policy }, { ...made.birth, activate }, author);
    try {
      const kept = await this.#material.seal(change, 1, made);
      return "ok" in kept ? kept : await this.#changes.birth(change, kept);
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
    const kept = await this.#material.seal(change, version, made);
    if ("ok" in kept) return kept;
    return {
      change,
      leaf: kept.leaf,
      first: kept.outputs,
      writes: [materialWrite(change.record.id, version, kept.wrapped)],
      done: () => held.materials.set(version, kept.wrapped),
    };
  }
}
