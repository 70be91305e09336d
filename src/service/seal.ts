import type { Configuration } from "../config/schema.ts";
import { keyFileReader } from "../key/seal/keyFile.ts";
import { lockedMemory, type SecretMemory } from "../key/seal/lockedMemory.ts";
import type { RecordAct } from "../key/seal/sealActs.ts";
import { drawFrom } from "../key/seal/epochKey.ts";
import { openSealKeeper, type SealKeeper } from "../key/seal/sealKeeper.ts";
import { pkcs11Slots } from "../key/seal/pkcs11Slot.ts";
import { keyFileSlots, passphraseSlots } from "../key/seal/secretSlot.ts";
import { tpmSlots } from "../key/seal/tpmSlot.ts";
import type { RandomSupply } from "../port/draw.ts";
import type { ServicePorts } from "./ports.ts";

/** The vault of kept keys with its slots, sealed. */
export async function openSeal(
  { seal }: Configuration,
  { clock, store, log, credentialsDirectory }: ServicePorts,
  random: RandomSupply,
  record: RecordAct,
): Promise<SealKeeper> {
  const memory = lockedMemory(seal.lockedMemory === "required");
  const draw = drawFrom(random);
  const keeper = await openSealKeeper({
    clock,
    store,
    random,
    memory,
    keepers: {
      passphrase: passphraseSlots(draw),
      "key-file": keyFileSlots(draw, keyFileReader(seal.keyFiles, credentialsDirectory)),
      pkcs11: pkcs11Slots(seal.tokens, credentialsDirectory, clock),
      tpm2: tpmSlots(seal.tpms),
    },
    record,
  });
  if (keeper.state().initialised && !canLock(memory))
    log.error({ kind: "memory_not_locked" }, memory.report().detail);
  return keeper;
}

/** Whoever has a vault is told at the start, and not when it is to be opened. */
function canLock(memory: SecretMemory): boolean {
  try {
    memory.allocate(1).free();
  } catch {
    return false;
  }
  return memory.report().ok;
}

/** In the background: a device that is slow to answer must hold up nobody's random bytes. */
export function openAtStart(keeper: SealKeeper, { log }: ServicePorts): void {
  keeper.openByItself().catch((error: unknown) => {
    log.error({ kind: "vault_not_opened", error }, "the vault could not be opened at the start");
  });
}
