import { Turns } from "../../drbg/turns.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { Store } from "../../store/store.ts";
import type { KeyTime } from "../keyTime.ts";
import type { ApprovalJournal } from "./approvalJournal.ts";
import { type Intent, isOpen, stateAt } from "./intent.ts";
import { moveWrite, readIntent } from "./rows.ts";

/** Intents that wait: of all, and of one principal. Each is a row and a leaf for ever. */
const MAXIMUM_OPEN = 1000;
const MAXIMUM_OPEN_OF_ONE = 100;
/** Work on approvals that waits for its turn. */
const WAITING = 64;

/** The intents that are kept, each as it stands when its turn comes. */
export class IntentBook {
  readonly #store: Store;
  readonly #time: KeyTime;
  readonly #journal: ApprovalJournal;
  readonly #turns = new Turns(WAITING);

  constructor(store: Store, time: KeyTime, journal: ApprovalJournal) {
    this.#store = store;
    this.#time = time;
    this.#journal = journal;
  }

  /** One thing at a time. @returns a Refusal `busy` where too much waits already */
  async turn<Result>(work: () => Promise<Result>): Promise<Result | Refusal> {
    if (this.#turns.full) return refuse("busy", "Other work on approvals is under way.");
    return this.#turns.run(work);
  }

  /**
   * An intent in its turn; one that has expired is kept as that.
   * @throws SpringhouseError `store_failed`, as everything here
   */
  inTurn<Result>(id: string, work: (intent: Intent) => Promise<Result>): Promise<Result | Refusal> {
    return this.turn(async () => {
      const intent = await readIntent(this.#store, id);
      return intent ? work(await this.#asItStands(intent)) : NO_INTENT;
    });
  }

  /** @returns a Refusal `busy` where nobody, or this principal, may have one more open; else null */
  async mayOpen(requester: string): Promise<Refusal | null> {
    const open = await this.#store.read("intent.open", []);
    const own = open.filter((row) => row["requester"] === requester).length;
    if (open.length < MAXIMUM_OPEN && own < MAXIMUM_OPEN_OF_ONE) return null;
    return refuse("busy", "As many intents as are allowed are open.", {
      remedy: "Withdraw those that nobody wants any more.",
    });
  }

  /** Writes down what has expired meanwhile, so that nobody has to look at each to find out. */
  async expireDue(): Promise<void> {
    for (const { id } of await this.#store.read("intent.past", [this.#time.now()]))
      await this.inTurn(String(id), (intent) => Promise.resolve(intent));
  }

  /** As they were left, in the order that they were made, after one of them. */
  async page(after: string, limit: number): Promise<readonly Intent[]> {
    const intents: Intent[] = [];
    for (const { id } of await this.#store.read("intent.page", [after, limit])) {
      const intent = await readIntent(this.#store, String(id));
      if (intent) intents.push(intent);
    }
    return intents;
  }

  async #asItStands(intent: Intent): Promise<Intent> {
    const now = this.#time.now();
    if (!isOpen(intent.state) || stateAt(intent, now) !== "expired") return intent;
    const expired: Intent = { ...intent, state: "expired", changedMilliseconds: now };
    await this.#journal.intent(expired, {
      kind: "intent_expired",
      op: "expire",
      actor: null,
      writes: [moveWrite(expired)],
    });
    return expired;
  }
}

export const NO_INTENT = refuse("not_found", "No such intent.", {
  remedy: "See `GET /v1/intents`.",
});
