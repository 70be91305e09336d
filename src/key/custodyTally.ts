import { COMMAND_OPERATIONS, type CommandOperation } from "../port/approval.ts";
import type { CustodyFigures, IntentAct } from "../port/custody.ts";
import { INTENT_ACTS } from "../port/custody.ts";
import type { EventKind, ServiceEvent } from "../port/event.ts";
import type { Store } from "../store/store.ts";

const ACTS: Readonly<Partial<Record<EventKind, IntentAct>>> = {
  intent_created: "opened",
  intent_approved: "approved",
  intent_executed: "executed",
  intent_withdrawn: "withdrawn",
  intent_expired: "expired",
};
/** After these the newest backup may be another one. */
const OF_BACKUPS: readonly EventKind[] = [
  "seal_initialised",
  "backup_taken",
  "backup_drilled",
  "backup_discarded",
];

/** Counted for metrics: of events, and of what has none. Open it with `openCustodyTally`. */
export class CustodyTally {
  readonly #store: Pick<Store, "read">;
  readonly #failed: (detail: string) => void;
  readonly #intents = new Map<string, number>();
  #pending = 0;
  #destroyed = 0;
  #cancelled = 0;
  #batches = 0;
  #delays = 0;
  #backups: CustodyFigures["backups"] = { takenMilliseconds: null, drilledMilliseconds: null };

  constructor(store: Pick<Store, "read">, failed: (detail: string) => void) {
    this.#store = store;
    this.#failed = failed;
  }

  figures(): CustodyFigures {
    const ofOperation = (operation: CommandOperation) =>
      Object.fromEntries(
        INTENT_ACTS.map((act) => [act, this.#intents.get(`${operation} ${act}`) ?? 0]),
      );
    return {
      intents: Object.fromEntries(
        COMMAND_OPERATIONS.map((operation) => [operation, ofOperation(operation)]),
      ) as CustodyFigures["intents"],
      destructions: {
        pending: this.#pending,
        ended: { destroyed: this.#destroyed, cancelled: this.#cancelled },
        batches: this.#batches,
        delays: this.#delays,
      },
      backups: this.#backups,
    };
  }

  /** For the journal. */
  readonly observe = ({ kind, data }: Pick<ServiceEvent, "kind" | "data">): void => {
    const act = ACTS[kind];
    if (act) this.#count(String(data["op"]), act);
    else if (kind === "destruction_scheduled") this.#pending++;
    else if (kind === "destruction_cancelled") {
      this.#pending--;
      this.#cancelled++;
    } else if (kind === "destruction_completed") {
      this.#pending--;
      this.#destroyed++;
    } else if (OF_BACKUPS.includes(kind))
      this.readBackups().catch((error: unknown) =>
        this.#failed(error instanceof Error ? error.message : String(error)),
      );
  };

  refused(operation: CommandOperation): void {
    this.#count(operation, "refused");
  }

  batched(): void {
    this.#batches++;
  }

  delayed(): void {
    this.#delays++;
  }

  /** @throws SpringhouseError `store_failed` */
  async read(): Promise<void> {
    const [row] = await this.#store.read("destruction.pending", []);
    this.#pending = Number(row?.["pending"] ?? 0);
    await this.readBackups();
  }

  /** @throws SpringhouseError `store_failed` */
  async readBackups(): Promise<void> {
    const [row] = await this.#store.read("backup.newest", []);
    const since = (name: string): number | null => {
      const value = row?.[name] ?? row?.["vault_ms"] ?? null;
      return value === null ? null : Number(value);
    };
    this.#backups = {
      takenMilliseconds: since("taken_ms"),
      drilledMilliseconds: since("drilled_ms"),
    };
  }

  #count(operation: string, act: IntentAct): void {
    const name = `${operation} ${act}`;
    this.#intents.set(name, (this.#intents.get(name) ?? 0) + 1);
  }
}

/** @throws SpringhouseError `store_failed` */
export async function openCustodyTally(
  store: Pick<Store, "read">,
  failed: (detail: string) => void,
): Promise<CustodyTally> {
  const tally = new CustodyTally(store, failed);
  await tally.read();
  return tally;
}
