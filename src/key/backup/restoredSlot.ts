import { encodeLeaf, type LeafOf } from "../../log/leaf.ts";
import { leafHash } from "../../log/merkle.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import { SqliteEngine } from "../../store/sqliteEngine.ts";
import { lockedMemory } from "../seal/lockedMemory.ts";
import { slotWrite, toEpoch, toSlot } from "../seal/rows.ts";
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
 * A passphrase slot in a restored state, for when none of its slots is left (a device that died). Its
 * leaf is in the log with it: the next start signs it.
 * @param epochKey of the backup
 * @returns null when it is there; a Refusal `conflict` for a name that is taken
 * @throws SpringhouseError `store_failed`, `state_in_use`
 */
export async function addRestoredSlot(
  directory: string,
  epochKey: Uint8Array,
  { name, passphrase, osRandom, atMilliseconds }: RestoredSlotTerms,
): Promise<Refusal | null> {
  const engine = new SqliteEngine({ directory, maximumBytes: null });
  const key = lockedMemory(false).allocate(epochKey.length);
  try {
    key.use((bytes) => bytes.set(epochKey));
    const [epochs, known] = engine.read([
      { statement: "sealEpoch.all", parameters: [] },
      { statement: "sealSlot.all", parameters: [] },
    ]);
    const { vault, epoch } = epochs!.map(toEpoch).find(({ live }) => live)!;
    if (known!.map(toSlot).some((slot) => slot.name === name))
      return refuse("conflict", "There is a slot of that name.");
    const hex = (): string => Buffer.from(osRandom(8)).toString("hex");
    const id = `slot-${hex()}`;
    const slots = passphraseSlots((bytes) => Promise.resolve(osRandom(bytes)));
    const wanted = { kind: "passphrase", name, passphrase, place: null } as const;
    const made = await slots.create({ vault, id, epoch }, wanted, key);
    if (!made.ok) return made;
    const { parameters, sealed } = made;
    const facts = { id, kind: "passphrase", name, place: null, epoch, recovery: false } as const;
    const slot = { ...facts, createdMilliseconds: atMilliseconds, parameters, sealed };
    const leaf: LeafOf<"slot"> = {
      v: 1,
      kind: "slot",
      at: atMilliseconds,
      actor: "restore",
      op: "add",
      slot: id,
      slotKind: "passphrase",
      epoch,
    };
    const entry = encodeLeaf(leaf);
    const [failure] = engine.commit([
      [
        slotWrite(tagged(vault, slot, key)),
        {
          statement: "logLeaf.insert",
          parameters: [`lf-${hex()}-1`, entry.toString(), leafHash(entry)],
        },
      ],
    ]);
    if (failure) throw failure;
    return null;
  } finally {
    key.free();
    engine.close();
  }
}
