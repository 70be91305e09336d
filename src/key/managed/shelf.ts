import { Turns } from "../../drbg/turns.ts";
import type { Store } from "../../store/store.ts";
import type { KeyRecord } from "../lifecycle/record.ts";
import type { Amount } from "../policy/limits.ts";
import { Counter } from "./counters.ts";
import type { WrappedMaterial } from "../seal/vault.ts";
import { toHead, toVersion } from "./rows.ts";

/** A key in memory: what the database says of it, its counters, and its material as it is sealed. */
export interface Held {
  record: KeyRecord;
  /** One change at a time. */
  readonly turns: Turns;
  readonly materials: Map<number, WrappedMaterial>;
  readonly counters: Map<number, Counter>;
  /** A change of unknown outcome: the record has to be read again. */
  stale: boolean;
  /** Calls that hold it; only a key that nobody holds is forgotten. */
  holders: number;
}

/** About 3 kB each. */
const KEYS_HELD = 8_192;
const CHANGES_WAITING = 64;
const NOTHING: Amount = { operations: 0, bytes: 0 };

/** The keys that were used last. There is one `Held` of a key at any time, and with it one counter. */
export class Shelf {
  readonly #store: Store;
  readonly #capacity: number;
  readonly #held = new Map<string, Held>();
  readonly #loading = new Map<string, Promise<Held | null>>();
  #newest: Held | null = null;

  constructor(store: Store, capacity = KEYS_HELD) {
    this.#store = store;
    this.#capacity = capacity;
  }

  /** Puts a key there that was just made. */
  add(record: KeyRecord, version: number, material: WrappedMaterial): void {
    const held = newHeld(record, new Map());
    held.materials.set(version, material);
    this.#put(held);
  }

  /**
   * Does something with a key, which stays held meanwhile: in this turn where the key is at hand.
   * @returns null for a key that is not there
   * @throws SpringhouseError `store_failed`
   */
  with<Result>(
    id: string,
    work: (held: Held) => Result | Promise<Result>,
  ): Result | null | Promise<Result | null> {
    const held = this.#held.get(id);
    if (!held || held.stale) return this.#read(id, held).then((read) => read && hold(read, work));
    this.#renew(held);
    return hold(held, work);
  }

  /** Reads a held key again whose last change came to an unknown end. */
  async refresh(held: Held): Promise<void> {
    if (held.stale) await this.#load(held.record.id, held);
  }

  /** Every key that is held, to give back what it reserved. */
  all(): Iterable<Held> {
    return this.#held.values();
  }

  /** The most recently used stand last. */
  #renew(held: Held): void {
    if (held === this.#newest) return;
    this.#held.delete(held.record.id);
    this.#held.set(held.record.id, held);
    this.#newest = held;
  }

  async #read(id: string, held: Held | undefined): Promise<Held | null> {
    const loading = this.#loading.get(id) ?? this.#load(id, held);
    this.#loading.set(id, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(id);
    }
  }

  async #load(id: string, known: Held | undefined): Promise<Held | null> {
    const [heads, versions, uses] = await this.#store.readTogether([
      { statement: "managedKey.one", parameters: [id] },
      { statement: "keyVersion.ofKey", parameters: [id] },
      { statement: "keyUse.ofKey", parameters: [id] },
    ]);
    const [head] = heads ?? [];
    if (!head) return null;
    const { state: _, ...rest } = toHead(head);
    const record: KeyRecord = { ...rest, versions: (versions ?? []).map(toVersion) };
    if (known) {
      // Its counters know more than the database: they go on.
      known.record = record;
      known.stale = false;
      return known;
    }
    const counters = new Map(
      (uses ?? []).map(({ version, operations, bytes }) => [
        Number(version),
        new Counter({ operations: Number(operations), bytes: Number(bytes) }),
      ]),
    );
    const held = newHeld(record, counters);
    this.#put(held);
    return held;
  }

  #put(held: Held): void {
    this.#held.set(held.record.id, held);
    this.#newest = held;
    if (this.#held.size <= this.#capacity) return;
    for (const [id, other] of this.#held) {
      if (other.holders > 0 || other === held) continue;
      this.#held.delete(id);
      return;
    }
  }
}

function hold<Result>(
  held: Held,
  work: (held: Held) => Result | Promise<Result>,
): Result | Promise<Result> {
  held.holders++;
  let later = false;
  try {
    const result = work(held);
    if (!(result instanceof Promise)) return result;
    later = true;
    return result.finally(() => held.holders--);
  } finally {
    if (!later) held.holders--;
  }
}

function newHeld(record: KeyRecord, counters: Map<number, Counter>): Held {
  return {
    record,
    turns: new Turns(CHANGES_WAITING),
    materials: new Map(),
    counters,
    stale: false,
    holders: 0,
  };
}

/** The counter of a version; one that never protected begins at nothing. */
export function counterOf({ counters }: Held, version: number): Counter {
  const known = counters.get(version);
  if (known) return known;
  const counter = new Counter(NOTHING);
  counters.set(version, counter);
  return counter;
}
