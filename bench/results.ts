import { readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import type { Ratio } from "./ratio.ts";

/** Where, on what and beside what else a bench was run. */
export interface Conditions {
  readonly processor: string;
  readonly cores: number;
  readonly node: string;
  readonly date: string;
  /** Of the minute before the run: what else kept the machine busy. */
  readonly loadAverage: number;
}

export interface BenchResult {
  readonly conditions: Conditions;
  readonly ratios: readonly Ratio[];
}

/** By the bench's name. */
export type Results = Readonly<Record<string, BenchResult>>;

const FILE = new URL("results.json", import.meta.url);

/** At the start of a run; later it would see the benches themselves. */
export function conditionsNow(): Conditions {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? "unknown processor",
    cores: processors.length,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
    loadAverage: Number(loadavg()[0]!.toFixed(2)),
  };
}

/** Work beside a run of more than this share of the machine is taken to show in its figures. */
const QUIET_SHARE = 0.25;
export const isLoaded = ({ loadAverage, cores }: Conditions): boolean =>
  loadAverage > QUIET_SHARE * cores;

/**
 * A bench that was run replaces its rows and nobody else's; one that measured nothing, since what it
 * needs is not installed, replaces none. Benches that are no more are left out.
 * @param names of all benches, in the order to keep
 */
export function mergeResults(before: Results, after: Results, names: readonly string[]): Results {
  const merged: Record<string, BenchResult> = {};
  for (const name of names) {
    const result = after[name]?.ratios.length ? after[name] : before[name];
    if (result !== undefined) merged[name] = result;
  }
  return merged;
}

export function readResults(): Results {
  return JSON.parse(readFileSync(FILE, "utf8")) as Results;
}

export function writeResults(results: Results): void {
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === "number" ? Number(value.toPrecision(5)) : value;
  writeFileSync(FILE, `${JSON.stringify(results, rounded, 2)}\n`);
}
