import type { Leaf, LeafOf } from "../../log/leaf.ts";
import { SpringhouseError, refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { ServiceEvent } from "../../port/event.ts";
import type { Write } from "../../store/store.ts";
import type { KeyTime } from "../keyTime.ts";
import type { Change } from "../lifecycle/change.ts";
import type { KeyRecord } from "../lifecycle/record.ts";
import { mayUse } from "../policy/decide.ts";
import { materialWrite } from "../seal/rows.ts";
import type { Vault } from "../seal/vault.ts";
import { NO_SUCH_KEY } from "./asker.ts";
import type { Asker } from "./asker.ts";
import { eventOf } from "./events.ts";
import { insertWrites, updateWrites, versionWrite } from "./rows.ts";
import type { Held, Shelf } from "./shelf.ts";
import type { KeyTally } from "./tally.ts";
import type { SealedMaterial } from "./versionMaterial.ts";

export interface KeyChangesTerms {
  readonly vault: Pick<Vault, "forget">;
  readonly shelf: Shelf;
  readonly tally: KeyTally;
  readonly log: {
    append(
      leaf: Leaf,
      writes: readonly Write[],
      commit?: (batch: readonly Write[]) => Promise<void>,
    ): Promise<string>;
  };
  /** Keeps an event durably with what it tells of: both or neither. */
  readonly record: (event: ServiceEvent, together: readonly Write[]) => Promise<void>;
  /** Called after each change, for whoever waits for what is due. */
  readonly changed: (record: KeyRecord) => void;
}

/** A change, and the leaf that says so. */
export interface Changed {
  readonly record: KeyRecord;
  /** Id of the leaf, for a receipt. */
  readonly leaf: string;
}

/** A change that was judged, ready to be kept. */
export interface Prepared {
  readonly change: Change;
  readonly leaf: LeafOf<"key">;
  /** What the version's row refers to. */
  readonly first?: readonly Write[];
  readonly writes: readonly Write[];
  readonly done?: () => void;
}

/** Changes of keys: each in its key's turn, durable with its leaf in one transaction, or not at all. */
export class KeyChanges {
  readonly #terms: KeyChangesTerms;
  readonly #time: KeyTime;

  constructor(terms: KeyChangesTerms, time: KeyTime) {
    this.#terms = terms;
    this.#time = time;
  }

  /** The first change of a key, which has its first version's material. */
  async birth(change: Change, { leaf, outputs, wrapped }: SealedMaterial): Promise<Changed> {
    const { record } = change;
    const id = await this.#terms.log.append(leaf, [
      ...outputs,
      ...insertWrites(record, record.createdMilliseconds),
      versionWrite(record.id, change.changed[0]!),
      materialWrite(record.id, 1, wrapped),
    ]);
    this.#terms.shelf.add(record, 1, wrapped);
    this.#told(null, change);
    return { record, leaf: id };
  }

  /** A change in its turn: one at a time on a key, judged on the record as it is then. */
  async change(
    id: string,
    asker: Asker,
    ifRevision: number | null,
    prepare: (held: Held) => Promise<Prepared | Refusal>,
  ): Promise<Changed | Refusal> {
    const { shelf } = this.#terms;
    const result = await shelf.with(id, async (held) => {
      if (held.turns.full)
        return refuse("busy", "As many changes of this key as are allowed are waiting.");
      return held.turns.run(async () => {
        // The change before this one may have come to an unknown end.
        await shelf.refresh(held);
        const { record } = held;
        if (!mayUse(record, { anyKey: asker.anyKey, principal: asker.id })) return NO_SUCH_KEY;
        if (ifRevision !== null && ifRevision !== record.revision)
          return refuse(
            "revision_changed",
            `The key has revision ${record.revision}, and ${ifRevision} was expected.`,
          );
        const prepared = await prepare(held);
        return "ok" in prepared ? prepared : this.#commit(held, prepared);
      });
    });
    return result ?? NO_SUCH_KEY;
  }

  async #commit(
    held: Held,
    { change, leaf, first = [], writes, done }: Prepared,
  ): Promise<Changed> {
    const { record, changed } = change;
    const batch = [
      ...first,
      ...updateWrites(held.record, record, this.#time.now()),
      ...changed.map((version) => versionWrite(record.id, version)),
      ...writes,
    ];
    try {
      const id = await this.#terms.log.append(leaf, batch, (whole) =>
        this.#terms.record(eventOf(leaf), whole),
      );
      this.#told(held.record, change);
      held.record = record;
      // Nothing of a version that was suspended or destroyed stays in the clear.
      this.#terms.vault.forget(record.id);
      done?.();
      return { record, leaf: id };
    } catch (error) {
      // What failed may be durable all the same (a failed fsync): nothing is believed until it is read.
      held.stale = true;
      if (error instanceof SpringhouseError && error.code === "internal")
        throw new SpringhouseError("store_failed", "The database did not take the change.");
      throw error;
    }
  }

  #told(before: KeyRecord | null, change: Change): void {
    this.#terms.tally.changed(before, change);
    this.#terms.changed(change.record);
  }
}
