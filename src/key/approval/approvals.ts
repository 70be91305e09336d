import { Turns } from "../../drbg/turns.ts";
import type { Leaf, LeafOf } from "../../log/leaf.ts";
import type {
  Command,
  CommandOperation,
  CustodianDescription,
  IntentDescription,
  IntentDocument,
} from "../../port/approval.ts";
import type { Clock } from "../../port/clock.ts";
import { refuse, type Refusal, SpringhouseError } from "../../port/errors.ts";
import type { EventKind, ServiceEvent } from "../../port/event.ts";
import type { Store, Write } from "../../store/store.ts";
import type { Approved, CommandKeeper, CommandKeepers, Requester } from "./commandKeeper.ts";
import { bootstrap, type CustodianKey, type Enrolment, peopleOf } from "./custodian.ts";
import { custodianCommands } from "./custodianCommands.ts";
import { describeCustodian, describeIntent } from "./describe.ts";
import {
  approve,
  countApprovals,
  digestOf,
  executed,
  type Intent,
  isOpen,
  newIntent,
  type RequiredApprovals,
  stateAt,
  withdraw,
} from "./intent.ts";
import {
  approvalWrite,
  custodianWrite,
  intentWrite,
  moveWrite,
  readCustodians,
  readIntent,
} from "./rows.ts";

export interface ApprovalTerms {
  readonly clock: Pick<Clock, "wallMilliseconds">;
  readonly store: Store;
  /** Name of the log: what is approved here counts nowhere else. */
  readonly deployment: string;
  /** 16 hex digits, chosen anew at each start. */
  readonly boot: string;
  readonly required: RequiredApprovals;
  /** Operations of other rooms. */
  readonly commands: CommandKeepers;
  /** Keeps an event and what it tells of, with its leaf: all or nothing. */
  readonly record: (event: ServiceEvent, writes: readonly Write[], leaf: Leaf) => Promise<void>;
  /** Tells of what another room has kept. */
  readonly tell: (event: ServiceEvent) => void;
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

/** Intents that wait: of all, and of one principal. Each is a row and a leaf for ever. */
const MAXIMUM_OPEN = 1000;
const MAXIMUM_OPEN_OF_ONE = 100;
const WAITING = 64;

/**
 * Dual control: commands that are done only when enough different people have signed them. One thing at
 * a time; what is decided is decided by `intent.ts`, and durable with its leaf or not at all.
 */
export class Approvals {
  readonly #terms: ApprovalTerms;
  readonly #commands: CommandKeepers;
  readonly #turns = new Turns(WAITING);
  #custodians: readonly CustodianKey[] | null = null;
  #made = 0;
  #latest: number;

  constructor(terms: ApprovalTerms, latestMilliseconds: number) {
    this.#terms = terms;
    this.#latest = latestMilliseconds;
    const own = custodianCommands({
      custodians: () => this.#register(),
      now: () => this.#now(),
      required: this.#strictest,
      keep: (key, op, actor, writes, intent) =>
        this.#keepCustodians([key], op, actor, writes, intent),
    });
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
    return this.#turn(async () => {
      const known = await this.#register();
      const keys = bootstrap(known, enrolments, this.#strictest, this.#now());
      if ("ok" in keys) return keys;
      await this.#keepCustodians(keys, "bootstrap", actor, keys.map(custodianWrite));
      return keys.map(describeCustodian);
    });
  }

  async custodians(): Promise<readonly CustodianDescription[]> {
    return (await this.#register()).map(describeCustodian);
  }

  /** Asks for something. @returns the intent, or why it cannot be done at all */
  create(order: Order, requester: Requester): Promise<Seen> {
    return this.#turn(async () => {
      const { command, reason, ifRevision, lifetimeSeconds } = order;
      const required = this.#terms.required[command.op];
      const people = peopleOf(await this.#register()).length;
      if (people < required)
        return refuse("conflict", `There are ${people} custodians, and ${required} are needed.`, {
          remedy: "`springhouse custodian bootstrap` makes the first ones.",
        });
      const full = await this.#full(requester.id);
      if (full) return full;
      const looked = await this.#keeper(command.op).look(command, requester);
      if ("ok" in looked) return looked;
      const { revision } = looked;
      if (ifRevision !== null && ifRevision !== revision)
        return refuse("revision_changed", `The revision is ${revision}, and not ${ifRevision}.`);
      const created = this.#now();
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
      await this.#record("intent_created", "create", intent, requester.id, [intentWrite(intent)], {
        document,
      });
      return this.#describe(intent);
    });
  }

  /** @param armored what `ssh-keygen -Y sign` wrote over the document */
  approve(id: string, armored: string, poster: string): Promise<Seen> {
    return this.#withIntent(id, async (intent) => {
      const at = { poster, atMilliseconds: this.#now() };
      const next = approve(intent, armored, await this.#register(), at);
      if ("ok" in next) return this.#refused(intent, next);
      const approval = next.approvals.at(-1)!;
      const writes = [approvalWrite(id, approval), moveWrite(next)];
      await this.#record("intent_approved", "approve", next, poster, writes, {
        person: approval.person,
        key: approval.fingerprint,
        signature: Buffer.from(approval.signature).toString("base64"),
      });
      return this.#describe(next);
    });
  }

  /** The safe direction: whoever asked, or any custodian, alone. */
  withdraw(id: string, reason: string | null, actor: string): Promise<Seen> {
    return this.#withIntent(id, async (intent) => {
      const next = withdraw(intent, this.#now());
      if ("ok" in next) return next;
      const more = reason === null ? {} : { reason };
      await this.#record("intent_withdrawn", "withdraw", next, actor, [moveWrite(next)], more);
      return this.#describe(next);
    });
  }

  /** Does what was approved. @returns the intent afterwards, or why it was not done */
  async execute(id: string, requester: Requester): Promise<Seen> {
    return this.spend(id, null, requester, (approved) => {
      const { command } = approved.document;
      const keeper = this.#keeper(command.op);
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
    return this.#withIntent(id, async (intent) => {
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
    const atMilliseconds = this.#now();
    const custodians = await this.#register();
    const required = this.#terms.required[command.op];
    // What it acts on is looked at last, so that a pending one says what it waits for.
    const early = { atMilliseconds, custodians, required, revision: document.revision };
    const counted = countApprovals(intent, early);
    if ("ok" in counted) return counted;
    const looked = await this.#keeper(command.op).look(command, requester);
    if ("ok" in looked) return looked;
    const people = countApprovals(intent, { ...early, revision: looked.revision });
    if ("ok" in people) return people;
    const next = executed(intent, atMilliseconds);
    const writes = [moveWrite(next)];
    const refusal = await work({ digest: digestOf(document), document, people, writes });
    if (refusal) return refusal;
    this.#terms.tell(this.#event("intent_executed", next, requester.id, null));
    return this.#describe(next);
  }

  #refused({ document }: Intent, refusal: Refusal): Refusal {
    this.#terms.refused(document.command.op);
    return refusal;
  }

  /** Writes down what has expired meanwhile, so that nobody has to look at each to find out. */
  async expireDue(): Promise<void> {
    for (const { id } of await this.#terms.store.read("intent.past", [this.#now()]))
      await this.get(String(id), null);
  }

  /** @returns `not_found` for one that is not there, or not `only`'s */
  async get(id: string, only: string | null): Promise<Seen> {
    return this.#withIntent(id, async (intent) =>
      only !== null && intent.document.requester !== only ? NO_INTENT : this.#describe(intent),
    );
  }

  /** In the order that they were made, after one of them. */
  async list(after: string, limit: number): Promise<readonly IntentDescription[]> {
    const rows = await this.#terms.store.read("intent.page", [after, limit]);
    const intents: IntentDescription[] = [];
    for (const { id } of rows) {
      const intent = await readIntent(this.#terms.store, String(id));
      if (intent) intents.push(await this.#describe(intent));
    }
    return intents;
  }

  get #strictest(): number {
    return Math.max(...Object.values(this.#terms.required));
  }

  #keeper(op: CommandOperation): CommandKeeper {
    const keeper = this.#commands[op];
    if (keeper) return keeper as CommandKeeper;
    const refusal = refuse("conflict", `${op} is not offered by this service.`);
    return { look: () => Promise.resolve(refusal) };
  }

  /** Never earlier than it once was: a clock that jumps back brings nothing back. */
  #now(): number {
    this.#latest = Math.max(this.#latest, this.#terms.clock.wallMilliseconds());
    return this.#latest;
  }

  async #turn<Result>(work: () => Promise<Result>): Promise<Result | Refusal> {
    if (this.#turns.full) return refuse("busy", "Other work on approvals is under way.");
    return this.#turns.run(work);
  }

  /** An intent in its turn; one that has expired is kept as that. */
  #withIntent(id: string, work: (intent: Intent) => Promise<Seen>): Promise<Seen> {
    return this.#turn(async () => {
      const intent = await readIntent(this.#terms.store, id);
      if (!intent) return NO_INTENT;
      if (!isOpen(intent.state) || stateAt(intent, this.#now()) !== "expired") return work(intent);
      const expired: Intent = { ...intent, state: "expired", changedMilliseconds: this.#now() };
      await this.#record("intent_expired", "expire", expired, SYSTEM, [moveWrite(expired)]);
      return work(expired);
    });
  }

  async #full(requester: string): Promise<Refusal | null> {
    const open = await this.#terms.store.read("intent.open", []);
    const own = open.filter((row) => row["requester"] === requester).length;
    if (open.length < MAXIMUM_OPEN && own < MAXIMUM_OPEN_OF_ONE) return null;
    return refuse("busy", "As many intents as are allowed are open.", {
      remedy: "Withdraw those that nobody wants any more.",
    });
  }

  async #register(): Promise<readonly CustodianKey[]> {
    this.#custodians ??= await readCustodians(this.#terms.store);
    return this.#custodians;
  }

  async #keepCustodians(
    keys: readonly CustodianKey[],
    op: LeafOf<"custodian">["op"],
    actor: string,
    writes: readonly Write[],
    intent?: string,
  ): Promise<void> {
    const at = this.#now();
    const people = keys.map(({ person, fingerprint }) => `${fingerprint} of ${person}`);
    const kind = op === "remove" ? "custodian_removed" : "custodian_enrolled";
    const detail = `${op}: ${people.join(", ")}`;
    const event = { ...EVENT, kind, atMilliseconds: at, actor, detail, data: { op } } as const;
    try {
      await this.#commit(event, writes, {
        v: 1,
        kind: "custodian",
        at,
        actor,
        op,
        keys: keys.map(({ person, fingerprint, line, principals }) => ({
          person,
          key: fingerprint,
          publicKey: line,
          principals: [...principals],
        })),
        ...(intent === undefined ? {} : { intent }),
      });
    } finally {
      // Whatever became of it, the register is what the database says.
      this.#custodians = null;
    }
  }

  #record(
    kind: EventKind,
    op: LeafOf<"intent">["op"],
    intent: Intent,
    actor: string,
    writes: readonly Write[],
    more: Partial<LeafOf<"intent">> = {},
  ): Promise<void> {
    const at = intent.changedMilliseconds;
    const digest = digestOf(intent.document);
    return this.#commit(this.#event(kind, intent, actor, more.reason ?? null), writes, {
      v: 1,
      kind: "intent",
      at,
      actor,
      op,
      intent: digest,
      ...more,
    });
  }

  async #commit(event: ServiceEvent, writes: readonly Write[], leaf: Leaf): Promise<void> {
    try {
      await this.#terms.record(event, writes, leaf);
    } catch (error) {
      // The database's own guard, after a write of unknown outcome: nothing was done.
      if (error instanceof SpringhouseError && error.code === "internal")
        throw new SpringhouseError("store_failed", "The database did not take the change.");
      throw error;
    }
  }

  #event(kind: EventKind, intent: Intent, actor: string, reason: string | null): ServiceEvent {
    const { id, command, required } = intent.document;
    const { length } = intent.approvals;
    return {
      ...EVENT,
      kind,
      atMilliseconds: intent.changedMilliseconds,
      actor: actor === SYSTEM ? null : actor,
      reason,
      detail: `${id} (${command.op}) is ${intent.state}, approved by ${length} of ${required}`,
      data: { intent: id, op: command.op, state: intent.state, approvals: length, required },
    };
  }

  async #describe(intent: Intent): Promise<IntentDescription> {
    return describeIntent(intent, await this.#register(), this.#now());
  }
}

const SYSTEM = "springhouse";
const EVENT = { source: null, severity: "info", reason: null } as const;
const NO_INTENT = refuse("not_found", "No such intent.", { remedy: "See `GET /v1/intents`." });

/** @throws SpringhouseError `store_failed` */
export async function openApprovals(terms: ApprovalTerms): Promise<Approvals> {
  const [row] = await terms.store.read("intent.latest", []);
  return new Approvals(terms, Number(row?.["latest"] ?? 0));
}
