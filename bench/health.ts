import { AdaptiveProportion } from "../src/health/adaptiveProportion.ts";
import type { HealthTest } from "../src/health/healthTest.ts";
import { BlockRepetition } from "../src/health/blockRepetition.ts";
import { LagPredictor } from "../src/health/lagPredictor.ts";
import { HealthMonitor } from "../src/health/monitor.ts";
import { RepetitionCount } from "../src/health/repetitionCount.ts";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";

const CHUNK = 65_536;
const CHUNKS = 64;
const ROUNDS = 5;

/** xorshift32: the tests' speed depends on how predictable their branches are. */
function noise(bitsPerSample: number): Uint8Array {
  const symbols = new Uint8Array(CHUNK * CHUNKS);
  let state = 0x9e3779b9;
  for (let i = 0; i < symbols.length; i += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    symbols[i] = (state >>> 16) & ((1 << bitsPerSample) - 1);
  }
  return symbols;
}

/** Million samples a second of processor time. */
function rate(symbols: Uint8Array, work: (chunk: Uint8Array) => void): number {
  const begin = process.cpuUsage();
  for (let from = 0; from < symbols.length; from += CHUNK) {
    work(symbols.subarray(from, from + CHUNK));
  }
  const { user, system } = process.cpuUsage(begin);
  return symbols.length / (user + system);
}

function all(...tests: readonly HealthTest[]): (chunk: Uint8Array) => void {
  return (chunk) => {
    for (const test of tests) {
      let from = 0;
      while (from < chunk.length) {
        const alarm = test.push(chunk, from, chunk.length);
        if (alarm < 0) break;
        from = alarm + 1;
      }
    }
  };
}

function monitor(bitsPerSample: number, lag: boolean, blockRepetition: boolean): HealthMonitor {
  const made = new HealthMonitor({
    bitsPerSample,
    minEntropyPerSample: bitsPerSample / 2,
    alphaIntermittentExponent: 40,
    alphaPermanentExponent: 60,
    samplesPerSecond: 400_000,
    silenceMilliseconds: 1000,
    lag,
    blockRepetition,
  });
  made.present(0);
  return made;
}

function compare(bits: number): Ratio[] {
  const symbols = noise(bits);
  const h = bits / 2;
  let sum = 0;
  const summed = (chunk: Uint8Array): void => {
    for (let i = 0; i < chunk.length; i += 1) sum += chunk[i]!;
  };
  const rct = () => new RepetitionCount(h, 40, 60);
  const apt = () => new AdaptiveProportion(h, bits === 1 ? 1024 : 512, 40, 60);
  const lag = () => new LagPredictor(h, 40, 60);
  const bare = monitor(bits, false, false);
  const full = monitor(bits, true, true);
  const rows: readonly (readonly [string, (chunk: Uint8Array) => void])[] = [
    ["RCT", all(rct())],
    ["APT", all(apt())],
    ["RCT+APT", all(rct(), apt())],
    ["lag", all(lag())],
    ["block repetition", all(new BlockRepetition(bits, h, 40))],
    ["RCT+APT+lag", all(rct(), apt(), lag())],
    ["monitor, RCT+APT", (chunk) => void bare.push(chunk, 0)],
    ["monitor, all tests", (chunk) => void full.push(chunk, 0)],
  ];
  const baseline: number[] = [];
  const own = rows.map((): number[] => []);
  for (let round = 0; round <= rounds(ROUNDS); round++) {
    const base = rate(symbols, summed);
    const figures = rows.map(([, work]) => rate(symbols, work));
    // The first round compiles.
    if (round === 0) continue;
    baseline.push(base);
    figures.forEach((figure, i) => own[i]!.push(figure));
  }
  if (sum === 0) throw new Error("the baseline was optimised away");
  return rows.map(([name], i) => {
    const text = (values: readonly number[]): string => median(values).toFixed(1);
    const figure = `${text(own[i]!)} Msamples/s; theirs ${text(baseline)}`;
    const what = `${name}, ${bits}-bit samples`;
    const naming = { what, baseline: "a loop that sums the bytes", goal: null, figure };
    return ratioOf(naming, quotients(own[i]!, baseline));
  });
}

/** Health tests against a loop that only sums the bytes, in the same run. */
export function run(): readonly Ratio[] {
  return [1, 8].flatMap(compare);
}
