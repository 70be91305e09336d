import { createHash } from "node:crypto";
import type { Clock } from "../../../../src/port/clock.ts";
import type { Refusal } from "../../../../src/port/errors.ts";
import { refuse } from "../../../../src/port/errors.ts";
import { lockedMemory } from "../../../../src/key/seal/lockedMemory.ts";
import { drawFrom } from "../../../../src/key/seal/epochKey.ts";
import { openSealKeeper, type SealKeeper } from "../../../../src/key/seal/sealKeeper.ts";
import type { SlotKeeper } from "../../../../src/key/seal/slot.ts";
import { pkcs11Slots, type TokenConfiguration } from "../../../../src/key/seal/pkcs11Slot.ts";
import { tpmSlots } from "../../../../src/key/seal/tpmSlot.ts";
import { keyFileSlots, passphraseSlots } from "../../../../src/key/seal/secretSlot.ts";
import { openEventJournal } from "../../../../src/lineage/eventJournal.ts";
import { systemClock } from "../../../../src/platform/clock.ts";
import { openSqliteStore } from "../../../../src/store/sqliteStore.ts";
import type { Store } from "../../../../src/store/store.ts";
import { openLog } from "../../log/logs.ts";
import type { TpmConfiguration } from "../../../../src/key/seal/tpmTools.ts";
import { TestSupply } from "../supply.ts";

/** A hundredth of what a real slot costs. */
export const CHEAP = { memoryKiB: 8192, passes: 1, lanes: 1 } as const;

export const PASSPHRASE = "correct horse battery staple";
export const KEY_FILE = Buffer.from("a key file of at least thirty-two bytes");

export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

export interface Rig extends AsyncDisposable {
  readonly keeper: SealKeeper;
  readonly store: Store;
  readonly supply: TestSupply;
  readonly files: Map<string, Uint8Array>;
  kinds(): Promise<readonly string[]>;
  /** `op` of every leaf, with its slot's kind. */
  leaves(): Promise<readonly string[]>;
}

export interface RigOptions {
  readonly clock?: Clock;
  readonly tokens?: readonly TokenConfiguration[];
  readonly tpms?: readonly TpmConfiguration[];
  /** In the place of tokens. */
  readonly device?: SlotKeeper;
}

/** A seal over a real database, with bytes that a test can predict. */
export async function openRig(directory: string, options: RigOptions = {}): Promise<Rig> {
  const { clock = systemClock(), tokens = [], tpms = [], device } = options;
  const store = openSqliteStore({ directory, maximumBytes: null }, clock);
  const journal = await openEventJournal(store, clock);
  const log = await openLog(store, clock);
  const supply = new TestSupply();
  const files = new Map<string, Uint8Array>([["credential", KEY_FILE]]);
  const read = async (name: string): Promise<Uint8Array | Refusal> => {
    const file = files.get(name);
    return file ? Uint8Array.from(file) : refuse("slot_refused", `no key file ${name}`);
  };
  const draw = drawFrom(supply);
  const keeper = await openSealKeeper({
    clock,
    store,
    random: supply,
    memory: lockedMemory(true),
    keepers: {
      passphrase: passphraseSlots(draw, CHEAP),
      "key-file": keyFileSlots(draw, read),
      pkcs11: device ?? pkcs11Slots(tokens, null, clock),
      tpm2: tpmSlots(tpms),
    },
    record: async (event, writes, leaf) => {
      await (leaf === null
        ? journal.record(event, writes)
        : log.append(leaf, writes, (batch) => journal.record(event, batch)));
    },
  });
  return {
    keeper,
    store,
    supply,
    files,
    kinds: async () => (await journal.since(0, 100)).map(({ kind }) => kind),
    leaves: async () =>
      (await store.read("logLeaf.bodies", [0, 1000])).flatMap(({ body }) => {
        const leaf = JSON.parse(String(body)) as Record<string, unknown>;
        return leaf["kind"] === "service_start"
          ? []
          : [[leaf["kind"], leaf["op"], leaf["slotKind"]].filter(Boolean).join(" ")];
      }),
    async [Symbol.asyncDispose]() {
      keeper.seal("the test is over");
      await log.stop();
      await journal.stop();
      await store.close();
    },
  };
}

export const passphraseSlot = (name = "first", passphrase = PASSPHRASE) =>
  ({ kind: "passphrase", name, passphrase: bytesOf(passphrase), place: null }) as const;

export const keyFileSlot = (name = "machine", place = "credential") =>
  ({ kind: "key-file", name, passphrase: null, place }) as const;

/** Different in every draw, unlike any other material in here. */
export const material = (label: string): Uint8Array =>
  new Uint8Array(createHash("sha256").update(label).digest());
