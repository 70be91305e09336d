import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { SlotKeeper } from "../../../../src/key/seal/slot.ts";
import type { TpmConfiguration } from "../../../../src/key/seal/tpmTools.ts";
import type { TokenConfiguration } from "../../../../src/key/seal/pkcs11Slot.ts";
import type { FakeClock } from "../../../support/fakeClock.ts";
import { openRig, type Rig } from "../approval/rig.ts";

export const DAY = 86_400_000;

export interface Devices {
  readonly device?: SlotKeeper;
  readonly tokens?: readonly TokenConfiguration[];
  readonly tpms?: readonly TpmConfiguration[];
}

export interface World {
  rig: Rig;
  directory: string;
  readonly parent: string;
  readonly clock: FakeClock;
  readonly devices: Devices;
  /** Directories with everything that was ever written. */
  readonly copies: string[];
  /** Everything that was answered, refused, thrown or told. */
  readonly told: string[];
  /** Of draws, and of what was brought in. */
  readonly secrets: Uint8Array[];
  readonly done: Map<string, number>;
}

export async function open(directory: string, clock: FakeClock, devices: Devices): Promise<Rig> {
  const rig = await openRig({ directory, clock, slots: devices, windowMilliseconds: DAY });
  await rig.keeper!.open({ passphrase: null }, "tester");
  return rig;
}

export const slotOf = ({ tpms }: Devices, name: string) =>
  tpms
    ? ({ kind: "tpm2", name, passphrase: null, place: "tpm" } as const)
    : ({ kind: "pkcs11", name, passphrase: null, place: "hsm" } as const);

/** A copy of everything that was written so far. */
export async function copied(world: World): Promise<string> {
  const copy = join(world.parent, `copy-${world.copies.length}`);
  await mkdir(copy, { mode: 0o700 });
  for (const name of await readdir(world.directory))
    await cp(join(world.directory, name), join(copy, name));
  world.copies.push(copy);
  return copy;
}

/** What a rig has drawn since it was opened, and what it said of events. */
export async function collect({ rig, secrets, told }: World): Promise<void> {
  const { given, purposes } = rig.keys.supply;
  for (const [at, bytes] of given.entries())
    // Ids of a pair's keys are drawn with them; what the keys are is looked for by itself.
    if (bytes.length >= 24 && purposes[at] !== "pair") secrets.push(bytes);
  told.push(JSON.stringify(await rig.keys.journal.since(0, 10_000)));
  told.push(JSON.stringify([rig.failures, rig.keys.failures]));
}
