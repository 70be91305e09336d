import { SALT_BYTES } from "../../log/commitment.ts";
import type { RandomSupply } from "../../port/draw.ts";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { KeyAlgorithm, KeyUsage } from "../../port/key.ts";
import type { Store } from "../../store/store.ts";
import { isExpired, versionOf } from "../lifecycle/record.ts";
import type { KeyRecord, KeyVersion } from "../lifecycle/record.ts";
import { FIXED_FIELD_BYTES } from "../operation/nonce.ts";
import { decide } from "../policy/decide.ts";
import type { Use } from "../policy/decide.ts";
import { dueNow } from "../policy/due.ts";
import { limitOf, overLimit } from "../policy/limits.ts";
import type { Amount } from "../policy/limits.ts";
import { isProtecting } from "../policy/purpose.ts";
import { readMaterial } from "../seal/rows.ts";
import type { Vault } from "../seal/vault.ts";
import type { Invocation } from "./counters.ts";
import { NO_SUCH_KEY, bindingOf } from "./keyService.ts";
import type { Asker } from "./keyService.ts";
import { counterOf } from "./shelf.ts";
import type { Held, Shelf } from "./shelf.ts";
import type { KeyTally } from "./tally.ts";

export interface KeyUserTerms {
  readonly store: Store;
  readonly random: RandomSupply;
  readonly vault: Vault;
  readonly shelf: Shelf;
  readonly tally: KeyTally;
  readonly now: () => number;
  /** Called when a use shows that something is due: a version has done its part, or its validity ended. */
  readonly due: (key: string) => void;
}

/** What somebody wants to do with a key. */
export interface Ask {
  readonly usage: KeyUsage;
  readonly algorithm?: string | null;
  readonly version?: number | null;
  /** Bytes that it is done to: they count against the version's limits where it protects. */
  readonly bytes: number;
}

/** Leave to do it, for this turn of the event loop. */
export interface Leave {
  readonly record: KeyRecord;
  readonly version: KeyVersion;
  readonly algorithm: KeyAlgorithm;
  /** Of a protecting use; null else. */
  readonly invocation: Invocation | null;
}

/** Vaults change their epoch now and then; a row that was read before does not open after. */
const EPOCH_TRIES = 3;

/**
 * Every use of a key goes through here. The decision, the count and the use itself are one turn of the
 * event loop: nothing is done with a version that was suspended a moment ago, and nothing uncounted.
 */
export class KeyUser {
  readonly #terms: KeyUserTerms;

  constructor(terms: KeyUserTerms) {
    this.#terms = terms;
  }

  /**
   * Opens a version's secret for the length of `work`.
   * @param work synchronous; what it returns is no view of the secret
   * @returns what it returns, or why not: `not_found`, `key_use_refused`, `conflict`,
   *   `approval_required`, `key_limit_reached`, `sealed`, that of a draw
   * @throws SpringhouseError `store_failed`
   */
  async use<Result>(
    id: string,
    asker: Asker,
    ask: Ask,
    work: (secret: Uint8Array, leave: Leave) => Result,
  ): Promise<Result | Refusal> {
    const result = await this.#terms.shelf.with(id, async (held) => {
      for (let tries = 0; ;) {
        const leave = await this.#leave(held, asker, ask);
        if ("ok" in leave) return leave;
        const { version } = leave.version;
        const material = held.materials.get(version)!;
        const done = this.#terms.vault.open(bindingOf(held.record, version), material, (secret) =>
          work(secret.subarray(SALT_BYTES), leave),
        );
        if (isConflict(done) && ++tries < EPOCH_TRIES) {
          held.materials.delete(version);
          continue;
        }
        if (!isRefusal(done)) this.#terms.tally.operated(ask.usage);
        return done;
      }
    });
    return result ?? NO_SUCH_KEY;
  }

  /** As `use`, for what needs no secret: a signature is verified, a key encapsulated to. */
  async usePublic<Result>(
    id: string,
    asker: Asker,
    ask: Ask,
    work: (publicKey: Uint8Array, leave: Leave) => Result,
  ): Promise<Result | Refusal> {
    const result = await this.#terms.shelf.with(id, async (held) => {
      const leave = await this.#leave(held, asker, ask, false);
      if ("ok" in leave) return leave;
      const done = work(leave.version.publicKey ?? new Uint8Array(0), leave);
      if (!isRefusal(done)) this.#terms.tally.operated(ask.usage);
      return done;
    });
    return result ?? NO_SUCH_KEY;
  }

  /**
   * Whether a use would be allowed now, for what has to be drawn first: who is refused draws nothing.
   * Nothing is counted, and the use is judged again.
   * @param secret whether it needs the version's secret, and so an open vault
   */
  async judge(
    id: string,
    asker: Asker,
    { usage, algorithm = null, version = null, bytes }: Ask,
    secret = true,
  ): Promise<Use | Refusal> {
    const { shelf, vault } = this.#terms;
    const result = await shelf.with(id, async (held) => {
      await shelf.refresh(held);
      const use = this.#decide(held, asker, { usage, algorithm, version });
      if ("ok" in use) return use;
      const { used } = counterOf(held, use.version.version);
      const over = isProtecting(usage)
        ? overLimit(used, bytes, limitOf(held.record.policy, use.algorithm))
        : null;
      if (over) return over;
      const { sealed, cause } = vault.state();
      return secret && sealed ? refuse("sealed", cause ?? "The vault is sealed.") : use;
    });
    return result ?? NO_SUCH_KEY;
  }

  /** What was reserved and not used, given back at a clean stop. */
  async stop(): Promise<void> {
    for (const { record, counters } of this.#terms.shelf.all())
      for (const [version, counter] of counters)
        if (counter.unused.operations > 0 || counter.unused.bytes > 0)
          await this.#put(record.id, version, counter.used);
  }

  /** Waits for what is not at hand, until everything is decided in one turn. */
  async #leave(
    held: Held,
    asker: Asker,
    { usage, algorithm = null, version = null, bytes }: Ask,
    secret = true,
  ): Promise<Leave | Refusal> {
    for (;;) {
      await this.#terms.shelf.refresh(held);
      const use = this.#decide(held, asker, { usage, algorithm, version });
      if ("ok" in use) return use;
      if (secret && !held.materials.has(use.version.version)) {
        const refusal = await this.#fetch(held, use.version.version);
        if (refusal) return refusal;
        continue;
      }
      const leave = { record: held.record, ...use };
      if (!isProtecting(usage)) return { ...leave, invocation: null };
      const invocation = await this.#count(held, use, bytes);
      if (invocation === null) continue;
      return "ok" in invocation ? invocation : { ...leave, invocation };
    }
  }

  #decide(
    { record }: Held,
    { id: principal, anyKey }: Asker,
    ask: Required<Omit<Ask, "bytes">>,
  ): Use | Refusal {
    const algorithm = ask.algorithm as KeyAlgorithm | null;
    const atMilliseconds = this.#terms.now();
    const use = decide(record, { ...ask, algorithm, principal, anyKey, atMilliseconds });
    // So that the end of a validity is durable as soon as it was met, and no clock takes it back.
    const refused = "ok" in use && versionOf(record, record.primary)?.state === "active";
    if (refused && isExpired(record, atMilliseconds)) this.#terms.due(record.id);
    return use;
  }

  /** Null when it had to wait, and everything has to be decided again. */
  async #count(
    held: Held,
    { version: { version }, algorithm }: Use,
    bytes: number,
  ): Promise<Invocation | Refusal | null> {
    const { record } = held;
    const counter = counterOf(held, version);
    const limit = limitOf(record.policy, algorithm);
    const taken = counter.take(bytes, limit);
    if (taken !== null) {
      // Also where it is refused: the rotation may be what it waits for.
      if (dueNow(record, counter.used, this.#terms.now())?.act === "rotate")
        this.#terms.due(record.id);
      return taken;
    }
    return counter.reserve(bytes, limit, (reserved) => this.#reserve(record.id, version, reserved));
  }

  async #reserve(key: string, version: number, reserved: Amount): Promise<Uint8Array | Refusal> {
    const drawn = await this.#terms.random.draw({
      bytes: FIXED_FIELD_BYTES,
      door: "internal",
      principal: "springhouse",
      purpose: "nonce",
      requirement: {},
    });
    if (!drawn.ok) return drawn;
    await this.#put(key, version, reserved);
    return drawn.bytes;
  }

  async #put(key: string, version: number, { operations, bytes }: Amount): Promise<void> {
    await this.#terms.store.write([
      { statement: "keyUse.put", parameters: [key, version, operations, bytes] },
    ]);
  }

  async #fetch(held: Held, version: number): Promise<Refusal | null> {
    const { store } = this.#terms;
    const material = await readMaterial(store, held.record.id, version);
    if (!material)
      return refuse("material_damaged", `Version ${version} of ${held.record.id} has no material.`);
    held.materials.set(version, material);
    return null;
  }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && (value as { ok?: unknown }).ok === false;
}

const isConflict = (value: unknown): boolean => isRefusal(value) && value.code === "conflict";
