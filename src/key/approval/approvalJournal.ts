import type { Leaf, LeafOf } from "../../log/leaf.ts";
import { SpringhouseError } from "../../port/errors.ts";
import type { EventKind, ServiceEvent } from "../../port/event.ts";
import type { Write } from "../../store/store.ts";
import type { CustodianKey } from "./custodian.ts";
import { digestOf, type Intent } from "./intent.ts";

/** Where acts are kept and told. */
export interface ApprovalJournalTerms {
  /** Keeps an event and what it tells of, with its leaf: all or nothing. */
  readonly record: (event: ServiceEvent, writes: readonly Write[], leaf: Leaf) => Promise<void>;
  /** Tells of what another room has kept. */
  readonly tell: (event: ServiceEvent) => void;
}

/** What becomes of an intent. */
interface IntentAct {
  readonly kind: EventKind;
  readonly op: LeafOf<"intent">["op"];
  /** Null: the service itself. */
  readonly actor: string | null;
  readonly writes: readonly Write[];
  /** What else its leaf says. */
  readonly more?: Partial<LeafOf<"intent">>;
}

/** What becomes of custodians. */
export interface CustodianAct {
  readonly op: LeafOf<"custodian">["op"];
  readonly atMilliseconds: number;
  readonly actor: string;
  readonly writes: readonly Write[];
  /** The intent by which it was approved: SHA-256 of its document. */
  readonly intent?: string;
}

/** Every act of dual control as event, rows and leaf: all of them durable, or none. */
export class ApprovalJournal {
  readonly #terms: ApprovalJournalTerms;

  constructor(terms: ApprovalJournalTerms) {
    this.#terms = terms;
  }

  /** @throws SpringhouseError `store_failed`, as everything here that is kept */
  intent(intent: Intent, { kind, op, actor, writes, more = {} }: IntentAct): Promise<void> {
    return this.#commit(eventOf(intent, kind, actor, more.reason ?? null), writes, {
      v: 1,
      kind: "intent",
      at: intent.changedMilliseconds,
      actor: actor ?? SYSTEM,
      op,
      intent: digestOf(intent.document),
      ...more,
    });
  }

  /** That an intent was executed, which whoever did it has kept. */
  tellExecuted(intent: Intent, actor: string): void {
    this.#terms.tell(eventOf(intent, "intent_executed", actor, null));
  }

  custodians(keys: readonly CustodianKey[], act: CustodianAct): Promise<void> {
    const { op, atMilliseconds, actor, writes, intent } = act;
    const people = keys.map(({ person, fingerprint }) => `${fingerprint} of ${person}`);
    const kind = op === "remove" ? "custodian_removed" : "custodian_enrolled";
    const detail = `${op}: ${people.join(", ")}`;
    const event = { ...EVENT, kind, atMilliseconds, actor, detail, data: { op } } as const;
    return this.#commit(event, writes, {
      v: 1,
      kind: "custodian",
      at: atMilliseconds,
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
}

const SYSTEM = "springhouse";
const EVENT = { source: null, severity: "info", reason: null } as const;

function eventOf(
  intent: Intent,
  kind: EventKind,
  actor: string | null,
  reason: string | null,
): ServiceEvent {
  const { id, command, required } = intent.document;
  const { length } = intent.approvals;
  return {
    ...EVENT,
    kind,
    atMilliseconds: intent.changedMilliseconds,
    actor,
    reason,
    detail: `${id} (${command.op}) is ${intent.state}, approved by ${length} of ${required}`,
    data: { intent: id, op: command.op, state: intent.state, approvals: length, required },
  };
}
