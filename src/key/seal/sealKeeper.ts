import { Turns } from "../../drbg/turns.ts";
import type { Clock } from "../../port/clock.ts";
import type { RandomSupply } from "../../port/draw.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type {
  RetiredSlot,
  Rotation,
  SlotDescription,
  SlotKind,
  VaultState,
} from "../../port/seal.ts";
import type { Store, Write } from "../../store/store.ts";
import { KEY_BYTES } from "./envelope.ts";
import { EpochRotation } from "./epochRotation.ts";
import { EpochVault } from "./epochVault.ts";
import type { LockedBytes, SecretMemory } from "./lockedMemory.ts";
import { NO_WRONG_PASSPHRASES, passphraseWaitSeconds } from "./passphraseThrottle.ts";
import { retire, retirementOf, retirementRemoval, retirementWrite } from "./retirement.ts";
import { type Epoch, epochWrite, slotRemoval, slotWrite } from "./rows.ts";
import { type RecordAct, SealActs, type StoredSeal, wrongWrite } from "./sealActs.ts";
import {
  describeSlot,
  isGenuine,
  type Sealed,
  type Slot,
  type SlotKeeper,
  tagged,
  type WantedSlot,
} from "./slot.ts";
import type { Vault } from "./vault.ts";

export interface SealTerms {
  readonly clock: Clock;
  readonly store: Store;
  readonly random: RandomSupply;
  readonly memory: SecretMemory;
  readonly keepers: Readonly<Record<SlotKind, SlotKeeper>>;
  readonly record: RecordAct;
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
/** Operations that wait for the one under way. */
const WAITING = 8;
const ID_BYTES = 8;
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
  readonly #turns = new Turns(WAITING);
  #stored: StoredSeal;
  /** An act whose fate is open: what is stored is read again before the next. */
  #stale = false;
  /** Counts the times that it was shut, so that an opening under way comes to nothing. */
  #closings = 0;
  #refusedTotal = 0;

  constructor(terms: SealTerms, acts: SealActs, stored: StoredSeal) {
    this.#terms = terms;
    this.#acts = acts;
    this.#stored = stored;
    const vault = new EpochVault(terms.memory, terms.random);
    this.#epochVault = vault;
    this.vault = {
      state: () => this.state(),
      wrap: (binding, material) => vault.wrap(binding, material),
      open: (binding, wrapped, use) => vault.open(binding, wrapped, use),
    };
  }

  state(): VaultState {
    const { epoch, slots } = this.#stored;
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
    return this.#turn(async () => {
      if (this.#stored.epoch !== null)
        return refuse("conflict", "The vault is initialised already.");
      const drawn = await this.#draw(ID_BYTES + KEY_BYTES, "epoch");
      if ("ok" in drawn) return drawn;
      const epoch: Epoch = { epoch: 1, vault: hex(drawn.subarray(0, ID_BYTES)), live: true };
      const key = this.#lock(drawn.subarray(ID_BYTES));
      return await keeping(key, async () => {
        const slot = await this.#makeSlot(epoch, wanted, key);
        if ("ok" in slot) return slot;
        await this.#acts.record({
          kind: "seal_initialised",
          actor,
          detail: `The vault has epoch 1, by ${named(slot)}.`,
          data: { epoch: 1, slot: slot.id },
          writes: [epochWrite(epoch, this.#terms.clock.wallMilliseconds()), slotWrite(slot)],
          leaf: { kind: "epoch", op: "create", epoch: 1, slot: slot.id, reason: null },
        });
        this.#stored = { ...this.#stored, epoch, slots: [slot] };
        this.#epochVault.load(epoch.epoch, this.#copy(key));
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
    return this.#turn(async () => {
      const { epoch } = this.#stored;
      if (epoch === null) return refuse("conflict", NO_VAULT);
      if (this.#epochVault.cause === null) return refuse("conflict", "The vault is open.");
      const slots = this.#meant(opening);
      if (slots.length === 0) return this.#noSlot();
      // Before a secret is looked at: without leave nobody learns whether theirs is right.
      if (!opening.leave && slots.some(({ recovery }) => recovery))
        return await this.#refused(slots, [NO_LEAVE], actor);
      await this.#retirePending();
      const closings = this.#closings;
      const throttled = opening.passphrase === null ? null : await this.#countTry();
      if (throttled) return throttled;
      const refusals: Refusal[] = [];
      for (const slot of slots) {
        const key = await this.#openSlot(epoch, slot, opening.passphrase);
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
    const recovery = this.#stored.slots.filter((slot) => slot.recovery);
    if (recovery.length === 0) return refuse("not_found", "There is no slot to open it by.");
    const names = recovery.map(({ name }) => name).join(", ");
    return { ...NO_LEAVE, detail: `Only recovery slots are left: ${names}. ${NO_LEAVE.detail}` };
  }

  /** At a start: by a slot that opens by itself, if there is one. A refusal is kept as an event. */
  async openByItself(): Promise<void> {
    const { epoch } = this.#stored;
    const opening = { passphrase: null };
    if (epoch !== null && this.#meant(opening).length > 0) await this.open(opening, SYSTEM);
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
    return this.#turn(async () => {
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
    return this.#turn(async () => {
      const { epoch, slots } = this.#stored;
      if (epoch === null) return refuse("conflict", NO_VAULT);
      const key = this.#epochVault.withKey((bytes) => this.#lock(Uint8Array.from(bytes)));
      if ("code" in key) return key;
      return await keeping(key, async () => {
        if (slots.length >= MAXIMUM_SLOTS)
          return refuse("conflict", `The vault has ${MAXIMUM_SLOTS} slots; remove one first.`);
        if (slots.some(({ name }) => name === wanted.name))
          return refuse("conflict", "There is a slot of that name.");
        const slot = await this.#makeSlot(epoch, wanted, key);
        if ("ok" in slot) return slot;
        const { id, kind, recovery } = slot;
        const leaf = { op: "add", slot: id, slotKind: kind, epoch: epoch.epoch } as const;
        await this.#acts.record({
          kind: "slot_added",
          actor,
          detail: `There is ${named(slot)}.`,
          data: { slot: id, slot_kind: kind, recovery },
          writes: [slotWrite(slot)],
          leaf: { kind: "slot", ...leaf, ...(recovery ? { recovery } : {}) },
        });
        this.#stored = { ...this.#stored, slots: [...slots, slot] };
        return describeSlot(slot);
      });
    });
  }

  /**
   * A copy of the database that has the slot still opens by it: only a new epoch ends that.
   * @returns null when done; a Refusal `not_found`, or `conflict` for the last slot
   */
  removeSlot(id: string, actor: string): Promise<Refusal | null> {
    return this.#turn(async () => {
      const { slots } = this.#stored;
      const slot = slots.find((one) => one.id === id);
      if (slot === undefined) return refuse("not_found", "There is no such slot.");
      if (slots.length === 1)
        return refuse("conflict", "Nothing could open the vault without its last slot.", {
          remedy: "Add another slot first.",
        });
      const retirement = retirementOf(this.#stored.epoch?.vault ?? "", slot, true);
      const now = this.#terms.clock.wallMilliseconds();
      await this.#acts.record({
        kind: "slot_removed",
        actor,
        detail: `There is no ${named(slot)} any more.`,
        data: { slot: id, slot_kind: slot.kind },
        writes: [slotRemoval(id), retirementWrite(retirement, now)],
        leaf: { kind: "slot", op: "remove", slot: id, slotKind: slot.kind, epoch: slot.epoch },
      });
      const left = slots.filter((one) => one !== slot);
      const retirements = [...this.#stored.retirements, retirement];
      this.#stored = { ...this.#stored, slots: left, retirements };
      await this.#retirePending();
      return null;
    });
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
    return this.#turn(async () => {
      const { epoch } = this.#stored;
      if (epoch === null) return refuse("conflict", NO_VAULT);
      const from = this.#epochVault.withKey((bytes) => this.#lock(Uint8Array.from(bytes)));
      if ("code" in from) return from;
      return await keeping(from, async () => {
        const drawn = await this.#draw(KEY_BYTES, "epoch");
        if ("ok" in drawn) return drawn;
        const to = this.#lock(drawn);
        const rotation = new EpochRotation({
          ...this.#terms,
          acts: this.#acts,
          epoch,
          slots: this.#stored.slots,
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
      if (!shut) this.#epochVault.load(next.epoch, this.#copy(to));
    });
    const retirements = [...this.#stored.retirements, ...rotation.retirements];
    this.#stored = { ...this.#stored, epoch: next, slots, retirements };
    const retired = await this.#retirePending();
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

  /** Has what slots were ended by their keepers; one that cannot now is tried at the next occasion. */
  async #retirePending(): Promise<readonly RetiredSlot[]> {
    const results: RetiredSlot[] = [];
    for (const retirement of this.#stored.retirements) {
      const result = await retire(this.#terms.keepers, retirement);
      results.push(result);
      const { assurance, slot, kind, epoch, detail } = result;
      if (assurance === "pending") continue;
      await this.#acts.record({
        kind: "slot_retired",
        actor: SYSTEM,
        detail: `${result.name} is over for epoch ${epoch}, ${assurance}: ${detail}`,
        data: { slot, slot_kind: kind, epoch, assurance },
        writes: [retirementRemoval(retirement)],
        leaf: { kind: "slot", op: "retire", slot, slotKind: kind, epoch, assurance },
      });
      const left = this.#stored.retirements.filter((one) => one !== retirement);
      this.#stored = { ...this.#stored, retirements: left };
    }
    return results;
  }

  async #turn<Result>(work: () => Promise<Result>): Promise<Result | Refusal> {
    if (this.#turns.full) return refuse("busy", "Other work on the seal is under way.");
    return this.#turns.run(async () => {
      if (this.#stale) this.#stored = await this.#acts.read();
      this.#stale = true;
      const result = await work();
      this.#stale = false;
      return result;
    });
  }

  #meant({ slot, passphrase, leave }: Opening): readonly Slot[] {
    const { slots } = this.#stored;
    if (leave) return slots.filter(({ id, recovery }) => recovery && id === leave.slot);
    if (slot !== undefined) return slots.filter(({ id, name }) => slot === id || slot === name);
    const { keepers } = this.#terms;
    return slots.filter(
      ({ kind, recovery }) => !recovery && keepers[kind].opensByItself === (passphrase === null),
    );
  }

  /** Counts a passphrase as wrong until it shows that it is not. */
  async #countTry(): Promise<Refusal | null> {
    const { wrong } = this.#stored;
    const now = this.#terms.clock.wallMilliseconds();
    const wait = passphraseWaitSeconds(wrong, now);
    if (wait > 0)
      return refuse("throttled", `${wrong.count} passphrases in a row were wrong.`, {
        retryAfterSeconds: Math.ceil(wait),
      });
    const counted = { count: wrong.count + 1, lastMilliseconds: now };
    await this.#acts.keepWrong(counted);
    this.#stored = { ...this.#stored, wrong: counted };
    return null;
  }

  async #openSlot(
    { vault, epoch }: Epoch,
    slot: Slot,
    passphrase: Uint8Array | null,
  ): Promise<LockedBytes | Refusal> {
    const terms = { vault, id: slot.id, epoch };
    const opened = await this.#terms.keepers[slot.kind].open(terms, slot, passphrase);
    if (!opened.ok) return opened;
    const genuine = isGenuine(vault, slot, opened.epochKey);
    const key = this.#lock(opened.epochKey);
    if (genuine) return key;
    key.free();
    return refuse("slot_refused", `Slot ${slot.name} was changed by another hand.`);
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
    const { wrong } = this.#stored;
    const { intent, writes = [] } = leave ?? {};
    const leaf = { kind: "epoch", op: "open", epoch, slot: slot.id, reason: null } as const;
    await this.#acts.record({
      kind: "seal_opened",
      actor,
      detail: `The vault was opened by ${named(slot)}.`,
      data: { slot: slot.id, epoch, recovery: slot.recovery },
      writes: [...writes, ...(wrong.count > 0 ? [wrongWrite(NO_WRONG_PASSPHRASES)] : [])],
      leaf: intent === undefined ? leaf : { ...leaf, intent },
    });
    this.#stored = { ...this.#stored, wrong: NO_WRONG_PASSPHRASES };
    if (closings !== this.#closings) return shut;
    this.#epochVault.load(epoch, this.#copy(key));
    return describeSlot(slot);
  }

  async #makeSlot(epoch: Epoch, wanted: WantedSlot, key: LockedBytes): Promise<Slot | Refusal> {
    const drawn = await this.#draw(ID_BYTES, "slot");
    if ("ok" in drawn) return drawn;
    const { kind, name, place, recovery = false } = wanted;
    const id = `slot-${hex(drawn)}`;
    const terms = { vault: epoch.vault, id, epoch: epoch.epoch };
    const sealed: Sealed | Refusal = await this.#terms.keepers[kind].create(terms, wanted, key);
    if (!sealed.ok) return sealed;
    const createdMilliseconds = this.#terms.clock.wallMilliseconds();
    const slot = { id, kind, name, place, epoch: epoch.epoch, createdMilliseconds, recovery };
    const { parameters, sealed: bytes } = sealed;
    return tagged(epoch.vault, { ...slot, parameters, sealed: bytes }, key);
  }

  #copy(key: LockedBytes): LockedBytes {
    return key.use((bytes) => this.#lock(Uint8Array.from(bytes)));
  }

  /** Moves bytes into locked memory: what they came in is overwritten. */
  #lock(bytes: Uint8Array): LockedBytes {
    try {
      const locked = this.#terms.memory.allocate(bytes.length);
      locked.use((place) => place.set(bytes));
      return locked;
    } finally {
      bytes.fill(0);
    }
  }

  #draw(bytes: number, purpose: string): Promise<Uint8Array | Refusal> {
    return drawFrom(this.#terms.random)(bytes, purpose);
  }
}

/** Bytes for the seal's own keys, at the strength of AES-256. */
export function drawFrom(random: RandomSupply) {
  return async (bytes: number, purpose: string): Promise<Uint8Array | Refusal> => {
    const drawn = await random.draw({
      bytes,
      door: "internal",
      principal: SYSTEM,
      purpose,
      requirement: { strength: 256 },
    });
    return drawn.ok ? drawn.bytes : drawn;
  };
}

/** @throws SpringhouseError `store_failed`; Error for rows of another version's */
export async function openSealKeeper(terms: SealTerms): Promise<SealKeeper> {
  const acts = new SealActs(terms.store, terms.clock, terms.record);
  return new SealKeeper(terms, acts, await acts.read());
}

/** A key for the length of some work. */
async function keeping<Result>(key: LockedBytes, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } finally {
    key.free();
  }
}

function named({ id, kind, name }: Slot): string {
  return `slot ${name} (${kind}, ${id})`;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
