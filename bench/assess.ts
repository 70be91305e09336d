import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bestOf, costOf, type Cost } from "./process.ts";
import { quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";
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
  /** Of the rival's CPU time at most; null where no single figure is asked for. */
  readonly goal: number | null;
  /** Further goals, as text. */
  readonly goals: string;
}

/** CPU seconds of each round. */
interface Compared {
  readonly ratio: Ratio;
  readonly own: readonly number[];
  readonly theirs: readonly number[];
}

const columns = ({ cpuSeconds, wallSeconds, residentMegabytes }: Cost): string =>
  `${cpuSeconds.toFixed(2).padStart(6)} s CPU ${wallSeconds.toFixed(2).padStart(6)} s wall ${residentMegabytes.toFixed(0).padStart(4)} MB`;

function print(name: string, cost: Cost, rest = ""): void {
  console.log(`    ${name.padEnd(34)} ${columns(cost)}  ${rest}`.trimEnd());
}

const ours = (args: readonly string[]): Promise<Cost> => costOf(BIN, ["assess", ...args], true);

/** A suite may fail a file without the bench failing. */
async function compare({ name, args, rival, goal, goals }: Job): Promise<Compared> {
  const program = process.env[rival.variable];
  const mine: Cost[] = [];
  const theirs: Cost[] = [];
  const loops: number[] = [];
  for (let round = rounds(ROUNDS); round > 0; round--) {
    mine.push(await ours(args));
    loops.push(referenceLoopSeconds());
    if (program !== undefined) theirs.push(await costOf(program, rival.args));
  }
  const best = bestOf(mine);
  const loop = Math.min(...loops);
  const scaled = rival.recordedLoops * loop;
  const other = program === undefined ? null : bestOf(theirs);
  const rivalSeconds = other?.cpuSeconds ?? scaled;
  const share = (best.cpuSeconds / rivalSeconds).toFixed(3);
  if (other === null) {
    print(name, best, `${share} of ${rival.name}'s CPU (${goals})`);
    console.log(
      `      ${rival.name} is not here: ${rival.recordedLoops} loops of ${loop.toFixed(3)} s = ${scaled.toFixed(2)} s CPU`,
    );
  } else {
    const wall = (best.wallSeconds / other.wallSeconds).toFixed(3);
    print(name, best, `${share} of ${rival.name}'s CPU, ${wall} of its wall time (${goals})`);
    print(`  ${rival.name}`, other, `${(other.cpuSeconds / loop).toFixed(1)} loops`);
  }
  const own = mine.map(({ cpuSeconds }) => cpuSeconds);
  const rivals =
    program === undefined
      ? loops.map((seconds) => rival.recordedLoops * seconds)
      : theirs.map(({ cpuSeconds }) => cpuSeconds);
  const baseline = `${rival.name}'s CPU${program === undefined ? ", recorded elsewhere" : ""}`;
  const figure = `${best.cpuSeconds.toFixed(2)} s CPU, ${best.residentMegabytes.toFixed(0)} MB; theirs ${rivalSeconds.toFixed(2)} s`;
  const naming = { what: name, baseline, goal, figure } as const;
  return {
    ratio: ratioOf({ ...naming, better: "less" }, quotients(own, rivals)),
    own,
    theirs: rivals,
  };
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
async function compareRepetitive(folder: string): Promise<Ratio[]> {
  const random = noise(1_000_000);
  const samples: Readonly<Record<string, Uint8Array>> = {
    noise: random,
    "all zeros": new Uint8Array(random.length),
    "a counter": random.map((_value, at) => at),
    "a period of 100,003": random.map((_value, at) => random[at % 100_003]!),
    "the second half as the first": random.map((_value, at) => random[at % 500_000]!),
  };
  const costs: Record<string, Cost[]> = {};
  for (let round = rounds(ROUNDS); round > 0; round--)
    for (const [name, bytes] of Object.entries(samples)) {
      const file = join(folder, "repetitive.bin");
      await writeFile(file, bytes);
      (costs[name] ??= []).push(await ours([file, "--bits", "8"]));
    }
  const { noise: base, ...repetitive } = costs;
  console.log("  non-IID, repetitive data");
  print("noise", bestOf(base!));
  return Object.entries(repetitive).map(([name, runs]) => {
    const best = bestOf(runs);
    print(name, best);
    const seconds = (list: readonly Cost[]) => list.map(({ cpuSeconds }) => cpuSeconds);
    const figure = `${best.cpuSeconds.toFixed(2)} s CPU; theirs ${bestOf(base!).cpuSeconds.toFixed(2)} s`;
    const naming = { what: `non-IID, ${name}`, baseline: "the same on noise", goal: 1, figure };
    return ratioOf({ ...naming, better: "less" }, quotients(seconds(runs), seconds(base!)));
  });
}

async function compareSts(folder: string): Promise<Ratio[]> {
  const job = async (streams: number, recordedLoops: number): Promise<Compared> => {
    const file = join(folder, `streams-${streams}.bin`);
    await writeFile(file, noise(streams * STREAM_BYTES));
    return compare({
      name: streams === 1 ? "SP 800-22, one stream" : `SP 800-22, ${streams} streams`,
      args: [file, "--bits", "8", "--sts"],
      goal: null,
      goals: "goal: at most 0.333 for a stream",
      rival: {
        name: "arcetri/sts",
        variable: "SPRINGHOUSE_BENCH_STS",
        args: ["-w", folder, "-i", String(streams), "-S", String(8 * STREAM_BYTES), file],
        recordedLoops,
      },
    });
  };
  console.log("  SP 800-22, streams of 1,000,000 bits");
  const one = await job(1, 2.52);
  const many = await job(STREAMS, 36.3);
  const each = (all: readonly number[], first: readonly number[]): number[] =>
    all.map((seconds, round) => (seconds - first[round]!) / (STREAMS - 1));
  const mine = each(many.own, one.own);
  const theirs = each(many.theirs, one.theirs);
  const figure = `${Math.min(...mine).toFixed(3)} s CPU; theirs ${Math.min(...theirs).toFixed(3)} s`;
  const naming = { what: "SP 800-22, each stream after the first", goal: 0.333, figure };
  const { baseline } = many.ratio;
  return [
    one.ratio,
    many.ratio,
    ratioOf({ ...naming, baseline, better: "less" }, quotients(mine, theirs)),
  ];
}

const NIST = (name: string, variable: string, file: string, recordedLoops: number): Rival => ({
  name,
  variable,
  args: [file, "8"],
  recordedLoops,
});

async function compareNist(): Promise<Ratio[]> {
  if (!existsSync(VECTORS)) {
    console.log(`  NIST's tool: skipped, ${VECTORS} is not there`);
    return [];
  }
  console.log("  SP 800-90B, 1,000,000 samples of 8 bits");
  const ratios: Ratio[] = [];
  const nonIid = { normal: 65.1, "biased-random-bytes": 62.61 };
  for (const [name, recorded] of Object.entries(nonIid)) {
    const file = join(VECTORS, `${name}.bin`);
    const { ratio } = await compare({
      name: `non-IID, ${name}`,
      args: [file, "--bits", "8"],
      goal: 0.33,
      goals: "goals: 0.33 of the CPU, 0.2 of the wall time, 400 MB",
      rival: NIST("ea_non_iid", "SPRINGHOUSE_BENCH_EA_NON_IID", file, recorded),
    });
    ratios.push(ratio);
  }
  const file = join(VECTORS, "biased-random-bytes.bin");
  const { ratio } = await compare({
    name: "IID, biased-random-bytes",
    args: [file, "--bits", "8", "--iid"],
    goal: 0.5,
    goals: "goal: 0.5 of the CPU",
    rival: NIST("ea_iid", "SPRINGHOUSE_BENCH_EA_IID", file, 31.37),
  });
  return [...ratios, ratio];
}

export async function run(): Promise<readonly Ratio[]> {
  console.log(
    `  a tool that is not here is taken from what it took on ${RECORDED_ON}, scaled by a loop`,
  );
  const folder = await mkdtemp(join(tmpdir(), "springhouse-bench-"));
  try {
    return [
      ...(await compareNist()),
      ...(await compareSts(folder)),
      ...(await compareRepetitive(folder)),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
