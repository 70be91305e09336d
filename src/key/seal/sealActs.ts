import type { Leaf, LeafOf } from "../../log/leaf.ts";
import type { Clock } from "../../port/clock.ts";
import type { EventKind, ServiceEvent } from "../../port/event.ts";
import type { Row, Store, Write } from "../../store/store.ts";
import { type Epoch, toEpoch, toSlot } from "./rows.ts";
import { type Retirement, RETIREMENTS, toRetirement } from "./retirement.ts";
import type { Slot } from "./slot.ts";
import { NO_WRONG_PASSPHRASES, type WrongPassphrases } from "./passphraseThrottle.ts";

/** Keeps an event, what it tells of, and its leaf in the log where it has one: all or nothing. */
export type RecordAct = (
  event: ServiceEvent,
  writes: readonly Write[],
  leaf: Leaf | null,
) => Promise<void>;

type Told<Kind extends "slot" | "epoch"> = Omit<LeafOf<Kind>, "v" | "at" | "actor">;

export interface Act {
  readonly kind: EventKind;
  readonly actor: string;
  readonly detail: string;
  readonly reason?: string | null;
  readonly data?: ServiceEvent["data"];
  readonly writes?: readonly Write[];
  readonly leaf?: Told<"slot"> | Told<"epoch">;
}

export interface StoredSeal {
  readonly epoch: Epoch | null;
  readonly slots: readonly Slot[];
  readonly wrong: WrongPassphrases;
  /** What slots were, and their keepers have not ended yet. */
  readonly retirements: readonly Retirement[];
}

const COLLECTION = "seal";
const WRONG = "wrong-passphrases";

/** What the seal has in the database, and how it gets there. */
export class SealActs {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #record: RecordAct;

  constructor(store: Store, clock: Clock, record: RecordAct) {
    this.#store = store;
    this.#clock = clock;
    this.#record = record;
  }

  /** @throws SpringhouseError `store_failed`; Error for rows of another version's */
  async read(): Promise<StoredSeal> {
    const [epochs, slots, wrong, retirements] = await this.#store.readTogether([
      { statement: "sealEpoch.all", parameters: [] },
      { statement: "sealSlot.all", parameters: [] },
      { statement: "document.get", parameters: [COLLECTION, WRONG] },
      RETIREMENTS,
    ]);
    return {
      epoch: (epochs ?? []).map(toEpoch).find((epoch) => epoch.live) ?? null,
      slots: (slots ?? []).map(toSlot),
      wrong: wrongOf(wrong?.[0]),
      retirements: (retirements ?? []).map(toRetirement),
    };
  }

  /** @throws SpringhouseError `store_failed`: whether it was kept is not known then */
  async record({ kind, actor, detail, reason = null, data = {}, writes = [], leaf }: Act) {
    const at = this.#clock.wallMilliseconds();
    const severity = kind === "seal_refused" ? "warning" : "info";
    const event = { kind, atMilliseconds: at, source: null, severity, actor, reason, detail, data };
    await this.#record(
      event as ServiceEvent,
      writes,
      leaf === undefined ? null : { ...leaf, v: 1, at, actor },
    );
  }

  /** Before a passphrase is looked at, so that no crash makes a try for nothing. */
  async keepWrong(wrong: WrongPassphrases): Promise<void> {
    await this.#store.write([wrongWrite(wrong)]);
  }
}

export function wrongWrite(wrong: WrongPassphrases): Write {
  const parameters = [COLLECTION, WRONG, JSON.stringify(wrong), wrong.lastMilliseconds];
  return { statement: "document.put", parameters };
}

/** A row that cannot be read must not make a guesser's wait shorter than the shortest. */
function wrongOf(row: Row | undefined): WrongPassphrases {
  if (row === undefined) return NO_WRONG_PASSPHRASES;
  const { count, lastMilliseconds } = JSON.parse(String(row["body"])) as WrongPassphrases;
  if (!Number.isSafeInteger(count) || !Number.isFinite(lastMilliseconds))
    throw new Error("the stored count of wrong passphrases cannot be read");
  return { count, lastMilliseconds };
}
