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
import { NO_SUCH_KEY } from "./asker.ts";
import { bindingOf } from "./versionMaterial.ts";
import type { Asker } from "./asker.ts";
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

/** @param bytes of the secret, or of the public key */
type Work<Result> = (bytes: Uint8Array, leave: Leave) => Result | Refusal;

/** At once where nothing has to be waited for. */
export type Soon<Result> = Result | Refusal | Promise<Result | Refusal>;

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
   * Opens a version's secret for the length of `work`: in this turn where nothing has to be waited for.
   * @param work synchronous; what it returns is no view of the secret
   * @returns what it returns, or why not: `not_found`, `key_use_refused`, `conflict`,
   *   `approval_required`, `key_limit_reached`, `sealed`, that of a draw
   * @throws SpringhouseError `store_failed`
   */
  use<Result extends object>(id: string, asker: Asker, ask: Ask, work: Work<Result>): Soon<Result> {
    return this.#with(id, (held) => this.#open(held, asker, ask, work, EPOCH_TRIES));
  }

  /** As `use`, for what needs no secret: a signature is verified, a key encapsulated to. */
  usePublic<Result extends object>(
    id: string,
    asker: Asker,
    ask: Ask,
    work: Work<Result>,
  ): Soon<Result> {
    return this.#with(id, (held) =>
      this.#withLeave(held, asker, ask, false, (leave) => {
        const done = work(leave.version.publicKey ?? new Uint8Array(0), leave);
        if (!isRefusal(done)) this.#terms.tally.operated(ask.usage);
        return done;
      }),
    );
  }

  /**
   * Whether a use would be allowed now, for what has to be drawn first: who is refused draws nothing.
   * Nothing is counted, and the use is judged again.
   * @param secret whether it needs the version's secret, and so an open vault
   */
  judge(
    id: string,
    asker: Asker,
    { usage, algorithm = null, version = null, bytes }: Ask,
    secret = true,
  ): Soon<Use> {
    const { shelf, vault } = this.#terms;
    return this.#with(id, async (held): Promise<Use | Refusal> => {
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
  }

  /** What was reserved and not used, given back at a clean stop. */
  async stop(): Promise<void> {
    for (const { record, counters } of this.#terms.shelf.all())
      for (const [version, counter] of counters)
        if (counter.unused.operations > 0 || counter.unused.bytes > 0)
          await this.#put(record.id, version, counter.used);
  }

  #with<Result extends object>(id: string, work: (held: Held) => Soon<Result>): Soon<Result> {
    const result = this.#terms.shelf.with(id, work);
    if (!(result instanceof Promise)) return result ?? NO_SUCH_KEY;
    return result.then((known) => known ?? NO_SUCH_KEY);
  }

  #open<Result extends object>(
    held: Held,
    asker: Asker,
    ask: Ask,
    work: Work<Result>,
    tries: number,
  ): Soon<Result> {
    return this.#withLeave(held, asker, ask, true, (leave) => {
      const { version } = leave.version;
      const material = held.materials.get(version)!;
      const done = this.#terms.vault.open(bindingOf(held.record, version), material, (secret) =>
        work(secret.subarray(SALT_BYTES), leave),
      );
      if (isConflict(done) && tries > 1) {
        held.materials.delete(version);
        return this.#open(held, asker, ask, work, tries - 1);
      }
      if (!isRefusal(done)) this.#terms.tally.operated(ask.usage);
      return done;
    });
  }

  /** Waits for what is not at hand, until everything is decided in one turn, and the work done in it. */
  #withLeave<Result extends object>(
    held: Held,
    asker: Asker,
    ask: Ask,
    secret: boolean,
    work: (leave: Leave) => Soon<Result>,
  ): Soon<Result> {
    const leave = this.#leave(held, asker, ask, secret);
    if (leave instanceof Promise)
      return leave.then((refusal) => refusal ?? this.#withLeave(held, asker, ask, secret, work));
    return "ok" in leave ? leave : work(leave);
  }

  /** A promise where something is not at hand: when it is, everything has to be decided again. */
  #leave(
    held: Held,
    asker: Asker,
    { usage, algorithm = null, version = null, bytes }: Ask,
    secret: boolean,
  ): Leave | Refusal | Promise<Refusal | null> {
    if (held.stale) return this.#terms.shelf.refresh(held).then(() => null);
    const use = this.#decide(held, asker, { usage, algorithm, version });
    if ("ok" in use) return use;
    if (secret && !held.materials.has(use.version.version))
      return this.#fetch(held, use.version.version);
    const leave = { record: held.record, ...use };
    if (!isProtecting(usage)) return { ...leave, invocation: null };
    const invocation = this.#count(held, use, bytes);
    return invocation instanceof Promise || "ok" in invocation
      ? invocation
      : { ...leave, invocation };
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

  /** A promise where a range has to be reserved first. */
  #count(
    held: Held,
    { version: { version }, algorithm }: Use,
    bytes: number,
  ): Invocation | Refusal | Promise<Refusal | null> {
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
