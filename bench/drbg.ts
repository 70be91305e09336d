import { createHmac, randomBytes, randomFillSync } from "node:crypto";
import { cpus } from "node:os";
import { HmacDrbg } from "../src/drbg/hmacDrbg.ts";
import { DrbgSupply } from "../src/drbg/randomSupply.ts";
import { systemClock } from "../src/platform/clock.ts";
import type { SeedSupply } from "../src/port/seed.ts";

/*
 * What a generate costs, against node:crypto's own generator and against HMAC_DRBG written down with
 * node:crypto's HMAC, all in the same run.
 */

const ROUNDS = 7;
const ROUND_BYTES = { 32: 2 ** 20, 16_384: 2 ** 23 } as const;
type Length = keyof typeof ROUND_BYTES;

/** SP 800-90A 10.1.2.5 without a state machine, limits or overwriting: what the HMACs alone cost. */
class PlainHmacDrbg {
  #key: Buffer = Buffer.alloc(32, 1);
  #value: Buffer = Buffer.alloc(32, 2);

  generate(out: Uint8Array): void {
    for (let at = 0; at < out.length; at += 32) {
      this.#value = createHmac("sha256", this.#key).update(this.#value).digest();
      out.set(this.#value.subarray(0, Math.min(32, out.length - at)), at);
    }
    this.#key = createHmac("sha256", this.#key).update(this.#value).update("\0").digest();
    this.#value = createHmac("sha256", this.#key).update(this.#value).digest();
  }
}

/** The whole room over a parent that answers at once, as every small request meets it. */
async function room(): Promise<DrbgSupply> {
  const clock = systemClock();
  const seeds: SeedSupply = {
    unavailable: () => null,
    take: () => ({
      type: "parent",
      parentName: "os",
      securityStrength: 256,
      randomness: randomBytes(48),
      additionalInput: new Uint8Array(0),
      uncreditedBlocks: [],
      windows: [],
      fromMilliseconds: clock.wallMilliseconds(),
    }),
  };
  const supply = new DrbgSupply({
    clock,
    seeds,
    seedRecorder: { record: () => Promise.resolve() },
    outputRecorder: { record: () => Promise.resolve(), count: () => {} },
    observer: { event: () => {} },
    shape: "RBGC",
    quorum: { sources: 0, withoutBest: 0 },
    boot: "0123456789abcdef",
  });
  supply.start();
  const held = setInterval(() => {}, 10);
  while (supply.instances().some(({ state }) => state !== "ready")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  clearInterval(held);
  return supply;
}

function nanoseconds(count: number, work: () => void): number {
  const begin = process.hrtime.bigint();
  for (let i = 0; i < count; i++) work();
  return Number(process.hrtime.bigint() - begin) / count;
}

/** The rows take turns within each round; the best of a row's rounds is the least disturbed. */
export async function run(): Promise<void> {
  const supply = await room();
  const requests = {
    door: "http",
    principal: "p",
    purpose: "random",
    requirement: {},
  } as const;
  console.log(`HMAC_DRBG, ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`);
  for (const length of [32, 16_384] as const satisfies readonly Length[]) {
    const out = new Uint8Array(length);
    const plain = new PlainHmacDrbg();
    const ours = (["sha256", "sha384", "sha512"] as const).map((hash) => {
      const drbg = new HmacDrbg(hash);
      const entropy = randomBytes(48);
      drbg.instantiate(entropy, new Uint8Array(0), new Uint8Array(0), 256, false);
      return [`HMAC_DRBG(${hash})`, () => void drbg.generate(out)] as const;
    });
    const rows: readonly (readonly [string, () => void])[] = [
      ["node:crypto random", () => void randomFillSync(out)],
      ["node:crypto HMAC loop", () => plain.generate(out)],
      ...ours,
      [
        "the room's draw",
        () => {
          const result = supply.draw({ ...requests, bytes: length });
          if (result instanceof Promise || !result.ok) throw new Error("a draw had to wait");
        },
      ],
    ];
    const best = rows.map(() => Infinity);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, [, work]] of rows.entries()) {
        best[i] = Math.min(best[i]!, nanoseconds(ROUND_BYTES[length] / length, work));
      }
      // Seeds are used up by the room's draws; the background makes the next ones meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    console.log(`  ${length} bytes; baselines: node:crypto's generator, and its HMAC in a loop`);
    for (const [i, [name]] of rows.entries()) {
      const megabytes = ((length / best[i]!) * 1e3).toFixed(1).padStart(7);
      const toRandom = (best[0]! / best[i]!).toFixed(3);
      const toLoop = (best[1]! / best[i]!).toFixed(2);
      console.log(
        `    ${name.padEnd(22)} ${(best[i]! / 1e3).toFixed(2).padStart(8)} us ${megabytes} MB/s  ${toRandom}x random, ${toLoop}x loop`,
      );
    }
  }
  supply.stop();
}

if (import.meta.main) await run();
