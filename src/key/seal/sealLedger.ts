import { Turns } from "../../drbg/turns.ts";
import type { Clock } from "../../port/clock.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { RetiredSlot, SlotKind } from "../../port/seal.ts";
import { passphraseWaitSeconds } from "./passphraseThrottle.ts";
import { retire, retirementRemoval } from "./retirement.ts";
import type { Act, SealActs, StoredSeal } from "./sealActs.ts";
import type { SlotKeeper } from "./slot.ts";

export interface LedgerTerms {
  readonly clock: Clock;
  readonly keepers: Readonly<Record<SlotKind, SlotKeeper>>;
}

/** Operations that wait for the one under way. */
const WAITING = 8;

/** What is stored of the seal, as it is known here, and one act on it at a time. */
export class SealLedger {
  readonly #terms: LedgerTerms;
  readonly #acts: SealActs;
  readonly #turns = new Turns(WAITING);
  #stored: StoredSeal;
  /** An act whose fate is open: what is stored is read again before the next. */
  #stale = false;

  constructor(terms: LedgerTerms, acts: SealActs, stored: StoredSeal) {
    this.#terms = terms;
    this.#acts = acts;
    this.#stored = stored;
  }

  get stored(): StoredSeal {
    return this.#stored;
  }

  /** @returns what the work does, or a Refusal `busy`; @throws what it throws, `store_failed` */
  async turn<Result>(work: () => Promise<Result>): Promise<Result | Refusal> {
    if (this.#turns.full) return refuse("busy", "Other work on the seal is under way.");
    return this.#turns.run(async () => {
      if (this.#stale) this.#stored = await this.#acts.read();
      this.#stale = true;
      const result = await work();
      this.#stale = false;
      return result;
    });
  }

  /** Keeps an act, and after it knows what the act changed. */
  async record(act: Act, changes: Partial<StoredSeal> = {}): Promise<void> {
    await this.#acts.record(act);
    this.know(changes);
  }

  /** What somebody else has kept. */
  know(changes: Partial<StoredSeal>): void {
    this.#stored = { ...this.#stored, ...changes };
  }

  /** Counts a passphrase as wrong until it shows that it is not. */
  async countTry(): Promise<Refusal | null> {
    const { wrong } = this.#stored;
    const now = this.#terms.clock.wallMilliseconds();
    const wait = passphraseWaitSeconds(wrong, now);
    if (wait > 0)
      return refuse("throttled", `${wrong.count} passphrases in a row were wrong.`, {
        retryAfterSeconds: Math.ceil(wait),
      });
    const counted = { count: wrong.count + 1, lastMilliseconds: now };
    await this.#acts.keepWrong(counted);
    this.know({ wrong: counted });
    return null;
  }

  /** Has what slots were ended by their keepers; one that cannot now is tried at the next occasion. */
  async retirePending(): Promise<readonly RetiredSlot[]> {
    const results: RetiredSlot[] = [];
    for (const retirement of this.#stored.retirements) {
      const result = await retire(this.#terms.keepers, retirement);
      results.push(result);
      const { assurance, slot, kind, epoch, detail } = result;
      if (assurance === "pending") continue;
      const act: Act = {
        kind: "slot_retired",
        actor: "springhouse",
        detail: `${result.name} is over for epoch ${epoch}, ${assurance}: ${detail}`,
        data: { slot, slot_kind: kind, epoch, assurance },
        writes: [retirementRemoval(retirement)],
        leaf: { kind: "slot", op: "retire", slot, slotKind: kind, epoch, assurance },
      };
      const retirements = this.#stored.retirements.filter((one) => one !== retirement);
      await this.record(act, { retirements });
    }
    return results;
  }
}
