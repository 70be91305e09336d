import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { iidCampaign, runIidTask, type IidTask } from "../../../src/assess/iid/campaign.ts";
import { iidTests, type Iid } from "../../../src/assess/iid/iid.ts";
import type { Statistic } from "../../../src/assess/iid/statistics.ts";
import type { Samples } from "../../../src/assess/samples.ts";
import { GENERATORS, VECTORS } from "./nonIid.ts";

/** As NIST's tool names them. */
const NAMES: Readonly<Record<Statistic, string>> = {
  excursion: "excursion",
  directionalRuns: "numDirectionalRuns",
  longestDirectionalRun: "lenDirectionalRuns",
  increasesOrDecreases: "numIncreasesDecreases",
  medianRuns: "numRunsMedian",
  longestMedianRun: "lenRunsMedian",
  averageCollision: "avgCollision",
  greatestCollision: "maxCollision",
  periodicity1: "periodicity(1)",
  periodicity2: "periodicity(2)",
  periodicity8: "periodicity(8)",
  periodicity16: "periodicity(16)",
  periodicity32: "periodicity(32)",
  covariance1: "covariance(1)",
  covariance2: "covariance(2)",
  covariance8: "covariance(8)",
  covariance16: "covariance(16)",
  covariance32: "covariance(32)",
  compression: "compression",
};

/** Everything that is not left to chance, by the tool's names. */
function figures(samples: Samples): ReadonlyMap<string, number> {
  const tests = iidTests(samples);
  const part = runIidTask(samples, { kind: "unshuffled" });
  if (part.kind !== "unshuffled") throw new Error("another part");
  const { independence, goodnessOfFit, longestRepeat, mostCommonValue } = tests;
  const found = new Map<string, number>([
    ["Raw Mean", tests.mean],
    ["Median", tests.median],
    ["lrs_P_col", longestRepeat.pCollision],
    ["lrs_W", longestRepeat.length],
    ["lrs_Pr(X >= 1)", longestRepeat.probability],
    ["H_original", mostCommonValue.literal.minEntropy!],
  ]);
  if (mostCommonValue.bitstring) found.set("H_bitstring", mostCommonValue.bitstring.minEntropy!);
  for (const [name, test] of [
    ["chi_independence", independence],
    ["chi_goodness_of_fit", goodnessOfFit],
  ] as const) {
    if (test.passed === null) continue;
    found.set(`${name}_T`, test.statistic);
    found.set(`${name}_df`, test.degrees);
    found.set(`${name}_P-value`, test.pValue);
  }
  for (const [statistic, name] of Object.entries(NAMES))
    found.set(name, part.figures[statistic as Statistic]!);
  return found;
}

function hold(what: string, samples: Samples, theirs: ReadonlyMap<string, number>): void {
  const ours = figures(samples);
  for (const [name, value] of theirs) {
    const of = ours.get(name);
    expect(of, `${what}: ${name}`).toBeDefined();
    const scale = Math.max(1, Math.abs(value));
    const difference = Math.abs(of! - value) / scale;
    expect(difference, `${what}: ${name} is ${of}, not ${value}`).toBeLessThan(1e-9);
  }
}

const LINES: readonly (readonly [RegExp, string])[] = [
  [/^Chi square independence: /, "chi_independence_"],
  [/^Chi square goodness of fit: /, "chi_goodness_of_fit_"],
  [/^Literal Longest Repeated Substring results: /, "lrs_"],
  [/^Permutation testing: Unpermuted result /, ""],
  [/^(?=Raw Mean|Median|H_original|H_bitstring =)/, ""],
];

/** A file of samples against what NIST's tool printed for it. */
export function holdIidFile(name: string): void {
  const text = readFileSync(`${VECTORS}${name}.iid.txt`, "utf8");
  const symbols = new Uint8Array(readFileSync(`${VECTORS}${name}.bin`));
  const theirs = new Map<string, number>();
  for (const line of text.split("\n"))
    for (const [start, prefix] of LINES) {
      const [label, value] = line.replace(start, "").split(" = ");
      if (start.test(line)) theirs.set(prefix + label!, Number(value));
    }
  expect(theirs.size).toBeGreaterThan(30);
  hold(name, { symbols, bitsPerSymbol: Number(/(\d+)-bit-wide/.exec(text)![1]) }, theirs);
}

const BITS: Readonly<Record<string, number>> = { V1: 8, V2: 1, V4: 4 };

/** The generated sets of 20,000 samples against the tool's figures. */
export function holdGeneratedIidSets(): void {
  const path = `${VECTORS}iid_conditioning_restart_fips_vectors.json`;
  const { sets } = JSON.parse(readFileSync(path, "utf8")) as {
    sets: Record<string, Record<string, number>>;
  };
  expect(Object.keys(sets)).toHaveLength(3);
  for (const [name, figuresOfTool] of Object.entries(sets)) {
    const set = name.slice(0, 2);
    const samples = { symbols: GENERATORS[set]!(20_000), bitsPerSymbol: BITS[set]! };
    hold(name, samples, new Map(Object.entries(figuresOfTool)));
  }
}

export const SEED = "5e".repeat(32);

/** Noise that is the same in every run. */
export function noise(count: number, bitsPerSymbol: number, seed = 1): Samples {
  let state = seed;
  const symbols = Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return state >>> (32 - bitsPerSymbol);
  });
  return { symbols, bitsPerSymbol };
}

/** The campaign with `hands` tasks under way, of which `pick` says the one that ends next. */
export function run(
  samples: Samples,
  seed: string,
  hands = 1,
  pick: (under: number) => number = () => 0,
  tasks = Infinity,
): { readonly result: Iid; readonly given: readonly IidTask[] } {
  const campaign = iidCampaign(seed);
  const under: IidTask[] = [];
  const given: IidTask[] = [];
  for (;;) {
    while (under.length < hands) {
      if (given.length === tasks) campaign.expire!();
      const task = campaign.next();
      if (task === null) break;
      under.push(task);
      given.push(task);
    }
    const [task] = under.splice(pick(under.length), 1);
    if (!task) return { result: campaign.result()!, given };
    campaign.take(task, runIidTask(samples, task));
  }
}
