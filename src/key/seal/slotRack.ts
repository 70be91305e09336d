import type { Clock } from "../../port/clock.ts";
import type { RandomSupply } from "../../port/draw.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { SlotDescription, SlotKind } from "../../port/seal.ts";
import type { Write } from "../../store/store.ts";
import { drawFrom, lockIn } from "./epochKey.ts";
import type { LockedBytes, SecretMemory } from "./lockedMemory.ts";
import { retirementOf, retirementWrite } from "./retirement.ts";
import { type Epoch, slotRemoval, slotWrite } from "./rows.ts";
import type { SealLedger } from "./sealLedger.ts";
import { describeSlot, isGenuine, type Sealed, type Slot, type SlotKeeper } from "./slot.ts";
import { tagged, type WantedSlot } from "./slot.ts";

export interface SlotRackTerms {
  readonly clock: Clock;
  readonly random: RandomSupply;
  readonly memory: SecretMemory;
  readonly keepers: Readonly<Record<SlotKind, SlotKeeper>>;
}

/** What a vault is opened with: one slot, or every slot that could be meant. */
export interface Opening {
  /** Its id or its name. */
  readonly slot?: string;
  /** The caller overwrites it. */
  readonly passphrase: Uint8Array | null;
  /** Of custodians: opens the recovery slot that it names, and no other. */
  readonly leave?: RecoveryLeave;
}

export interface RecoveryLeave {
  /** Id of the slot. */
  readonly slot: string;
  /** Digest of the intent, for the leaf. */
  readonly intent: string;
  /** Uses the intent up, in the transaction that tells of the opening. */
  readonly writes: readonly Write[];
}

/** LUKS2 has 32; each that a passphrase is tried on takes a quarter of a second and 64 MiB. */
const MAXIMUM_SLOTS = 16;
const ID_BYTES = 8;

/** The slots of the vault: made, opened, taken away. All of it in a turn of the ledger. */
export class SlotRack {
  readonly #terms: SlotRackTerms;
  readonly #ledger: SealLedger;

  constructor(terms: SlotRackTerms, ledger: SealLedger) {
    this.#terms = terms;
    this.#ledger = ledger;
  }

  /** Those that an opening could be by. */
  meant({ slot, passphrase, leave }: Opening): readonly Slot[] {
    const { slots } = this.#ledger.stored;
    if (leave) return slots.filter(({ id, recovery }) => recovery && id === leave.slot);
    if (slot !== undefined) return slots.filter(({ id, name }) => slot === id || slot === name);
    const { keepers } = this.#terms;
    return slots.filter(
      ({ kind, recovery }) => !recovery && keepers[kind].opensByItself === (passphrase === null),
    );
  }

  /** @returns the epoch's key, or a Refusal: the slot's own, or that another hand changed it */
  async open(
    { vault, epoch }: Epoch,
    slot: Slot,
    passphrase: Uint8Array | null,
  ): Promise<LockedBytes | Refusal> {
    const terms = { vault, id: slot.id, epoch };
    const opened = await this.#terms.keepers[slot.kind].open(terms, slot, passphrase);
    if (!opened.ok) return opened;
    const genuine = isGenuine(vault, slot, opened.epochKey);
    const key = lockIn(this.#terms.memory, opened.epochKey);
    if (genuine) return key;
    key.free();
    return refuse("slot_refused", `Slot ${slot.name} was changed by another hand.`);
  }

  /** One that is not kept yet. */
  async make(epoch: Epoch, wanted: WantedSlot, key: LockedBytes): Promise<Slot | Refusal> {
    const drawn = await drawFrom(this.#terms.random)(ID_BYTES, "slot");
    if ("ok" in drawn) return drawn;
    const { kind, name, place, recovery = false } = wanted;
    const id = `slot-${Buffer.from(drawn).toString("hex")}`;
    const terms = { vault: epoch.vault, id, epoch: epoch.epoch };
    const sealed: Sealed | Refusal = await this.#terms.keepers[kind].create(terms, wanted, key);
    if (!sealed.ok) return sealed;
    const createdMilliseconds = this.#terms.clock.wallMilliseconds();
    const slot = { id, kind, name, place, epoch: epoch.epoch, createdMilliseconds, recovery };
    const { parameters, sealed: bytes } = sealed;
    return tagged(epoch.vault, { ...slot, parameters, sealed: bytes }, key);
  }

  /** @returns the slot; a Refusal `conflict`, or that of `make` */
  async add(
    epoch: Epoch,
    wanted: WantedSlot,
    key: LockedBytes,
    actor: string,
  ): Promise<SlotDescription | Refusal> {
    const { slots } = this.#ledger.stored;
    if (slots.length >= MAXIMUM_SLOTS)
      return refuse("conflict", `The vault has ${MAXIMUM_SLOTS} slots; remove one first.`);
    if (slots.some(({ name }) => name === wanted.name))
      return refuse("conflict", "There is a slot of that name.");
    const slot = await this.make(epoch, wanted, key);
    if ("ok" in slot) return slot;
    const { id, kind, recovery } = slot;
    const leaf = { op: "add", slot: id, slotKind: kind, epoch: epoch.epoch } as const;
    await this.#ledger.record(
      {
        kind: "slot_added",
        actor,
        detail: `There is ${named(slot)}.`,
        data: { slot: id, slot_kind: kind, recovery },
        writes: [slotWrite(slot)],
        leaf: { kind: "slot", ...leaf, ...(recovery ? { recovery } : {}) },
      },
      { slots: [...slots, slot] },
    );
    return describeSlot(slot);
  }

  /** @returns null when done; a Refusal `not_found`, or `conflict` for the last slot */
  async remove(id: string, actor: string): Promise<Refusal | null> {
    const { slots, epoch, retirements } = this.#ledger.stored;
    const slot = slots.find((one) => one.id === id);
    if (slot === undefined) return refuse("not_found", "There is no such slot.");
    if (slots.length === 1)
      return refuse("conflict", "Nothing could open the vault without its last slot.", {
        remedy: "Add another slot first.",
      });
    const retirement = retirementOf(epoch?.vault ?? "", slot, true);
    const now = this.#terms.clock.wallMilliseconds();
    await this.#ledger.record(
      {
        kind: "slot_removed",
        actor,
        detail: `There is no ${named(slot)} any more.`,
        data: { slot: id, slot_kind: slot.kind },
        writes: [slotRemoval(id), retirementWrite(retirement, now)],
        leaf: { kind: "slot", op: "remove", slot: id, slotKind: slot.kind, epoch: slot.epoch },
      },
      {
        slots: slots.filter((one) => one !== slot),
        retirements: [...retirements, retirement],
      },
    );
    await this.#ledger.retirePending();
    return null;
  }
}

export function named({ id, kind, name }: Slot): string {
  return `slot ${name} (${kind}, ${id})`;
}
