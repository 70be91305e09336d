import type { Clock } from "../../port/clock.ts";
import type { RandomSupply } from "../../port/draw.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { Rotation, SlotDescription, SlotKind, VaultState } from "../../port/seal.ts";
import type { Store } from "../../store/store.ts";
import { KEY_BYTES } from "./envelope.ts";
import { copyIn, drawFrom, keeping, lockIn } from "./epochKey.ts";
import { EpochRotation } from "./epochRotation.ts";
import { EpochVault } from "./epochVault.ts";
import type { LockedBytes, SecretMemory } from "./lockedMemory.ts";
import { NO_WRONG_PASSPHRASES } from "./passphraseThrottle.ts";
import { type Epoch, epochWrite, slotWrite } from "./rows.ts";
import { type RecordAct, SealActs, type StoredSeal, wrongWrite } from "./sealActs.ts";
import { SealLedger } from "./sealLedger.ts";
import { describeSlot, type Slot, type SlotKeeper, type WantedSlot } from "./slot.ts";
import { named, type Opening, type RecoveryLeave, SlotRack } from "./slotRack.ts";
import type { Vault } from "./vault.ts";

export interface SealTerms {
  readonly clock: Clock;
  readonly store: Store;
  readonly random: RandomSupply;
  readonly memory: SecretMemory;
  readonly keepers: Readonly<Record<SlotKind, SlotKeeper>>;
  readonly record: RecordAct;
}

const VAULT_ID_BYTES = 8;
/** Who acts where nobody does. */
const SYSTEM = "springhouse";
const NO_VAULT = "The vault was never initialised.";
const NO_LEAVE = refuse("approval_required", "A recovery slot takes the leave of custodians.", {
  remedy: "`springhouse intent recover SLOT`; once approved, `springhouse seal open --intent ID`.",
});

/**
 * The one who opens and shuts the vault, one operation at a time; only `close` waits for nobody.
 * Open it with `openSealKeeper`.
 */
export class SealKeeper {
  readonly vault: Vault;
  readonly #terms: SealTerms;
  readonly #acts: SealActs;
  readonly #epochVault: EpochVault;
  readonly #ledger: SealLedger;
  readonly #rack: SlotRack;
  /** Counts the times that it was shut, so that an opening under way comes to nothing. */
  #closings = 0;
  #refusedTotal = 0;

  constructor(terms: SealTerms, acts: SealActs, stored: StoredSeal) {
    this.#terms = terms;
    this.#acts = acts;
    this.#ledger = new SealLedger(terms, acts, stored);
    this.#rack = new SlotRack(terms, this.#ledger);
    const vault = new EpochVault(terms.memory, terms.random, terms.clock);
    this.#epochVault = vault;
    this.vault = {
      state: () => this.state(),
      wrap: (binding, material) => vault.wrap(binding, material),
      open: (binding, wrapped, use) => vault.open(binding, wrapped, use),
      forget: (key) => vault.forget(key),
    };
  }

  state(): VaultState {
    const { epoch, slots } = this.#ledger.stored;
    const cause = this.#epochVault.cause;
    return {
      initialised: epoch !== null,
      sealed: cause !== null,
      cause: epoch === null ? NO_VAULT : cause,
      epoch: epoch?.epoch ?? null,
      slots: slots.map(describeSlot),
      refusedTotal: this.#refusedTotal,
      lockedMemory: this.#terms.memory.report(),
    };
  }

  /**
   * Draws the first epoch's key and makes the first slot for it. The vault is open afterwards.
   * @returns the slot, or a Refusal `conflict` (there is a vault), `invalid_parameter`, that of the
   *   draw or of the slot; then nothing was made
   * @throws SpringhouseError `store_failed`, `sealed` (memory that cannot be locked)
   */
  initialise(wanted: WantedSlot, actor: string): Promise<SlotDescription | Refusal> {
    return this.#ledger.turn(async () => {
      if (this.#ledger.stored.epoch !== null)
        return refuse("conflict", "The vault is initialised already.");
      const drawn = await drawFrom(this.#terms.random)(VAULT_ID_BYTES + KEY_BYTES, "epoch");
      if ("ok" in drawn) return drawn;
      const epoch: Epoch = { epoch: 1, vault: hex(drawn.subarray(0, VAULT_ID_BYTES)), live: true };
      const key = lockIn(this.#terms.memory, drawn.subarray(VAULT_ID_BYTES));
      return await keeping(key, async () => {
        const slot = await this.#rack.make(epoch, wanted, key);
        if ("ok" in slot) return slot;
        const act = {
          kind: "seal_initialised",
          actor,
          detail: `The vault has epoch 1, by ${named(slot)}.`,
          data: { epoch: 1, slot: slot.id },
          writes: [epochWrite(epoch, this.#terms.clock.wallMilliseconds()), slotWrite(slot)],
          leaf: { kind: "epoch", op: "create", epoch: 1, slot: slot.id, reason: null },
        } as const;
        await this.#ledger.record(act, { epoch, slots: [slot] });
        this.#epochVault.load(epoch.epoch, copyIn(this.#terms.memory, key));
        return describeSlot(slot);
      });
    });
  }

  /**
   * Opens the vault by the slot that is named, else by the first that does: with a passphrase those
   * that take one, without one those that open by themselves. A recovery slot opens by leave alone.
   * @returns what it was opened by; a Refusal `slot_refused`, `throttled`, `conflict`, `not_found`,
   *   `approval_required`
   * @throws SpringhouseError `store_failed`, `sealed` (memory that cannot be locked)
   */
  open(opening: Opening, actor: string): Promise<SlotDescription | Refusal> {
    return this.#ledger.turn(async () => {
      const { epoch } = this.#ledger.stored;
      if (epoch === null) return refuse("conflict", NO_VAULT);
      if (this.#epochVault.cause === null) return refuse("conflict", "The vault is open.");
      const slots = this.#rack.meant(opening);
      if (slots.length === 0) return this.#noSlot();
      // Before a secret is looked at: without leave nobody learns whether theirs is right.
      if (!opening.leave && slots.some(({ recovery }) => recovery))
        return await this.#refused(slots, [NO_LEAVE], actor);
      await this.#ledger.retirePending();
      const closings = this.#closings;
      const throttled = opening.passphrase === null ? null : await this.#ledger.countTry();
      if (throttled) return throttled;
      const refusals: Refusal[] = [];
      for (const slot of slots) {
        const key = await this.#rack.open(epoch, slot, opening.passphrase);
        if ("code" in key) refusals.push(key);
        else {
          const { leave } = opening;
          const by = { actor, leave, closings };
          return await keeping(key, () => this.#opened(epoch, slot, key, by));
        }
      }
      return await this.#refused(slots, refusals, actor);
    });
  }

  async #refused(
    slots: readonly Slot[],
    refusals: readonly Refusal[],
    actor: string,
  ): Promise<Refusal> {
    this.#refusedTotal++;
    const detail = refusals.map((refusal) => refusal.detail).join(" ");
    this.#epochVault.explain(`No slot opened it. ${detail}`);
    const data = { slots: slots.map(({ id }) => id).join(",") };
    await this.#acts.record({ kind: "seal_refused", actor, detail, data });
    return { ...refusals[0]!, detail };
  }

  #noSlot(): Refusal {
    const recovery = this.#ledger.stored.slots.filter((slot) => slot.recovery);
    if (recovery.length === 0) return refuse("not_found", "There is no slot to open it by.");
    const names = recovery.map(({ name }) => name).join(", ");
    return { ...NO_LEAVE, detail: `Only recovery slots are left: ${names}. ${NO_LEAVE.detail}` };
  }

  /** At a start: by a slot that opens by itself, if there is one. A refusal is kept as an event. */
  async openByItself(): Promise<void> {
    const { epoch } = this.#ledger.stored;
    const opening = { passphrase: null };
    if (epoch !== null && this.#rack.meant(opening).length > 0) await this.open(opening, SYSTEM);
  }

  /** Seals at once, whatever is under way: the key is gone before this returns. */
  async close(actor: string, reason: string | null): Promise<void> {
    const epoch = this.#epochVault.epoch;
    this.seal(reason === null ? "It was shut." : `It was shut: ${reason}`);
    if (epoch === null) return;
    await this.#acts.record({
      kind: "seal_closed",
      actor,
      detail: "The vault was shut.",
      reason,
      data: { epoch },
      leaf: { kind: "epoch", op: "close", epoch, slot: null, reason },
    });
  }

  /** For a stop, where no act is to be kept. */
  seal(cause: string): void {
    this.#closings++;
    this.#epochVault.seal(cause);
  }

  /**
   * The live epoch's key, for a backup: nothing opens, shuts or rotates meanwhile.
   * @param work its key is overwritten afterwards
   */
  withEpochKey<Result>(
    work: (epoch: number, key: Uint8Array) => Promise<Result>,
  ): Promise<Result | Refusal> {
    return this.#ledger.turn(async () => {
      const live = this.#epochVault.withKey((bytes, epoch) => ({
        epoch,
        key: Uint8Array.from(bytes),
      }));
      if ("code" in live) return live;
      try {
        return await work(live.epoch, live.key);
      } finally {
        live.key.fill(0);
      }
    });
  }

  /** @returns the slot; a Refusal `sealed`, `conflict`, `invalid_parameter`, or the slot's own */
  addSlot(wanted: WantedSlot, actor: string): Promise<SlotDescription | Refusal> {
    return this.#ledger.turn(async () => {
      const { epoch } = this.#ledger.stored;
      if (epoch === null) return refuse("conflict", NO_VAULT);
      const key = this.#liveKey();
      if ("code" in key) return key;
      return await keeping(key, () => this.#rack.add(epoch, wanted, key, actor));
    });
  }

  /**
   * A copy of the database that has the slot still opens by it: only a new epoch ends that.
   * @returns null when done; a Refusal `not_found`, or `conflict` for the last slot
   */
  removeSlot(id: string, actor: string): Promise<Refusal | null> {
    return this.#ledger.turn(() => this.#rack.remove(id, actor));
  }

  /**
   * A new epoch: its key is drawn, every slot gets it, every key version is taken over, in one
   * transaction; then each slot's keeper ends the old one as well as it can. A copy of the database
   * from before is worth nothing where all of them are of `hardware` assurance.
   * @returns what became of each slot; a Refusal `sealed`, or that of a slot that cannot take the new
   *   key, and then nothing was changed
   * @throws SpringhouseError `store_failed`, `material_damaged`
   */
  rotate(actor: string, reason: string | null): Promise<Rotation | Refusal> {
    return this.#ledger.turn(async () => {
      const { epoch } = this.#ledger.stored;
      if (epoch === null) return refuse("conflict", NO_VAULT);
      const from = this.#liveKey();
      if ("code" in from) return from;
      return await keeping(from, async () => {
        const drawn = await drawFrom(this.#terms.random)(KEY_BYTES, "epoch");
        if ("ok" in drawn) return drawn;
        const to = lockIn(this.#terms.memory, drawn);
        const rotation = new EpochRotation({
          ...this.#terms,
          acts: this.#acts,
          epoch,
          slots: this.#ledger.stored.slots,
          from,
          to,
          atMilliseconds: this.#terms.clock.wallMilliseconds(),
        });
        return await keeping(to, () => this.#rotate(rotation, epoch, to, actor, reason));
      });
    });
  }

  async #rotate(
    rotation: EpochRotation,
    epoch: Epoch,
    to: LockedBytes,
    actor: string,
    reason: string | null,
  ): Promise<Rotation | Refusal> {
    const slots = await rotation.renewSlots();
    if ("ok" in slots) return slots;
    await rotation.prepare();
    const { next } = rotation;
    await this.#epochVault.holdWraps(async () => {
      await rotation
        .commit(slots, actor, reason)
        .catch((error: unknown) => this.#doubt(epoch, error));
      const shut = this.#epochVault.cause !== null;
      if (!shut) this.#epochVault.load(next.epoch, copyIn(this.#terms.memory, to));
    });
    const retirements = [...this.#ledger.stored.retirements, ...rotation.retirements];
    this.#ledger.know({ epoch: next, slots, retirements });
    const retired = await this.#ledger.retirePending();
    // What was overwritten and deleted still stands in the write-ahead log.
    const [checkpoint] = await this.#terms.store.read("wal.truncate", []);
    return {
      epoch: next.epoch,
      from: epoch.epoch,
      materials: rotation.materials,
      retired,
      writeAheadLogEmptied: checkpoint?.["busy"] === 0,
    };
  }

  /** A rotation that failed, or of which the database did not say what became of it. */
  async #doubt(epoch: Epoch, error: unknown): Promise<never> {
    const stored = await this.#acts.read().catch(() => null);
    if (stored?.epoch?.epoch !== epoch.epoch)
      this.seal("The database did not say whether the epoch was rotated.");
    throw error;
  }

  async #opened(
    { epoch }: Epoch,
    slot: Slot,
    key: LockedBytes,
    {
      actor,
      leave,
      closings,
    }: {
      readonly actor: string;
      readonly leave: RecoveryLeave | undefined;
      readonly closings: number;
    },
  ): Promise<SlotDescription | Refusal> {
    const shut = refuse("conflict", "The vault was shut meanwhile.");
    if (closings !== this.#closings) return shut;
    const { wrong } = this.#ledger.stored;
    const { intent, writes = [] } = leave ?? {};
    const leaf = { kind: "epoch", op: "open", epoch, slot: slot.id, reason: null } as const;
    const act = {
      kind: "seal_opened",
      actor,
      detail: `The vault was opened by ${named(slot)}.`,
      data: { slot: slot.id, epoch, recovery: slot.recovery },
      writes: [...writes, ...(wrong.count > 0 ? [wrongWrite(NO_WRONG_PASSPHRASES)] : [])],
      leaf: intent === undefined ? leaf : { ...leaf, intent },
    } as const;
    await this.#ledger.record(act, { wrong: NO_WRONG_PASSPHRASES });
    if (closings !== this.#closings) return shut;
    this.#epochVault.load(epoch, copyIn(this.#terms.memory, key));
    return describeSlot(slot);
  }

  /** A copy of its own. */
  #liveKey(): LockedBytes | Refusal {
    const { memory } = this.#terms;
    return this.#epochVault.withKey((bytes) => lockIn(memory, Uint8Array.from(bytes)));
  }
}

/** @throws SpringhouseError `store_failed`; Error for rows of another version's */
export async function openSealKeeper(terms: SealTerms): Promise<SealKeeper> {
  const acts = new SealActs(terms.store, terms.clock, terms.record);
  return new SealKeeper(terms, acts, await acts.read());
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
