import { Turns } from "../../drbg/turns.ts";
import type { Clock } from "../../port/clock.ts";
import type { RandomSupply } from "../../port/draw.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { EventKind, ServiceEvent } from "../../port/event.ts";
import type { Store, Write } from "../../store/store.ts";
import { KEY_BYTES } from "./envelope.ts";
import { EpochVault } from "./epochVault.ts";
import type { LockedBytes, SecretMemory } from "./lockedMemory.ts";
import { type Epoch, epochWrite, slotRemoval, slotWrite, toEpoch, toSlot } from "./rows.ts";
import {
  describeSlot,
  isGenuine,
  type Sealed,
  type Slot,
  type SlotKeeper,
  tagOf,
  type WantedSlot,
} from "./slot.ts";
import type { SlotDescription, SlotKind, Vault, VaultState } from "./vault.ts";

export interface SealTerms {
  readonly clock: Clock;
  readonly store: Store;
  readonly random: RandomSupply;
  readonly memory: SecretMemory;
  readonly keepers: Readonly<Record<SlotKind, SlotKeeper>>;
  /** Keeps an act durably with what it changed: both or neither. */
  readonly record: (event: ServiceEvent, together?: readonly Write[]) => Promise<void>;
}

/** What a vault is opened with: one slot, or every slot that could be meant. */
export interface Opening {
  readonly slot?: string;
  /** The caller overwrites it. */
  readonly passphrase: Uint8Array | null;
}

/** LUKS2 has 32; each that a passphrase is tried on takes a quarter of a second and 64 MiB. */
const MAXIMUM_SLOTS = 16;
/** Operations that wait for the one under way. */
const WAITING = 8;
const ID_BYTES = 8;

/**
 * The one who opens and shuts the vault, one operation at a time; only `close` waits for nobody.
 * Open it with `openSealKeeper`.
 */
export class SealKeeper {
  readonly vault: Vault;
  readonly #terms: SealTerms;
  readonly #epochVault: EpochVault;
  readonly #turns = new Turns(WAITING);
  #epoch: Epoch | null;
  #slots: readonly Slot[];
  /** Counts the times that it was shut, so that an opening under way comes to nothing. */
  #closings = 0;

  constructor(terms: SealTerms, epoch: Epoch | null, slots: readonly Slot[]) {
    this.#terms = terms;
    this.#epoch = epoch;
    this.#slots = slots;
    const vault = new EpochVault(terms.memory, terms.random);
    this.#epochVault = vault;
    this.vault = {
      state: () => this.state(),
      wrap: (binding, material) => vault.wrap(binding, material),
      open: (binding, wrapped, use) => vault.open(binding, wrapped, use),
    };
  }

  state(): VaultState {
    const cause = this.#epochVault.cause;
    return {
      initialised: this.#epoch !== null,
      sealed: cause !== null,
      cause: this.#epoch === null ? "The vault was never initialised." : cause,
      epoch: this.#epoch?.epoch ?? null,
      slots: this.#slots.map(describeSlot),
    };
  }

  /**
   * Draws the first epoch's key and makes the first slot for it. The vault is open afterwards.
   * @returns the slot, or a Refusal `conflict` (there is a vault), `invalid_parameter`, that of the
   *   draw or of the slot; then nothing was made
   * @throws SpringhouseError `store_failed`
   */
  initialise(wanted: WantedSlot, actor: string): Promise<SlotDescription | Refusal> {
    return this.#turn(async () => {
      if (this.#epoch !== null) return refuse("conflict", "The vault is initialised already.");
      const drawn = await this.#draw(ID_BYTES + KEY_BYTES, "epoch");
      if ("ok" in drawn) return drawn;
      const epoch: Epoch = { epoch: 1, vault: hex(drawn.subarray(0, ID_BYTES)), live: true };
      const key = this.#lock(drawn.subarray(ID_BYTES));
      const slot = await this.#makeSlot(epoch, wanted, key);
      if ("ok" in slot) return freeing(key, slot);
      try {
        const now = this.#terms.clock.wallMilliseconds();
        await this.#record("seal_initialised", actor, `The vault has epoch 1, by ${named(slot)}.`, [
          epochWrite(epoch, now),
          slotWrite(slot),
        ]);
      } catch (error) {
        key.free();
        throw error;
      }
      this.#epoch = epoch;
      this.#slots = [slot];
      this.#epochVault.load(epoch.epoch, key);
      return describeSlot(slot);
    });
  }

  /**
   * Opens the vault by the slot that is named, else by the first that does: with a passphrase those
   * that take one, without one those that open by themselves.
   * @returns what it was opened by; a Refusal `slot_refused`, `conflict`, `not_found`
   * @throws SpringhouseError `store_failed`, `sealed` (memory that cannot be locked)
   */
  open(opening: Opening, actor: string): Promise<SlotDescription | Refusal> {
    return this.#turn(async () => {
      const epoch = this.#epoch;
      if (epoch === null) return refuse("conflict", "The vault was never initialised.");
      if (this.#epochVault.cause === null) return refuse("conflict", "The vault is open.");
      const slots = this.#meant(opening);
      if (slots.length === 0) return refuse("not_found", "There is no such slot.");
      const closings = this.#closings;
      const refusals: Refusal[] = [];
      for (const slot of slots) {
        const opened = await this.#openSlot(epoch, slot, opening.passphrase);
        if ("code" in opened) {
          refusals.push(opened);
          continue;
        }
        if (closings !== this.#closings)
          return freeing(opened.key, refuse("conflict", "The vault was shut meanwhile."));
        try {
          await this.#record("seal_opened", actor, `The vault was opened by ${named(slot)}.`, [], {
            slot: slot.id,
            epoch: epoch.epoch,
          });
        } catch (error) {
          opened.key.free();
          throw error;
        }
        if (closings !== this.#closings)
          return freeing(opened.key, refuse("conflict", "The vault was shut meanwhile."));
        this.#epochVault.load(epoch.epoch, opened.key);
        return describeSlot(slot);
      }
      const detail = refusals.map((refusal) => refusal.detail).join(" ");
      await this.#record("seal_refused", actor, `The vault stays sealed: ${detail}`);
      return { ...refusals[0]!, detail };
    });
  }

  /** Seals at once, whatever is under way: the keys are gone before this returns. */
  async close(actor: string, reason: string | null): Promise<void> {
    this.seal(reason === null ? "It was shut." : `It was shut: ${reason}`);
    await this.#record("seal_closed", actor, "The vault was shut.", [], {}, reason);
  }

  /** For a stop, and where no act is to be kept. */
  seal(cause: string): void {
    this.#closings++;
    this.#epochVault.seal(cause);
  }

  /** @returns the slot; a Refusal `sealed`, `conflict`, `invalid_parameter`, or the slot's own */
  addSlot(wanted: WantedSlot, actor: string): Promise<SlotDescription | Refusal> {
    return this.#turn(async () => {
      const key = this.#copyKey();
      const epoch = this.#epoch;
      if ("code" in key) return key;
      try {
        if (epoch === null) return refuse("conflict", "The vault was never initialised.");
        if (this.#slots.length >= MAXIMUM_SLOTS)
          return refuse("conflict", `The vault has ${MAXIMUM_SLOTS} slots; remove one first.`);
        if (this.#slots.some(({ name }) => name === wanted.name))
          return refuse("conflict", `There is a slot named ${wanted.name}.`);
        const slot = await this.#makeSlot(epoch, wanted, key);
        if ("ok" in slot) return slot;
        await this.#record("slot_added", actor, `There is ${named(slot)}.`, [slotWrite(slot)], {
          slot: slot.id,
          slot_kind: slot.kind,
        });
        this.#slots = [...this.#slots, slot];
        return describeSlot(slot);
      } finally {
        key.free();
      }
    });
  }

  /**
   * A copy of the database that has the slot still opens by it: only a new epoch ends that.
   * @returns null when done; a Refusal `not_found`, or `conflict` for the last slot
   */
  removeSlot(id: string, actor: string): Promise<Refusal | null> {
    return this.#turn(async () => {
      const slot = this.#slots.find((one) => one.id === id);
      if (slot === undefined) return refuse("not_found", "There is no such slot.");
      if (this.#slots.length === 1)
        return refuse("conflict", "Nothing could open the vault without its last slot.", {
          remedy: "Add another slot first.",
        });
      await this.#record("slot_removed", actor, `${named(slot)} is gone.`, [slotRemoval(id)], {
        slot: id,
        slot_kind: slot.kind,
      });
      this.#slots = this.#slots.filter((one) => one !== slot);
      return null;
    });
  }

  async #turn<Result>(work: () => Promise<Result>): Promise<Result | Refusal> {
    if (this.#turns.full) return refuse("busy", "Other work on the seal is under way.");
    return this.#turns.run(work);
  }

  #meant({ slot, passphrase }: Opening): readonly Slot[] {
    if (slot !== undefined)
      return this.#slots.filter(({ id, name }) => slot === id || slot === name);
    return this.#slots.filter(({ kind }) => (kind === "passphrase") === (passphrase !== null));
  }

  async #openSlot(
    epoch: Epoch,
    slot: Slot,
    passphrase: Uint8Array | null,
  ): Promise<{ readonly key: LockedBytes } | Refusal> {
    const terms = { vault: epoch.vault, id: slot.id, epoch: epoch.epoch };
    const opened = await this.#terms.keepers[slot.kind].open(terms, slot, passphrase);
    if (!opened.ok) return opened;
    const genuine = isGenuine(epoch.vault, slot, opened.epochKey);
    const key = this.#lock(opened.epochKey);
    if (genuine) return { key };
    return freeing(key, refuse("slot_refused", `Slot ${slot.name} was changed by another hand.`));
  }

  async #makeSlot(epoch: Epoch, wanted: WantedSlot, key: LockedBytes): Promise<Slot | Refusal> {
    const drawn = await this.#draw(ID_BYTES, "slot");
    if ("ok" in drawn) return drawn;
    const id = `slot-${hex(drawn)}`;
    const terms = { vault: epoch.vault, id, epoch: epoch.epoch };
    const sealed: Sealed | Refusal = await this.#terms.keepers[wanted.kind].create(
      terms,
      wanted,
      key,
    );
    if (!sealed.ok) return sealed;
    const slot = {
      id,
      kind: wanted.kind,
      name: wanted.name,
      place: wanted.place,
      epoch: epoch.epoch,
      createdMilliseconds: this.#terms.clock.wallMilliseconds(),
      parameters: sealed.parameters,
      sealed: sealed.sealed,
    };
    return { ...slot, tag: key.use((bytes) => tagOf(epoch.vault, slot, bytes)) };
  }

  /** The live key once more, so that a `close` meanwhile pulls it away from nobody. */
  #copyKey(): LockedBytes | Refusal {
    return this.#epochVault.withKey((bytes) => this.#lock(Uint8Array.from(bytes)));
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

  async #draw(bytes: number, purpose: string): Promise<Uint8Array | Refusal> {
    return drawFrom(this.#terms.random)(bytes, purpose);
  }

  #record(
    kind: EventKind,
    actor: string,
    detail: string,
    together: readonly Write[] = [],
    data: ServiceEvent["data"] = {},
    reason: string | null = null,
  ): Promise<void> {
    const atMilliseconds = this.#terms.clock.wallMilliseconds();
    const severity = kind === "seal_refused" ? "warning" : "info";
    const event = {
      kind,
      atMilliseconds,
      source: null,
      severity,
      actor,
      reason,
      detail,
      data,
    } as const;
    return this.#terms.record(event, together);
  }
}

/** Bytes for the seal's own keys, at the strength of AES-256. */
export function drawFrom(random: RandomSupply) {
  return async (bytes: number, purpose: string): Promise<Uint8Array | Refusal> => {
    const drawn = await random.draw({
      bytes,
      door: "internal",
      principal: "springhouse",
      purpose,
      requirement: { strength: 256 },
    });
    return drawn.ok ? drawn.bytes : drawn;
  };
}

/** @throws SpringhouseError `store_failed`; Error for rows of another version's */
export async function openSealKeeper(terms: SealTerms): Promise<SealKeeper> {
  const [epochs, slots] = await terms.store.readTogether([
    { statement: "sealEpoch.all", parameters: [] },
    { statement: "sealSlot.all", parameters: [] },
  ]);
  const live = (epochs ?? []).map(toEpoch).find((epoch) => epoch.live) ?? null;
  return new SealKeeper(terms, live, (slots ?? []).map(toSlot));
}

function freeing(key: LockedBytes, refusal: Refusal): Refusal {
  key.free();
  return refusal;
}

function named({ id, kind, name }: Slot): string {
  return `slot ${name} (${kind}, ${id})`;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
