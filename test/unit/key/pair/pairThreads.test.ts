import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PAIR_DERIVATIONS, type PairType } from "../../../../src/key/derive/derivePair.ts";
import { KeyGenerator } from "../../../../src/key/keyGenerator.ts";
import { makePair } from "../../../../src/key/pair/makePair.ts";
import { PAIR_WORKER, PairThreads } from "../../../../src/key/pair/pairThreads.ts";
import { predictable, TestSupply, WORDS } from "../supply.ts";

const TYPES = Object.keys(PAIR_DERIVATIONS) as PairType[];

/** Every thread that was started. */
const workers: Worker[] = [];
const started = (worker: Worker): void => void workers.push(worker);
let threads: PairThreads;

beforeEach(() => {
  workers.length = 0;
  process.on("worker", started);
});

afterEach(async () => {
  process.off("worker", started);
  await threads.stop();
});

const seedOf = (type: PairType, number: number): Uint8Array =>
  predictable(number, PAIR_DERIVATIONS[type].seedBytes());

test("what a thread makes of a seed is what this one does, and the seed is overwritten", async () => {
  threads = new PairThreads(1);
  for (const type of TYPES) {
    const seed = seedOf(type, 1);
    const pair = await threads.make(type, seed);
    expect(pair).toEqual({ ...makePair(type, seedOf(type, 1)), isConsistent: true });
    expect(seed.every((byte) => byte === 0)).toBe(true);
  }
  expect(workers).toHaveLength(1);
});

test("whoever asks next gets the thread that has least to do, up to so many threads", async () => {
  threads = new PairThreads(2);
  const ask = async (number: number) => {
    const { material } = await threads.make("ed25519", seedOf("ed25519", number));
    expect(material).toEqual(makePair("ed25519", seedOf("ed25519", number)).material);
  };
  const askAll = (count: number) => Promise.all(Array.from({ length: count }, (_, at) => ask(at)));
  await askAll(4);
  expect(workers).toHaveLength(1);
  await askAll(24);
  expect(workers).toHaveLength(2);
});

test("a seed of another length makes no pair, and the thread goes on", async () => {
  threads = new PairThreads(1);
  const short = new Uint8Array(31).fill(0x5a);
  await expect(threads.make("ed25519", short)).rejects.toThrow("the pair could not be made");
  expect((await threads.make("p-256", seedOf("p-256", 1))).isConsistent).toBe(true);
  expect(workers).toHaveLength(1);
});

test("a thread that ends breaks what it had, and the next pair has another", async () => {
  threads = new PairThreads(1);
  await threads.make("ed25519", seedOf("ed25519", 1));
  const lost = Array.from({ length: 3 }, () => threads.make("ml-dsa-87", seedOf("ml-dsa-87", 1)));
  const outcomes = Promise.allSettled(lost);
  void workers[0]!.terminate();
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({ status: "rejected", reason: { message: /ended/ } });
  expect((await threads.make("ed25519", seedOf("ed25519", 2))).isConsistent).toBe(true);
  expect(workers).toHaveLength(2);
});

test("an answer that cannot be read ends the thread, and nobody waits for it", async () => {
  threads = new PairThreads(1);
  const lost = threads.make("ml-dsa-87", seedOf("ml-dsa-87", 1));
  const outcome = expect(lost).rejects.toThrow("ended");
  await new Promise((resolve) => process.nextTick(resolve));
  workers[0]!.removeAllListeners("message");
  workers[0]!.emit("messageerror", new Error("x"));
  await outcome;
});

test("where the system gives no further thread, the first has all the work", async () => {
  let given = 0;
  threads = new PairThreads(3, () => {
    if (++given > 1) throw new Error("no more threads");
    return new Worker(PAIR_WORKER);
  });
  const pairs = Array.from({ length: 12 }, (_, at) =>
    threads.make("ed25519", seedOf("ed25519", at)),
  );
  for (const { isConsistent } of await Promise.all(pairs)) expect(isConsistent).toBe(true);
  expect(given).toBeGreaterThan(1);
  expect(workers).toHaveLength(1);
  await threads.stop();
  threads = new PairThreads(3, () => {
    throw new Error("no threads");
  });
  await expect(threads.make("ed25519", seedOf("ed25519", 1))).rejects.toThrow("no threads");
});

test("after a stop no pair is made", async () => {
  threads = new PairThreads(1);
  const ask = (type: PairType) =>
    expect(threads.make(type, seedOf(type, 1))).rejects.toMatchObject({ code: "shutting_down" });
  const underWay = Array.from({ length: 40 }, () => ask("ml-dsa-87"));
  // Most are handed over; nothing of them is heard before the next turn of the event loop.
  await new Promise((resolve) => process.nextTick(resolve));
  expect(workers).toHaveLength(1);
  await threads.stop();
  await Promise.all(underWay);
  await ask("ed25519");
  expect(workers).toHaveLength(1);
});

test("the main thread has nearly nothing to do with the dearest pairs", async () => {
  threads = new PairThreads(1);
  await threads.make("ml-dsa-87", seedOf("ml-dsa-87", 1));
  const [own, all] = [process.threadCpuUsage(), process.cpuUsage()];
  for (let number = 2; number < 12; number++)
    await threads.make("ml-dsa-87", seedOf("ml-dsa-87", number));
  const ours = process.threadCpuUsage(own);
  const whole = process.cpuUsage(all);
  expect(ours.user + ours.system).toBeLessThan((whole.user + whole.system) / 4);
});

test("of those who have gone no more are made than a thread has, and whoever stays has the next", async () => {
  threads = new PairThreads(1);
  const gone = new AbortController();
  const left = Array.from({ length: 80 }, (_, at) =>
    threads.make("x25519", seedOf("x25519", at), gone.signal),
  );
  const outcomes = Promise.allSettled(left);
  const stays = threads.make("ed25519", seedOf("ed25519", 1));
  gone.abort();
  expect((await stays).isConsistent).toBe(true);
  const made = (await outcomes).filter(({ status }) => status === "fulfilled");
  expect(made).toHaveLength(32);
});

test("nothing but a pair that is under way keeps the process alive", async () => {
  threads = new PairThreads(1);
  const module = new URL("../../../../src/key/pair/pairThreads.ts", import.meta.url).href;
  const program = `
    import(${JSON.stringify(module)}).then(async ({ PairThreads }) => {
      const threads = new PairThreads(1);
      for (const type of ["ed25519", "ml-dsa-87"])
        await threads.make(type, new Uint8Array(32));
      console.log("made");
    });
  `;
  // Killed where it does not end by itself.
  const timeout = 60_000;
  const { stdout } = await promisify(execFile)(process.execPath, ["--eval", program], { timeout });
  expect(stdout).toBe("made\n");
}, 70_000);

/** The real thread, which makes Ed25519 pairs of two different keys. */
const FLAWED = `
import(new URL("../key/derive/derivePair.ts", ${JSON.stringify(PAIR_WORKER.href)}).href)
  .then(({ PAIR_DERIVATIONS: { ed25519 } }) => {
    const { derive } = ed25519;
    ed25519.derive = (seed) => {
      const { publicKey } = derive(seed.map((byte) => byte ^ 1));
      return { ...derive(seed), publicKey };
    };
    return import(${JSON.stringify(PAIR_WORKER.href)});
  });
`;

test("a pair that fails its test in a thread stops key generation", async () => {
  threads = new PairThreads(1, () => new Worker(FLAWED, { eval: true }));
  const keys = new KeyGenerator({ random: new TestSupply(), words: WORDS, pairs: threads });
  expect(await keys.generate({ type: "p-256" }, "p-1")).toHaveProperty("keys");
  for (const type of ["ed25519", "p-256", "aes-256"])
    expect(await keys.generate({ type }, "p-1")).toMatchObject({ code: "self_test_failed" });
});
