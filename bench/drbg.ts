import { execFileSync, spawn } from "node:child_process";
import { randomBytes, randomFillSync } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { HmacDrbg } from "../src/drbg/hmacDrbg.ts";
import { HmacDrbgBank } from "../src/drbg/hmacDrbgBank.ts";
import { DrbgSupply } from "../src/drbg/randomSupply.ts";
import { HmacDrbgPlain } from "../src/kernel/hmacDrbgPlain.ts";
import { HmacNoble } from "../src/kernel/hmacNoble.ts";
import { systemClock } from "../src/platform/clock.ts";
import type { SeedSupply } from "../src/port/seed.ts";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";

/*
 * What a generate costs beside OpenSSL's own HMAC_DRBG with SHA-256 (native-fixtures/openssl-drbg.c),
 * and beside the plain twin on @noble/hashes, in processor time, the rows taking turns within each
 * round. Without libssl-dev nothing is measured.
 */

const ROUNDS = 15;
const BULK_BYTES = 65_536;
const BULK_CALLS = 100;
const SMALL_BYTES = 32;
const SMALL_CALLS = 50_000;

const NATIVE = new URL("../native-fixtures/", import.meta.url).pathname;

interface OpenSsl {
  readonly version: string;
  /** Nanoseconds a call. */
  cost(bytes: number, calls: number): Promise<number>;
  stop(): void;
}

async function startOpenSsl(): Promise<OpenSsl | null> {
  try {
    execFileSync("make", ["-s", "-C", NATIVE, "build/openssl-drbg"], { stdio: "pipe" });
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    console.log(
      `HMAC_DRBG: not measured, as OpenSSL's (libssl-dev) cannot be built: ${String(stderr)}`,
    );
    return null;
  }
  const child = spawn(`${NATIVE}build/openssl-drbg`, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const next = async (): Promise<string> => {
    const [line] = (await once(lines, "line")) as [string];
    return line;
  };
  return {
    version: await next(),
    async cost(bytes, calls) {
      const answer = next();
      child.stdin.write(`${bytes} ${calls}\n`);
      return Number(await answer) / calls;
    },
    stop: () => child.stdin.end(),
  };
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

/** Nanoseconds of processor time a call. */
function cost(calls: number, work: () => void): number {
  const begin = process.cpuUsage();
  for (let i = 0; i < calls; i++) work();
  const { user, system } = process.cpuUsage(begin);
  return ((user + system) * 1000) / calls;
}

const NOTHING = new Uint8Array(0);

function instantiated(drbg: HmacDrbg): HmacDrbg {
  drbg.instantiate(randomBytes(48), NOTHING, NOTHING, 256, false);
  return drbg;
}

interface Row {
  readonly what: string;
  readonly goal: number | null;
  /** Whether it is put beside the last row too. */
  readonly besideLast?: boolean;
  readonly work: () => void;
}

/** @param rows the last of them a baseline as well */
async function compare(
  openSsl: OpenSsl,
  rows: readonly Row[],
  bytes: number,
  calls: number,
): Promise<Ratio[]> {
  const theirs: number[] = [];
  const costs = rows.map((): number[] => []);
  for (let round = 0; round <= rounds(ROUNDS); round++) {
    const baseline = await openSsl.cost(bytes, calls);
    const own = rows.map(({ work }) => cost(calls, work));
    // Seeds are used up by the room's draws; the background makes the next ones meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The first round compiles.
    if (round === 0) continue;
    theirs.push(baseline);
    own.forEach((value, i) => costs[i]!.push(value));
  }
  const last = rows.length - 1;
  return rows.flatMap(({ what, goal, besideLast }, i) => {
    const nanoseconds = median(costs[i]!);
    const megabytes = ((bytes / nanoseconds) * 1e3).toFixed(1);
    const figure = `${(nanoseconds / 1e3).toFixed(2)} us a call, ${megabytes} MB/s`;
    const naming = { what, baseline: "OpenSSL's HMAC_DRBG", goal, figure };
    const ratios = [ratioOf(naming, quotients(theirs, costs[i]!))];
    if (besideLast === true) {
      const beside = { what, baseline: "the same on @noble/hashes", goal: null, figure };
      ratios.push(ratioOf(beside, quotients(costs[last]!, costs[i]!)));
    }
    return ratios;
  });
}

export async function run(): Promise<readonly Ratio[]> {
  const openSsl = await startOpenSsl();
  if (openSsl === null) return [];
  console.log(`  HMAC_DRBG(SHA-256), ${openSsl.version}`);
  const supply = await room();
  const draw = (bytes: number) => (): void => {
    const request = { door: "http", principal: "p", purpose: "random", requirement: {} } as const;
    const result = supply.draw({ ...request, bytes });
    if (result instanceof Promise || !result.ok) throw new Error("a draw had to wait");
  };
  const bank = new HmacDrbgBank("sha256");
  for (const lane of bank.lanes) instantiated(lane);
  const bulk = new Uint8Array(BULK_BYTES);
  const quarters = [0, 1, 2, 3].map((lane) => {
    const from = (lane * BULK_BYTES) / 4;
    return bulk.subarray(from, from + BULK_BYTES / 4);
  });
  const small = new Uint8Array(SMALL_BYTES);
  const one = instantiated(new HmacDrbg("sha256"));
  const noble = instantiated(
    new HmacDrbg("sha256", { kernel: new HmacDrbgPlain(new HmacNoble("sha256")) }),
  );
  // The bank takes its seeds with the first request for much.
  draw(BULK_BYTES)();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const ratios = [
    ...(await compare(
      openSsl,
      [
        {
          what: "64 KiB, four lanes",
          goal: 2,
          besideLast: true,
          work: () => void bank.generate(quarters),
        },
        {
          what: "64 KiB, one instance",
          goal: 1.2,
          besideLast: true,
          work: () => void one.generate(bulk),
        },
        { what: "64 KiB, the room's draw", goal: null, work: draw(BULK_BYTES) },
        { what: "64 KiB, @noble/hashes", goal: null, work: () => void noble.generate(bulk) },
      ],
      BULK_BYTES,
      BULK_CALLS,
    )),
    ...(await compare(
      openSsl,
      [
        {
          what: "32 bytes, one instance",
          goal: 1,
          besideLast: true,
          work: () => void one.generate(small),
        },
        { what: "32 bytes, the room's draw", goal: null, work: draw(SMALL_BYTES) },
        {
          what: "32 bytes, node:crypto's generator",
          goal: null,
          work: () => void randomFillSync(small),
        },
        { what: "32 bytes, @noble/hashes", goal: null, work: () => void noble.generate(small) },
      ],
      SMALL_BYTES,
      SMALL_CALLS,
    )),
  ];
  supply.stop();
  openSsl.stop();
  return ratios;
}
