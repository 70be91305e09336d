import { Turns } from "../drbg/turns.ts";
import type { Clock } from "../port/clock.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { ServiceEvent } from "../port/event.ts";
import type { Store, Write } from "../store/store.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { signHandover } from "./handover.ts";
import type { Leaf } from "./leaf.ts";
import type { SigningKey } from "./signingKey.ts";
import type { TransparencyLog } from "./transparencyLog.ts";

export interface KeyRotationTerms {
  readonly clock: Clock;
  readonly key: SigningKey;
  readonly store: Pick<Store, "read">;
  readonly log: Pick<TransparencyLog, "covered">;
  /** Keeps an event with what it tells of and its leaf: all or nothing. */
  readonly record: (event: ServiceEvent, writes: readonly Write[], leaf: Leaf) => Promise<void>;
}

/** The key that the log goes on with. */
export interface RotatedKey {
  readonly verifierKey: string;
  /** The signed note by which the one before it hands over. */
  readonly handover: string;
}

/**
 * Hands the log over to another key. The leaf that says so, signed by both keys, is durable first; then
 * a checkpoint that covers it, with the signatures of both; then the old key is gone. What a crash cuts
 * off is ended at the next start, whichever of the two keys is on disk by then.
 */
export class KeyRotation {
  readonly #terms: KeyRotationTerms;
  readonly #turns = new Turns(4);

  constructor(terms: KeyRotationTerms) {
    this.#terms = terms;
  }

  /**
   * @returns a Refusal `busy`, or `conflict` where no other key can be kept
   * @throws SpringhouseError `store_failed`: it may be done all the same, and is ended with the next
   */
  async rotate(actor: string, reason: string | null): Promise<RotatedKey | Refusal> {
    if (this.#turns.full) return refuse("busy", "Another rotation of the log's key is under way.");
    return this.#turns.run(async () => {
      await this.#settle();
      const { key } = this.#terms;
      const before = key.verifier;
      const next = await key.prepare();
      if (!next) return refuse("conflict", "This service keeps no key of a log on disk.");
      const handover = signHandover(key, next);
      const at = this.#terms.clock.wallMilliseconds();
      const { verifierKey } = next.verifier;
      await this.#terms.record(
        {
          kind: "log_key_rotated",
          atMilliseconds: at,
          source: null,
          severity: "warning",
          actor,
          reason,
          detail: `the log's key ${before.verifierKey} hands over to ${verifierKey}`,
          data: { from: before.verifierKey, to: verifierKey },
        },
        [{ statement: "logHandover.insert", parameters: [handover] }],
        {
          v: 1,
          kind: "log_key",
          at,
          actor,
          handover,
          ...(reason === null ? {} : { reason }),
        },
      );
      await this.#settle();
      return { verifierKey, handover };
    });
  }

  /** Ends what a crash or a failing disk has cut off. */
  resume(): Promise<void> {
    return this.#turns.run(() => this.#settle());
  }

  async #settle(): Promise<void> {
    const { key, log, store } = this.#terms;
    const { next } = key;
    if (!next) return;
    if (!(await key.read(store))) return key.discard();
    const checkpoint = await log.covered();
    // Whoever trusts the old key alone finds its signature over the leaf; the new one is there too.
    if (openCheckpoint(checkpoint.note, next.verifier) !== null) await key.adopt();
  }
}
