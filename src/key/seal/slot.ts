import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Refusal } from "../../port/errors.ts";
import { KEY_BYTES, lengthPrefixed } from "./envelope.ts";
import type { LockedBytes } from "./lockedMemory.ts";
import type { RetiredSlot, SlotDescription, SlotKind } from "../../port/seal.ts";

/** One of the ways to open the vault, as it is stored. It holds no secret in the clear. */
export interface Slot extends SlotDescription {
  /** What the kind keeps to open it again, as JSON of the kind's own schema. */
  readonly parameters: string;
  /** The epoch's key, as the kind keeps it. */
  readonly sealed: Uint8Array;
  /** HMAC-SHA-256 over all of the above under a key of the epoch: who changes a slot is found out. */
  readonly tag: Uint8Array;
}

/** A slot that is asked for. */
export interface WantedSlot {
  readonly kind: SlotKind;
  readonly name: string;
  /** For the kinds that are opened by somebody; the caller overwrites it. */
  readonly passphrase: Uint8Array | null;
  /** For the others: what stands behind it, by its name in the configuration. */
  readonly place: string | null;
  /** Whether it takes the leave of custodians to open by it; default false. */
  readonly recovery?: boolean;
}

/** What a kind of slot is told of the slot in hand; its sealing is bound to all of it. */
export interface SlotTerms {
  readonly vault: string;
  readonly id: string;
  readonly epoch: number;
}

export interface Sealed {
  readonly ok: true;
  readonly parameters: string;
  readonly sealed: Uint8Array;
}

export interface Opened {
  readonly ok: true;
  /** 32 bytes, for the caller to overwrite. */
  readonly epochKey: Uint8Array;
}

/** What became of an epoch's key in a slot that has a new one, or none. */
export type Retired = Pick<RetiredSlot, "assurance" | "detail">;

/** How one kind of slot keeps an epoch's key. */
export interface SlotKeeper {
  /** Whether it opens with nobody there. */
  readonly opensByItself: boolean;
  create(terms: SlotTerms, wanted: WantedSlot, epochKey: LockedBytes): Promise<Sealed | Refusal>;
  /** The same slot for a new epoch's key, with nobody there to open it. */
  renew(terms: SlotTerms, slot: Slot, epochKey: LockedBytes): Promise<Sealed | Refusal>;
  /** @param passphrase for the kinds that need one */
  open(terms: SlotTerms, slot: Slot, passphrase: Uint8Array | null): Promise<Opened | Refusal>;
  /**
   * Ends what the slot was under `terms.epoch`. Doing it again does no harm.
   * @param removed whether it is the end of the slot, and not only of an epoch in it
   */
  retire(
    terms: SlotTerms,
    slot: SlotDescription & { readonly parameters: string },
    removed: boolean,
  ): Promise<Retired>;
}

function tagOf(vault: string, slot: Omit<Slot, "tag">, epochKey: Uint8Array): Uint8Array {
  const { id, kind, name, place, createdMilliseconds, epoch, parameters, sealed } = slot;
  const key = new Uint8Array(
    hkdfSync("sha256", epochKey, new Uint8Array(), "springhouse slot tag v1", KEY_BYTES),
  );
  const texts = [vault, id, kind, name, place === null ? "-" : `+${place}`, parameters];
  const numbers = [createdMilliseconds, epoch].map(String);
  // Only where it is one, so that the tags of slots from before there were any still hold.
  const recovery = slot.recovery ? ["recovery"] : [];
  const tag = createHmac("sha256", key)
    .update(lengthPrefixed([...texts, ...numbers, sealed, ...recovery]))
    .digest();
  key.fill(0);
  return tag;
}

/** A slot with its tag. */
export function tagged(vault: string, slot: Omit<Slot, "tag">, epochKey: LockedBytes): Slot {
  return { ...slot, tag: epochKey.use((bytes) => tagOf(vault, slot, bytes)) };
}

export function isGenuine(vault: string, slot: Slot, epochKey: Uint8Array): boolean {
  const tag = tagOf(vault, slot, epochKey);
  return tag.length === slot.tag.length && timingSafeEqual(tag, slot.tag);
}

export function describeSlot(slot: Slot): SlotDescription {
  const { id, kind, name, place, epoch, createdMilliseconds, recovery } = slot;
  return { id, kind, name, place, epoch, createdMilliseconds, recovery };
}
