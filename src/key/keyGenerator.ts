import type { ManagedType } from "../port/key.ts";
import { pendingOf } from "../port/draw.ts";
import type { Drawn, DrawResult, PendingOutputs, RandomSupply } from "../port/draw.ts";
import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { Requirement } from "../port/lineage.ts";
import { DERIVATIONS } from "./derive/deriveKey.ts";
import { PAIR_DERIVATIONS, type PairType } from "./derive/derivePair.ts";
import { checkWordList } from "./derive/passphrase.ts";
import { encodeKey } from "./encode.ts";
import { wipe } from "./material.ts";
import type { KeyMaterial } from "./material.ts";
import { readOrder } from "./keyOrder.ts";
import type { KeyRequest, Order } from "./keyOrder.ts";
import type { PairMaker } from "./pair/pairMaker.ts";
import { isConsistentPair } from "./pairwise.ts";
import { Slots } from "./slots.ts";
import { KEY_TYPES } from "./types.ts";
import type { GeneratedKey, KeyType } from "./types.ts";

export interface KeyGeneratorOptions {
  readonly random: RandomSupply;
  /** The list that passphrases are made of: 1,024 to 65,536 different words. */
  readonly words: readonly string[];
  /** RSA searches at once; each keeps about one core busy. */
  readonly rsaConcurrency?: number;
  /** RSA requests that wait behind them; one more is refused with `busy`. */
  readonly rsaQueue?: number;
  /** Makes all other pairs. */
  readonly pairs: PairMaker;
}

/** Two, so that a long search does not make the next caller wait while half the thread pool idles. */
const RSA_CONCURRENCY = 2;
const RSA_QUEUE = 8;
/** Requests for other pairs at once; the cheapest pair takes a tenth of a millisecond, the dearest 30. */
const PAIR_REQUESTS = 256;

/** About the time of an rsa-4096 search on one core. */
const BUSY_RETRY_SECONDS = 3;

/**
 * Makes typed keys out of vetted bytes. A key is drawn, derived, tested, encoded, answered and
 * forgotten; nothing here keeps one.
 */
export class KeyGenerator {
  readonly #random: RandomSupply;
  readonly #words: readonly string[];
  readonly #slots: Slots;
  readonly #pairs: PairMaker;
  #pairRequests = 0;
  #failed: string | null = null;

  /** @throws RangeError for a word list that cannot be used */
  constructor({ random, words, pairs, rsaConcurrency, rsaQueue }: KeyGeneratorOptions) {
    checkWordList(words);
    this.#pairs = pairs;
    this.#random = random;
    this.#words = words;
    this.#slots = new Slots(rsaConcurrency ?? RSA_CONCURRENCY, rsaQueue ?? RSA_QUEUE);
  }

  /** RSA searches under way and waiting, for metrics. */
  get rsaSearches(): { readonly running: number; readonly waiting: number } {
    return { running: this.#slots.running, waiting: this.#slots.waiting };
  }

  /** Random bytes that one key of this type is made of; 0 for a type that is unknown. */
  seedBytes(type: string): number {
    const known = KEY_TYPES.find((one) => one === type);
    return known ? DERIVATIONS[known].seedBytes(this.#words) : 0;
  }

  /**
   * @param principal id of who asks, for the lineage
   * @param gone gives what ends a wait or a search when the client has gone; asked only where there is one
   * @returns a Refusal `invalid_parameter`, `busy`, `self_test_failed`, or that of the draw; all
   *   keys asked for or none
   * @throws the signal's reason; Error for a defect
   */
  async generate(
    request: KeyRequest,
    principal: string,
    gone?: () => AbortSignal,
  ): Promise<Made<GeneratedKey> | Refusal> {
    const order = readOrder(request);
    if ("ok" in order) return order;
    const { type, format } = order;
    return this.#makeAll(order, principal, gone, (material, { outputs: [output], seed }) => ({
      type,
      format,
      ...encodeKey(material, format),
      output: output!,
      seed,
    }));
  }

  /**
   * One key for the vault, by the same way as one that is answered: its secret as it stands, for the
   * caller to overwrite, and the output that it is a function of. The output's record is the caller's
   * to keep, in one transaction with the key.
   */
  async material(
    type: ManagedType,
    principal: string,
    requirement: Requirement,
  ): Promise<MadeMaterial | Refusal> {
    const order = readOrder({ type, requirement, receipted: true });
    if ("ok" in order) return order;
    const made = await this.#makeAll(order, principal, undefined, (material, drawn) => {
      if (!("secret" in material)) throw new Error(`a ${type} key has no single secret`);
      const publicKey = "publicKey" in material ? material.publicKey : null;
      return { secret: material.secret.slice(), publicKey, pending: pendingOf(drawn) };
    });
    return "ok" in made ? made : made.keys[0]!;
  }

  async #makeAll<Key>(
    order: Order,
    principal: string,
    gone: (() => AbortSignal) | undefined,
    shape: Shape<Key>,
  ): Promise<Made<Key> | Refusal> {
    if (this.#failed !== null) return this.#refuseFailed();
    const { type } = order;
    if (!isPairType(type) && !type.startsWith("rsa-"))
      return this.#make(order, principal, undefined, shape);
    const signal = gone?.();
    if (isPairType(type)) return this.#makePairs(order, principal, signal, shape);
    const slot = this.#slots.acquire(signal);
    if (!slot)
      return refuse("busy", "As many RSA searches as are allowed are running and waiting.", {
        retryAfterSeconds: BUSY_RETRY_SECONDS,
      });
    await slot;
    try {
      return await this.#make(order, principal, signal, shape);
    } finally {
      this.#slots.release();
    }
  }

  async #makePairs<Key>(
    order: Order,
    principal: string,
    signal: AbortSignal | undefined,
    shape: Shape<Key>,
  ): Promise<Made<Key> | Refusal> {
    if (this.#pairRequests >= PAIR_REQUESTS)
      return refuse("busy", "As many key pairs as are allowed are waiting to be made.", {
        retryAfterSeconds: BUSY_RETRY_SECONDS,
      });
    this.#pairRequests++;
    try {
      return await this.#make(order, principal, signal, shape);
    } finally {
      this.#pairRequests--;
    }
  }

  async #make<Key>(
    order: Order,
    principal: string,
    signal: AbortSignal | undefined,
    shape: Shape<Key>,
  ): Promise<Made<Key> | Refusal> {
    const draws = await this.#draw(order, principal);
    if ("ok" in draws) return draws;
    try {
      const keys: Key[] = [];
      for (const draw of draws) {
        const made = await this.#makeOne(order, draw, signal, shape);
        if (made === null) return this.#refuseFailed();
        keys.push(made.key);
      }
      return { keys, pending: order.recorded === "pending" ? draws.map(pendingOf) : [] };
    } finally {
      for (const draw of draws) draw.bytes.fill(0);
    }
  }

  /** Every draw of the batch at once, so that their records share a group commit. */
  async #draw(
    { type, count, requirement, recorded }: Order,
    principal: string,
  ): Promise<Drawn[] | Refusal> {
    const request = {
      bytes: DERIVATIONS[type].seedBytes(this.#words),
      door: "keys",
      principal,
      purpose: `key:${type}`,
      requirement,
      recorded,
    } as const;
    if (count === 1) {
      const drawn = await this.#random.draw(request);
      return drawn.ok ? [drawn] : drawn;
    }
    const results = await Promise.allSettled(
      Array.from({ length: count }, async () => this.#random.draw(request)),
    );
    const drawn: Drawn[] = [];
    let refusal: Refusal | null = null;
    let defect: PromiseRejectedResult | null = null;
    for (const result of results) {
      if (result.status === "rejected") defect = result;
      else if (isDrawn(result.value)) drawn.push(result.value);
      else refusal = result.value;
    }
    if (!defect && !refusal) return drawn;
    for (const draw of drawn) draw.bytes.fill(0);
    if (defect) throw defect.reason;
    return refusal!;
  }

  /** Null when the pair failed its test. */
  async #makeOne<Key>(
    { type }: Order,
    draw: Drawn,
    signal: AbortSignal | undefined,
    shape: Shape<Key>,
  ): Promise<{ readonly key: Key } | null> {
    if (draw.outputs.length !== 1)
      throw new Error("a key's draw was split, so no single output explains it");
    signal?.throwIfAborted();
    const { material, isConsistent } = isPairType(type)
      ? await this.#pairs.make(type, draw.bytes, signal)
      : await this.#derived(type, draw, signal);
    try {
      if (!isConsistent) this.#failed ??= type;
      // Nor does another leave, whose own test was under way meanwhile.
      return this.#failed === null ? { key: shape(material, draw) } : null;
    } finally {
      wipe(material);
    }
  }

  async #derived(
    type: KeyType,
    { bytes }: Drawn,
    signal: AbortSignal | undefined,
  ): Promise<Tested> {
    const context = { words: this.#words, ...(signal ? { signal } : {}) };
    const derived = DERIVATIONS[type].derive(bytes, context);
    const material = derived instanceof Promise ? await derived : derived;
    return { material, isConsistent: material.kind !== "rsa" || isConsistentPair(material) };
  }

  #refuseFailed(): Refusal {
    return refuse(
      "self_test_failed",
      `A pair of type ${this.#failed} failed its pairwise consistency test; key generation is stopped.`,
    );
  }
}

/** A key, and whether it passed its test, where its type has one. */
interface Tested {
  readonly material: KeyMaterial;
  readonly isConsistent: boolean;
}

/** What becomes of a key that was made; its material is overwritten right after. */
type Shape<Key> = (material: KeyMaterial, drawn: Drawn) => Key;

interface Made<Key> {
  readonly keys: Key[];
  /** One for each key of a request that is `receipted`; none else. */
  readonly pending: readonly PendingOutputs[];
}

/** The material of a managed key: see `MANAGED_TYPES`. */
export interface MadeMaterial {
  readonly secret: Uint8Array;
  readonly publicKey: Uint8Array | null;
  readonly pending: PendingOutputs;
}

const isPairType = (type: KeyType): type is PairType => type in PAIR_DERIVATIONS;

const isDrawn = (result: DrawResult): result is Drawn => result.ok;
