import { refuse, SpringhouseError, type Refusal } from "../../port/errors.ts";
import type { SlotKind } from "../../port/seal.ts";
import type { Store } from "../../store/store.ts";
import type { LockedBytes } from "./lockedMemory.ts";
import { type Retirement, retirementOf, retirementWrite } from "./retirement.ts";
import { Rewrap } from "./rewrap.ts";
import { type Epoch, epochWrite, slotWrite } from "./rows.ts";
import type { SealActs } from "./sealActs.ts";
import { isGenuine, type Slot, type SlotKeeper, tagged } from "./slot.ts";

export interface RotationTerms {
  readonly store: Store;
  readonly acts: SealActs;
  readonly keepers: Readonly<Record<SlotKind, SlotKeeper>>;
  readonly epoch: Epoch;
  readonly slots: readonly Slot[];
  readonly from: LockedBytes;
  readonly to: LockedBytes;
  readonly atMilliseconds: number;
}

const ATTEMPTS = 3;

/** The way from one epoch to the next: everything is prepared first, and then becomes true at once. */
export class EpochRotation {
  readonly next: Epoch;
  readonly retirements: readonly Retirement[];
  readonly #terms: RotationTerms;
  readonly #rewrap: Rewrap;

  constructor(terms: RotationTerms) {
    const { store, epoch, slots, from, to } = terms;
    this.#terms = terms;
    this.next = { ...epoch, epoch: epoch.epoch + 1 };
    this.retirements = slots.map((slot) => retirementOf(epoch.vault, slot, false));
    const [old, young] = [epoch.epoch, this.next.epoch];
    this.#rewrap = new Rewrap(store, { epoch: old, key: from }, { epoch: young, key: to });
  }

  get materials(): number {
    return this.#rewrap.materials;
  }

  /** Most of the wrapping, while others go on with the old epoch. */
  async prepare(): Promise<void> {
    await this.#rewrap.collect();
  }

  /** Every slot with the new key, or none. */
  async renewSlots(): Promise<readonly Slot[] | Refusal> {
    const { slots, epoch, keepers, from, to } = this.#terms;
    const changed = slots.find((slot) => !from.use((bytes) => isGenuine(epoch.vault, slot, bytes)));
    if (changed !== undefined)
      return refuse("conflict", `Slot ${changed.name} was changed by another hand.`, {
        remedy: "Remove it first: it must not be given the new epoch's key.",
      });
    const renewed: Slot[] = [];
    for (const slot of slots) {
      const terms = { vault: epoch.vault, id: slot.id, epoch: this.next.epoch };
      const sealed = await keepers[slot.kind].renew(terms, slot, to);
      // What a device made for it meanwhile is of no use, and is replaced at the next attempt.
      if (!sealed.ok)
        return { ...sealed, detail: `Slot ${slot.name} does not take a new key. ${sealed.detail}` };
      const { parameters, sealed: bytes } = sealed;
      const next = { ...slot, epoch: this.next.epoch, parameters, sealed: bytes };
      renewed.push(tagged(epoch.vault, next, to));
    }
    return renewed;
  }

  /** Nothing may be wrapped under the old epoch meanwhile. All of it or nothing. */
  async commit(slots: readonly Slot[], actor: string, reason: string | null): Promise<void> {
    const { acts, epoch, atMilliseconds } = this.#terms;
    for (let attempt = 1; ; attempt++) {
      // Rows that came while the others were worked on.
      await this.#rewrap.collect();
      const { materials, writes } = this.#rewrap;
      try {
        await acts.record({
          kind: "epoch_rotated",
          actor,
          reason,
          detail: `Epoch ${epoch.epoch} is over: ${materials} key versions are in the next.`,
          data: { epoch: this.next.epoch, materials },
          writes: [
            { statement: "sealEpoch.retire", parameters: [atMilliseconds, epoch.epoch] },
            epochWrite(this.next, atMilliseconds),
            ...writes,
            ...slots.map(slotWrite),
            ...this.retirements.map((one) => retirementWrite(one, atMilliseconds)),
            { statement: "sealEpoch.settle", parameters: [epoch.epoch] },
          ],
          leaf: {
            kind: "epoch",
            op: "rotate",
            epoch: this.next.epoch,
            slot: null,
            reason,
            materials,
          },
        });
        return;
      } catch (error) {
        // A row that was wrapped before and stored meanwhile: the database lets none be left behind.
        const late = error instanceof SpringhouseError && error.code === "internal";
        if (!late || attempt === ATTEMPTS) throw error;
      }
    }
  }
}
