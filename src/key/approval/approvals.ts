import type {
  Command,
  CommandOperation,
  CustodianDescription,
  IntentDescription,
  IntentDocument,
} from "../../port/approval.ts";
import type { Clock } from "../../port/clock.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { Store } from "../../store/store.ts";
import { KeyTime } from "../keyTime.ts";
import { ApprovalJournal, type ApprovalJournalTerms } from "./approvalJournal.ts";
import { type Approved, type CommandKeepers, keeperOf, type Requester } from "./commandKeeper.ts";
import { bootstrap, type Enrolment, peopleOf } from "./custodian.ts";
import { custodianCommands } from "./custodianCommands.ts";
import { CustodianRegister } from "./custodianRegister.ts";
import { describeCustodian, describeIntent } from "./describe.ts";
import {
  approve,
  countApprovals,
  digestOf,
  executed,
  type Intent,
  newIntent,
  type RequiredApprovals,
  withdraw,
} from "./intent.ts";
import { IntentBook, NO_INTENT } from "./intentBook.ts";
import { approvalWrite, custodianWrite, intentWrite, moveWrite } from "./rows.ts";

export interface ApprovalTerms extends ApprovalJournalTerms {
  readonly clock: Pick<Clock, "wallMilliseconds">;
  readonly store: Store;
  /** Name of the log: what is approved here counts nowhere else. */
  readonly deployment: string;
  /** 16 hex digits, chosen anew at each start. */
  readonly boot: string;
  readonly required: RequiredApprovals;
  /** Operations of other rooms. */
  readonly commands: CommandKeepers;
  /** A signature or an execution that was not taken. */
  readonly refused: (operation: CommandOperation) => void;
}

export interface Order {
  readonly command: Command;
  readonly reason: string | null;
  /** Of what it acts on; null: whatever it is now. */
  readonly ifRevision: number | null;
  readonly lifetimeSeconds: number;
}

/** What work on an intent gave. */
type Seen = IntentDescription | Refusal;

/**
 * Dual control: commands that are done only when enough different people have signed them. One thing at
 * a time; what is decided is decided by `intent.ts`, and durable with its leaf or not at all.
 */
export class Approvals {
  readonly #terms: ApprovalTerms;
  readonly #time: KeyTime;
  readonly #journal: ApprovalJournal;
  readonly #book: IntentBook;
  readonly #register: CustodianRegister;
  /** People that the strictest operation needs. */
  readonly #strictest: number;
  readonly #commands: CommandKeepers;
  #made = 0;

  /** @param latestMilliseconds of what was ever kept of an intent */
  constructor(terms: ApprovalTerms, latestMilliseconds: number) {
    this.#terms = terms;
    this.#time = new KeyTime(terms.clock, latestMilliseconds);
    this.#journal = new ApprovalJournal(terms);
    this.#book = new IntentBook(terms.store, this.#time, this.#journal);
    this.#register = new CustodianRegister(terms.store, this.#journal);
    this.#strictest = Math.max(...Object.values(terms.required));
    const own = custodianCommands(this.#register, this.#time, this.#strictest);
    this.#commands = { ...terms.commands, ...own };
  }

  /**
   * The first custodians, while there are none.
   * @returns them, or a Refusal `conflict`, `invalid_parameter`
   * @throws SpringhouseError `store_failed`, as everything here
   */
  bootstrap(
    enrolments: readonly Enrolment[],
    actor: string,
  ): Promise<readonly CustodianDescription[] | Refusal> {
    return this.#book.turn(async () => {
      const known = await this.#register.all();
      const atMilliseconds = this.#time.now();
      const keys = bootstrap(known, enrolments, this.#strictest, atMilliseconds);
      if ("ok" in keys) return keys;
      const writes = keys.map(custodianWrite);
      await this.#register.keep(keys, { op: "bootstrap", atMilliseconds, actor, writes });
      return keys.map(describeCustodian);
    });
  }

  async custodians(): Promise<readonly CustodianDescription[]> {
    return (await this.#register.all()).map(describeCustodian);
  }

  /** Asks for something. @returns the intent, or why it cannot be done at all */
  create(order: Order, requester: Requester): Promise<Seen> {
    return this.#book.turn(async () => {
      const { command, reason, ifRevision, lifetimeSeconds } = order;
      const required = this.#terms.required[command.op];
      const people = peopleOf(await this.#register.all()).length;
      if (people < required)
        return refuse("conflict", `There are ${people} custodians, and ${required} are needed.`, {
          remedy: "`springhouse custodian bootstrap` makes the first ones.",
        });
      const full = await this.#book.mayOpen(requester.id);
      if (full) return full;
      const looked = await keeperOf(this.#commands, command.op).look(command, requester);
      if ("ok" in looked) return looked;
      const { revision } = looked;
      if (ifRevision !== null && ifRevision !== revision)
        return refuse("revision_changed", `The revision is ${revision}, and not ${ifRevision}.`);
      const created = this.#time.now();
      const document: IntentDocument = {
        v: 1,
        deployment: this.#terms.deployment,
        id: `in-${this.#terms.boot}-${++this.#made}`,
        command,
        requester: requester.id,
        reason,
        revision,
        required,
        created,
        expires: created + lifetimeSeconds * 1000,
      };
      const intent = newIntent(document);
      await this.#journal.intent(intent, {
        kind: "intent_created",
        op: "create",
        actor: requester.id,
        writes: [intentWrite(intent)],
        more: { document },
      });
      return this.#describe(intent);
    });
  }

  /** @param armored what `ssh-keygen -Y sign` wrote over the document */
  approve(id: string, armored: string, poster: string): Promise<Seen> {
    return this.#book.inTurn(id, async (intent) => {
      const at = { poster, atMilliseconds: this.#time.now() };
      const next = approve(intent, armored, await this.#register.all(), at);
      if ("ok" in next) return this.#refused(intent, next);
      const approval = next.approvals.at(-1)!;
      await this.#journal.intent(next, {
        kind: "intent_approved",
        op: "approve",
        actor: poster,
        writes: [approvalWrite(id, approval), moveWrite(next)],
        more: {
          person: approval.person,
          key: approval.fingerprint,
          signature: Buffer.from(approval.signature).toString("base64"),
        },
      });
      return this.#describe(next);
    });
  }

  /** The safe direction: whoever asked, or any custodian, alone. */
  withdraw(id: string, reason: string | null, actor: string): Promise<Seen> {
    return this.#book.inTurn(id, async (intent) => {
      const next = withdraw(intent, this.#time.now());
      if ("ok" in next) return next;
      await this.#journal.intent(next, {
        kind: "intent_withdrawn",
        op: "withdraw",
        actor,
        writes: [moveWrite(next)],
        more: reason === null ? {} : { reason },
      });
      return this.#describe(next);
    });
  }

  /** Does what was approved. @returns the intent afterwards, or why it was not done */
  async execute(id: string, requester: Requester): Promise<Seen> {
    return this.spend(id, null, requester, (approved) => {
      const { command } = approved.document;
      const keeper = keeperOf(this.#commands, command.op);
      if (keeper.execute) return keeper.execute(command, approved, requester);
      return Promise.resolve(
        refuse("conflict", `${command.op} is done where it is asked for, which takes the intent.`),
      );
    });
  }

  /**
   * For a room that does itself what was approved.
   * @param wanted the operation that it does; null: any
   * @param work keeps `approved.writes` with what it does, and returns null when it is done
   */
  spend(
    id: string,
    wanted: CommandOperation | null,
    requester: Requester,
    work: (approved: Approved) => Promise<Refusal | null>,
  ): Promise<Seen> {
    return this.#book.inTurn(id, async (intent) => {
      const seen = await this.#spend(intent, wanted, requester, work);
      return "ok" in seen ? this.#refused(intent, seen) : seen;
    });
  }

  async #spend(
    intent: Intent,
    wanted: CommandOperation | null,
    requester: Requester,
    work: (approved: Approved) => Promise<Refusal | null>,
  ): Promise<Seen> {
    const { document } = intent;
    const { command } = document;
    if (wanted !== null && command.op !== wanted)
      return refuse("conflict", `${document.id} is for ${command.op}, and not for ${wanted}.`);
    const atMilliseconds = this.#time.now();
    const custodians = await this.#register.all();
    const required = this.#terms.required[command.op];
    // What it acts on is looked at last, so that a pending one says what it waits for.
    const early = { atMilliseconds, custodians, required, revision: document.revision };
    const counted = countApprovals(intent, early);
    if ("ok" in counted) return counted;
    const looked = await keeperOf(this.#commands, command.op).look(command, requester);
    if ("ok" in looked) return looked;
    const people = countApprovals(intent, { ...early, revision: looked.revision });
    if ("ok" in people) return people;
    const next = executed(intent, atMilliseconds);
    const writes = [moveWrite(next)];
    const refusal = await work({ digest: digestOf(document), document, people, writes });
    if (refusal) return refusal;
    this.#journal.tellExecuted(next, requester.id);
    return this.#describe(next);
  }

  #refused({ document }: Intent, refusal: Refusal): Refusal {
    this.#terms.refused(document.command.op);
    return refusal;
  }

  /** Writes down what has expired meanwhile. */
  expireDue(): Promise<void> {
    return this.#book.expireDue();
  }

  /** @returns `not_found` for one that is not there, or not `only`'s */
  async get(id: string, only: string | null): Promise<Seen> {
    return this.#book.inTurn(id, async (intent) =>
      only !== null && intent.document.requester !== only ? NO_INTENT : this.#describe(intent),
    );
  }

  /** In the order that they were made, after one of them. */
  async list(after: string, limit: number): Promise<readonly IntentDescription[]> {
    const intents: IntentDescription[] = [];
    for (const intent of await this.#book.page(after, limit))
      intents.push(await this.#describe(intent));
    return intents;
  }

  async #describe(intent: Intent): Promise<IntentDescription> {
    return describeIntent(intent, await this.#register.all(), this.#time.now());
  }
}

/** @throws SpringhouseError `store_failed` */
export async function openApprovals(terms: ApprovalTerms): Promise<Approvals> {
  const [row] = await terms.store.read("intent.latest", []);
  return new Approvals(terms, Number(row?.["latest"] ?? 0));
}
