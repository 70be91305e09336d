import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Refusal } from "../../port/errors.ts";
import { DATABASE_FILE } from "../../store/stateDirectory.ts";
import { WRITES } from "../../store/statements.ts";
import { lockedMemory } from "../seal/lockedMemory.ts";
import { slotWrite, toEpoch } from "../seal/rows.ts";
import { passphraseSlots } from "../seal/secretSlot.ts";
import { tagged } from "../seal/slot.ts";

export interface RestoredSlotTerms {
  readonly name: string;
  /** The caller overwrites it. */
  readonly passphrase: Uint8Array;
  /** Of the OS RNG: there is no DRBG where no service runs. */
  readonly osRandom: (bytes: number) => Uint8Array;
  readonly atMilliseconds: number;
}

/**
 * A passphrase slot in a restored state, for when none of its slots is left (a device that died).
 * @param epochKey of the backup
 * @returns null when it is there
 */
export async function addRestoredSlot(
  directory: string,
  epochKey: Uint8Array,
  { name, passphrase, osRandom, atMilliseconds }: RestoredSlotTerms,
): Promise<Refusal | null> {
  const database = new DatabaseSync(join(directory, DATABASE_FILE));
  const key = lockedMemory(false).allocate(epochKey.length);
  try {
    key.use((bytes) => bytes.set(epochKey));
    const row = database.prepare("SELECT * FROM seal_epoch WHERE retired_ms IS NULL").get();
    const { vault, epoch } = toEpoch(row as Parameters<typeof toEpoch>[0]);
    const id = `slot-${Buffer.from(osRandom(8)).toString("hex")}`;
    const slots = passphraseSlots((bytes) => Promise.resolve(osRandom(bytes)));
    const wanted = { kind: "passphrase", name, passphrase, place: null } as const;
    const made = await slots.create({ vault, id, epoch }, wanted, key);
    if (!made.ok) return made;
    const { parameters, sealed } = made;
    const facts = { id, kind: "passphrase", name, place: null, epoch, recovery: false } as const;
    const slot = { ...facts, createdMilliseconds: atMilliseconds, parameters, sealed };
    const { statement, parameters: values } = slotWrite(tagged(vault, slot, key));
    database.exec("PRAGMA secure_delete = ON; PRAGMA synchronous = FULL;");
    database.prepare(WRITES[statement]).run(...values);
    return null;
  } finally {
    key.free();
    database.close();
  }
}
