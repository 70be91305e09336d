import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { SUITE_NAMES } from "../src/assess/suites.ts";
import { bestOf, costOf, type Cost } from "./process.ts";
import { referenceLoopSeconds } from "./referenceLoop.ts";

/*
 * `springhouse assess` as a process, its start included, against the tools that it replaces, in the
 * same run. SPRINGHOUSE_BENCH_EA_NON_IID, SPRINGHOUSE_BENCH_EA_IID and SPRINGHOUSE_BENCH_STS name them;
 * where one is not there, what it took elsewhere, in units of a loop that was measured with it, is taken
 * times that loop now.
 */

const BIN = new URL("../bin/springhouse", import.meta.url).pathname;
const VECTORS = new URL("../../shared/vectors/nist90b/", import.meta.url).pathname;
const ROUNDS = 3;
const STREAMS = 16;
const STREAM_BYTES = 125_000;

/** Where the recorded figures come from. */
const RECORDED_ON = "AMD EPYC, 2 cores that others used too, 2026-11-27";

/** A tool that is replaced, at one job. */
interface Rival {
  readonly name: string;
  /** The environment variable with the program's path. */
  readonly variable: string;
  readonly args: readonly string[];
  /** Its CPU time where that was recorded, in reference loops before and after it (their mean). */
  readonly recordedLoops: number;
}

interface Job {
  readonly name: string;
  readonly args: readonly string[];
  readonly rival: Rival;
  readonly goal: string;
}

const columns = ({ cpuSeconds, wallSeconds, residentMegabytes }: Cost): string =>
  `${cpuSeconds.toFixed(2).padStart(6)} s CPU ${wallSeconds.toFixed(2).padStart(6)} s wall ${residentMegabytes.toFixed(0).padStart(4)} MB`;

function print(name: string, cost: Cost, rest = ""): void {
  console.log(`    ${name.padEnd(34)} ${columns(cost)}  ${rest}`.trimEnd());
}

const ours = (args: readonly string[]): Promise<Cost> => costOf(BIN, ["assess", ...args], true);

/** A suite may fail a file without the bench failing. */
async function compare({ name, args, rival, goal }: Job): Promise<readonly [Cost, number]> {
  const program = process.env[rival.variable];
  const mine: Cost[] = [];
  const theirs: Cost[] = [];
  const loops: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    mine.push(await ours(args));
    loops.push(referenceLoopSeconds());
    if (program !== undefined) theirs.push(await costOf(program, rival.args));
  }
  const best = bestOf(mine);
  const loop = Math.min(...loops);
  const scaled = rival.recordedLoops * loop;
  const other = program === undefined ? null : bestOf(theirs);
  const rivalSeconds = other?.cpuSeconds ?? scaled;
  const ratio = (best.cpuSeconds / rivalSeconds).toFixed(3);
  if (other === null) {
    print(name, best, `${ratio} of ${rival.name}'s CPU (${goal})`);
    console.log(
      `      ${rival.name} is not here: ${rival.recordedLoops} loops of ${loop.toFixed(3)} s = ${scaled.toFixed(2)} s CPU`,
    );
  } else {
    const wall = (best.wallSeconds / other.wallSeconds).toFixed(3);
    print(name, best, `${ratio} of ${rival.name}'s CPU, ${wall} of its wall time (${goal})`);
    print(`  ${rival.name}`, other, `${(other.cpuSeconds / loop).toFixed(1)} loops`);
  }
  return [best, rivalSeconds];
}

/** xorshift32, the same in every run. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let at = 0; at < length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

/** A linear method is as fast on these as on noise, a quadratic one is not. */
async function compareRepetitive(folder: string): Promise<void> {
  const random = noise(1_000_000);
  const samples: Readonly<Record<string, Uint8Array>> = {
    noise: random,
    "all zeros": new Uint8Array(random.length),
    "a counter": random.map((_value, at) => at),
    "a period of 100,003": random.map((_value, at) => random[at % 100_003]!),
    "the second half as the first": random.map((_value, at) => random[at % 500_000]!),
  };
  const costs: Record<string, Cost[]> = {};
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, bytes] of Object.entries(samples)) {
      const file = join(folder, "repetitive.bin");
      await writeFile(file, bytes);
      (costs[name] ??= []).push(await ours([file, "--bits", "8"]));
    }
  const base = bestOf(costs["noise"]!).cpuSeconds;
  console.log("  non-IID, repetitive data (goal: no longer than noise)");
  for (const [name, rounds] of Object.entries(costs)) {
    const best = bestOf(rounds);
    print(name, best, `${(best.cpuSeconds / base).toFixed(2)} of noise`);
  }
}

async function compareSts(folder: string): Promise<void> {
  const job = async (streams: number, recordedLoops: number) => {
    const file = join(folder, `streams-${streams}.bin`);
    await writeFile(file, noise(streams * STREAM_BYTES));
    return compare({
      name: streams === 1 ? "one stream of 1,000,000 bits" : `${streams} of them`,
      args: [file, "--bits", "8", "--sts"],
      goal: "goal: at most 0.333 for a stream",
      rival: {
        name: "arcetri/sts",
        variable: "SPRINGHOUSE_BENCH_STS",
        args: ["-w", folder, "-i", String(streams), "-S", String(8 * STREAM_BYTES), file],
        recordedLoops,
      },
    });
  };
  console.log("  SP 800-22");
  const [one, theirOne] = await job(1, 2.52);
  const [many, theirMany] = await job(STREAMS, 36.3);
  const mine = (many.cpuSeconds - one.cpuSeconds) / (STREAMS - 1);
  const theirs = (theirMany - theirOne) / (STREAMS - 1);
  console.log(
    `    each stream after the first: ${mine.toFixed(3)} s CPU, arcetri/sts ${theirs.toFixed(3)} s, ratio ${(mine / theirs).toFixed(3)}`,
  );
}

const NIST = (name: string, variable: string, file: string, recordedLoops: number): Rival => ({
  name,
  variable,
  args: [file, "8"],
  recordedLoops,
});

async function compareNist(): Promise<void> {
  if (!existsSync(VECTORS)) {
    console.log(`  NIST's tool: skipped, ${VECTORS} is not there`);
    return;
  }
  console.log("  SP 800-90B, 1,000,000 samples of 8 bits");
  const nonIid = { normal: 65.1, "biased-random-bytes": 62.61 };
  for (const [name, recorded] of Object.entries(nonIid)) {
    const file = join(VECTORS, `${name}.bin`);
    await compare({
      name: `non-IID, ${name}`,
      args: [file, "--bits", "8"],
      goal: "goals: 0.33 of the CPU, 0.2 of the wall time, 400 MB",
      rival: NIST("ea_non_iid", "SPRINGHOUSE_BENCH_EA_NON_IID", file, recorded),
    });
  }
  if (!(SUITE_NAMES as readonly string[]).includes("sp800-90b-iid")) return;
  const file = join(VECTORS, "biased-random-bytes.bin");
  await compare({
    name: "IID, biased-random-bytes",
    args: [file, "--bits", "8", "--iid"],
    goal: "goal: 0.5 of the CPU",
    rival: NIST("ea_iid", "SPRINGHOUSE_BENCH_EA_IID", file, 31.37),
  });
}

export async function run(): Promise<void> {
  console.log(`assess, ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`);
  console.log(
    `  a tool that is not here is taken from what it took on ${RECORDED_ON}, scaled by a loop`,
  );
  const folder = await mkdtemp(join(tmpdir(), "springhouse-bench-"));
  try {
    await compareNist();
    await compareSts(folder);
    await compareRepetitive(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await run();
