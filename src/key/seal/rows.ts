import type { Row, Store, Write } from "../../store/store.ts";
import type { Slot } from "./slot.ts";
import { SLOT_KINDS } from "../../port/seal.ts";
import type { WrappedMaterial } from "./vault.ts";

export interface Epoch {
  readonly epoch: number;
  /** 16 hex digits, the same in all epochs of one vault. */
  readonly vault: string;
  readonly live: boolean;
}

export function epochWrite({ epoch, vault }: Omit<Epoch, "live">, atMilliseconds: number): Write {
  return { statement: "sealEpoch.insert", parameters: [epoch, vault, atMilliseconds] };
}

export function toEpoch(row: Row): Epoch {
  const { epoch, vault, retired_ms } = row;
  return { epoch: Number(epoch), vault: String(vault), live: retired_ms === null };
}

export function slotWrite(slot: Slot): Write {
  const { id, kind, name, place, epoch, createdMilliseconds, parameters, sealed, tag } = slot;
  const recovery = slot.recovery ? 1 : 0;
  const facts = [id, kind, name, place, epoch, createdMilliseconds];
  return { statement: "sealSlot.put", parameters: [...facts, parameters, sealed, tag, recovery] };
}

export function slotRemoval(id: string): Write {
  return { statement: "sealSlot.remove", parameters: [id] };
}

/** @throws Error for a kind that this version does not know: it must not lose a slot unawares */
export function toSlot(row: Row): Slot {
  const kind = SLOT_KINDS.find((known) => known === row["kind"]);
  if (kind === undefined) throw new Error(`a seal slot of unknown kind: ${String(row["kind"])}`);
  return {
    id: String(row["id"]),
    kind,
    name: String(row["name"]),
    place: row["place"] === null ? null : String(row["place"]),
    epoch: Number(row["epoch"]),
    createdMilliseconds: Number(row["created_ms"]),
    recovery: row["recovery"] !== 0,
    parameters: String(row["parameters"]),
    sealed: row["sealed"] as Uint8Array,
    tag: row["tag"] as Uint8Array,
  };
}

/** The one row of a key version's material. */
export function materialWrite(key: string, version: number, wrapped: WrappedMaterial): Write {
  const { epoch, wrappedKey, nonce, ciphertext } = wrapped;
  return {
    statement: "keyMaterial.insert",
    parameters: [key, version, epoch, wrappedKey, nonce, ciphertext],
  };
}

/** Takes the material away; that it can no longer be read takes a new epoch besides. */
export function materialRemoval(key: string, version: number): Write {
  return { statement: "keyMaterial.remove", parameters: [key, version] };
}

/** @throws SpringhouseError `store_failed` */
export async function readMaterial(
  store: Pick<Store, "read">,
  key: string,
  version: number,
): Promise<WrappedMaterial | undefined> {
  const [row] = await store.read("keyMaterial.one", [key, version]);
  return row && toMaterial(row);
}

export function toMaterial(row: Row): WrappedMaterial {
  return {
    epoch: Number(row["epoch"]),
    wrappedKey: row["wrapped_key"] as Uint8Array,
    nonce: row["nonce"] as Uint8Array,
    ciphertext: row["ciphertext"] as Uint8Array,
  };
}
