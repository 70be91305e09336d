import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { lockedMemory } from "../src/key/seal/lockedMemory.ts";
import { materialWrite } from "../src/key/seal/rows.ts";
import { drawFrom } from "../src/key/seal/epochKey.ts";
import { openSealKeeper } from "../src/key/seal/sealKeeper.ts";
import { passphraseSlots } from "../src/key/seal/secretSlot.ts";
import { systemClock } from "../src/platform/clock.ts";
import type { RandomSupply } from "../src/port/draw.ts";
import { openWorkerStore } from "../src/store/workerStore.ts";
import type { Ratio } from "./ratio.ts";

const MATERIALS = 100_000;
const BATCH = 1000;
const BINDING = { version: 1, algorithm: "aes-256", usage: "encrypt" } as const;

/** The platform's generator: what is measured here is the seal. */
const random: RandomSupply = {
  draw: ({ bytes }) => ({
    ok: true,
    bytes: new Uint8Array(randomBytes(bytes)),
    outputs: ["s-0.1"],
    seed: "s-0",
  }),
  // eslint-disable-next-line require-yield
  async *stream() {
    return undefined;
  },
};

/** Wrap, open, and the rotation of an epoch with 100,000 key versions: required is less than 5 s. */
export async function run(): Promise<readonly Ratio[]> {
  const parent = await mkdtemp(join(tmpdir(), "springhouse-bench-"));
  const clock = systemClock();
  const directory = join(parent, "state");
  const store = await openWorkerStore({ directory, maximumBytes: null }, clock);
  const passphrase = new Uint8Array(Buffer.from("correct horse battery staple"));
  const slots = passphraseSlots(drawFrom(random));
  const keeper = await openSealKeeper({
    clock,
    store,
    random,
    memory: lockedMemory(true),
    keepers: { passphrase: slots, "key-file": slots, pkcs11: slots, tpm2: slots },
    record: (_event, writes) => store.write(writes),
  });
  await keeper.initialise({ kind: "passphrase", name: "one", passphrase, place: null }, "bench");
  const { vault } = keeper;
  const material = new Uint8Array(32).fill(7);

  let started = performance.now();
  const first = await vault.wrap({ ...BINDING, key: "k" }, material);
  if ("ok" in first) throw new Error(first.detail);
  for (let from = 0; from < MATERIALS; from += BATCH) {
    const writes = [];
    for (let n = from; n < from + BATCH; n++) {
      const key = `k-0123456789abcdef-${n}`;
      const wrapped = await vault.wrap({ ...BINDING, key }, material);
      if ("ok" in wrapped) throw new Error(wrapped.detail);
      writes.push(materialWrite(key, 1, wrapped));
    }
    await store.write(writes);
  }
  tell("wrap and store, 1,000 a transaction", MATERIALS / seconds(started), "a second");

  started = performance.now();
  for (let n = 0; n < BATCH * 10; n++)
    vault.open({ ...BINDING, key: "k" }, first, (bytes) => bytes[0]);
  tell("open", (BATCH * 10) / seconds(started), "a second");

  let late = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    late = Math.max(late, performance.now() - last - 5);
    last = performance.now();
  }, 5);
  started = performance.now();
  const cpu = process.cpuUsage();
  const rotated = await keeper.rotate("bench", null);
  const took = seconds(started);
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(timer);
  if ("ok" in rotated) throw new Error(rotated.detail);
  tell(`rotate an epoch of ${rotated.materials.toLocaleString("en-US")} (limit 5 s)`, took, "s");
  tell("of that, time of a core", (user + system) / 1e6, "s");
  tell("the event loop was late meanwhile, at most", late, "ms");
  keeper.seal("the benchmark is over");
  await store.close();
  await rm(parent, { recursive: true });
  // Seconds against a limit, and no ratio.
  return [];
}

const seconds = (started: number): number => (performance.now() - started) / 1000;

function tell(what: string, figure: number, unit: string): void {
  const text = figure >= 100 ? Math.round(figure).toLocaleString("en-US") : figure.toFixed(2);
  console.log(`  ${what.padEnd(48)} ${text.padStart(10)} ${unit}`);
}
