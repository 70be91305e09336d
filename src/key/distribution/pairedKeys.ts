import { Turns } from "../../drbg/turns.ts";
import type { Leaf } from "../../log/leaf.ts";
import { outputWrite } from "../../lineage/rows.ts";
import { pendingOf } from "../../port/draw.ts";
import type { PendingOutputs, RandomSupply } from "../../port/draw.ts";
import { refuse, SpringhouseError } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { ServiceEvent } from "../../port/event.ts";
import type { Store, Write } from "../../store/store.ts";
import { deriveUuid } from "../derive/uuid.ts";
import { isRefusal } from "../managed/keyUser.ts";
import { materialRemoval, materialWrite, readMaterial } from "../seal/rows.ts";
import type { MaterialBinding, Vault } from "../seal/vault.ts";

/* Pre-shared keys for two named parties, in the words of ETSI GS QKD 014 V1.1.1. */

export interface PairedKeysTerms {
  readonly store: Store;
  readonly vault: Vault;
  readonly random: RandomSupply;
  readonly now: () => number;
  readonly record: (event: ServiceEvent, writes: readonly Write[], leaf: Leaf) => Promise<void>;
}

/** The two parties, as principals: who asks for keys, and who gets the same ones after it. */
export interface Pair {
  readonly master: string;
  readonly slave: string;
}

export interface PairedKey {
  /** A UUID. */
  readonly id: string;
  /** The caller overwrites it. */
  readonly bytes: Uint8Array;
}

/** ETSI GS QKD 014 5.1; sizes in bits. */
export const PAIR_LIMITS = {
  keySizeBits: 256,
  smallestKeyBits: 128,
  largestKeyBits: 4096,
  keysPerRequest: 128,
  keysWaiting: 1024,
} as const;
/** What nobody fetched after so long is thrown away. */
export const PAIR_LIFETIME_MILLISECONDS = 86_400_000;
const UUID_BYTES = 16;
const WAITING = 64;
const PURGED_AT_ONCE = 256;

/**
 * Each key goes to each of its two parties once. Until the second has it, it lies under the vault; then
 * it is gone here. Every handing over is a leaf that is durable before the answer.
 */
export class PairedKeys {
  readonly #terms: PairedKeysTerms;
  /** One at a time, so that nobody gets a key twice. */
  readonly #turns = new Turns(WAITING);

  constructor(terms: PairedKeysTerms) {
    this.#terms = terms;
  }

  /** Keys of this pair that wait for its slave. */
  async waiting({ master, slave }: Pair): Promise<number> {
    const [row] = await this.#terms.store.read("pairedKey.count", [slave, master]);
    return Number(row?.["n"] ?? 0);
  }

  /**
   * Fresh keys, for the master; the slave fetches them by their ids.
   * @param order within `PAIR_LIMITS`
   * @returns a Refusal `busy`, `sealed`, or that of the draw
   * @throws SpringhouseError `store_failed`: nothing was handed over
   */
  encrypt(
    pair: Pair,
    { number, bytes }: { readonly number: number; readonly bytes: number },
  ): Promise<readonly PairedKey[] | Refusal> {
    return this.#turn(async () => {
      if (pair.master === pair.slave)
        return refuse("invalid_parameter", "A pair is of two different principals.");
      await this.#purge();
      if ((await this.waiting(pair)) + number > PAIR_LIMITS.keysWaiting)
        return refuse("busy", `${PAIR_LIMITS.keysWaiting} keys of this pair wait for its slave.`, {
          remedy: "Have the slave fetch them; after a day they are thrown away.",
        });
      const { sealed, cause } = this.#terms.vault.state();
      if (sealed) return refuse("sealed", cause ?? "The vault is sealed.");
      const drawn = await this.#draw(pair.master, number, bytes);
      if (isRefusal(drawn)) return drawn;
      const { keys, pending } = drawn;
      // All are wrapped for one epoch of the vault, and stored in the same turn.
      const wrapped = await Promise.all(
        keys.map((key) => this.#terms.vault.wrap(bindingOf(pair, key.id), key.bytes)),
      );
      const refused = wrapped.find(isRefusal);
      const overtaken = refused ?? pending.refusal();
      if (overtaken) return forgotten(keys, overtaken);
      const at = this.#terms.now();
      const writes = keys.flatMap(({ id }, index): Write[] => [
        materialWrite(id, 1, wrapped[index] as Exclude<(typeof wrapped)[number], Refusal>),
        { statement: "pairedKey.insert", parameters: [id, pair.master, pair.slave, bytes, at] },
      ]);
      const outputs = pending.outputs.map(outputWrite);
      return this.#handOver(pair, "master", keys, [...outputs, ...writes]);
    });
  }

  /**
   * Keys that the master has, for the slave: all of these or none, and none twice.
   * @returns a Refusal `not_found` for one that is not there, or not of this pair
   */
  decrypt(pair: Pair, ids: readonly string[]): Promise<readonly PairedKey[] | Refusal> {
    return this.#turn(async () => {
      await this.#purge();
      const keys: PairedKey[] = [];
      for (const id of ids) {
        const key = await this.#open(pair, id);
        if (isRefusal(key)) return forgotten(keys, key);
        keys.push(key);
      }
      return this.#handOver(pair, "slave", keys, ids.flatMap(removal));
    });
  }

  async #turn<Result>(work: () => Promise<Result>): Promise<Result | Refusal> {
    if (this.#turns.full) return refuse("busy", "Other keys of pairs are being handed over.");
    return this.#turns.run(work);
  }

  async #draw(
    principal: string,
    number: number,
    bytes: number,
  ): Promise<{ readonly keys: readonly PairedKey[]; readonly pending: PendingOutputs } | Refusal> {
    const drawn = await this.#terms.random.draw({
      bytes: number * (bytes + UUID_BYTES),
      door: "keys",
      principal,
      purpose: "pair",
      requirement: { strength: 256 },
      recorded: "pending",
    });
    if (!drawn.ok) return drawn;
    const keys = Array.from({ length: number }, (_, index) => {
      const from = index * (bytes + UUID_BYTES);
      const name = deriveUuid(drawn.bytes.slice(from, from + UUID_BYTES));
      return {
        id: name.text,
        bytes: drawn.bytes.slice(from + UUID_BYTES, from + UUID_BYTES + bytes),
      };
    });
    drawn.bytes.fill(0);
    return { keys, pending: pendingOf(drawn) };
  }

  async #open({ master, slave }: Pair, id: string): Promise<PairedKey | Refusal> {
    const { store, vault } = this.#terms;
    const [row] = await store.read("pairedKey.one", [id]);
    const material = row && (await readMaterial(store, id, 1));
    // Whoever is none of the two learns as little as if it were not there.
    if (row?.["master"] !== master || row["slave"] !== slave || !material) return NO_SUCH_PAIR;
    // Copied: a Buffer's slice would be a view of memory that is shut afterwards.
    const bytes = vault.open(
      bindingOf({ master, slave }, id),
      material,
      (secret) => new Uint8Array(secret),
    );
    return isRefusal(bytes) ? bytes : { id, bytes };
  }

  async #handOver(
    pair: Pair,
    to: "master" | "slave",
    keys: readonly PairedKey[],
    writes: readonly Write[],
  ): Promise<readonly PairedKey[]> {
    const at = this.#terms.now();
    const actor = pair[to];
    const event: ServiceEvent = {
      kind: "key_exported",
      atMilliseconds: at,
      source: null,
      severity: "info",
      actor,
      reason: null,
      detail: `${keys.length} keys of ${pair.master} and ${pair.slave} went to the ${to}`,
      data: { ...pair, to, keys: keys.length },
    };
    try {
      await this.#terms.record(event, writes, {
        v: 1,
        kind: "export",
        at,
        actor,
        of: "pair",
        keys: keys.map(({ id }) => id),
        scheme: "tls",
        ...pair,
        to,
      });
      return keys;
    } catch (error) {
      forgotten(keys, null);
      // The vault's epoch was rotated between wrapping and storing: the database keeps such rows out.
      if (error instanceof SpringhouseError && error.code === "internal")
        throw new SpringhouseError("store_failed", "The database did not take the keys.");
      throw error;
    }
  }

  async #purge(): Promise<void> {
    const { store, now } = this.#terms;
    const old = now() - PAIR_LIFETIME_MILLISECONDS;
    const rows = await store.read("pairedKey.old", [old, PURGED_AT_ONCE]);
    if (rows.length > 0) await store.write(rows.flatMap(({ id }) => removal(String(id))));
  }
}

const NO_SUCH_PAIR = refuse("not_found", "No such key of this pair waits here.", {
  remedy: "A key is handed over once; have the master ask for new ones.",
});

const removal = (id: string): Write[] => [
  materialRemoval(id, 1),
  { statement: "pairedKey.remove", parameters: [id] },
];

const bindingOf = ({ master, slave }: Pair, id: string): MaterialBinding => ({
  key: id,
  version: 1,
  algorithm: "pair",
  usage: `pair ${master} ${slave}`,
});

function forgotten<Result>(keys: readonly PairedKey[], result: Result): Result {
  for (const { bytes } of keys) bytes.fill(0);
  return result;
}
