import { setImmediate } from "node:timers/promises";
import { healthConfigurationFaults, type HealthOptions } from "../../health/monitor.ts";
import { MAXIMUM_FALSE_ALARMS_PER_DAY, planHealthTests } from "../../health/configuration.ts";
import { replay } from "../../health/replay.ts";
import type { HealthTestName } from "../../port/health.ts";
import { SeededNoise } from "../seededNoise.ts";
import {
  FAULT_NAMES,
  mostCommonOf,
  PlantedFault,
  wordsOf,
  type FaultName,
  type MostCommon,
} from "./plantedFaults.ts";
import { poissonTail, poissonUpperBound } from "./poisson.ts";

/** A fault is followed for so long. */
export const LIMIT_SAMPLES = 2 ** 18;
/** Sound samples before a fault, up to: it begins anywhere in the tests' windows. */
const WARM_UP_SAMPLES = 16_384;
const STARTUP_SAMPLES = 1024;
const CHUNK_SAMPLES = 2048;
/** Fewer say nothing. */
export const LEAST_SAMPLES = 10_000;
const DAY_SECONDS = 86_400;
const DAYS_PER_YEAR = 365.25;

/** How one fault is found, over all places where it was planted. */
export interface Detection {
  readonly planted: number;
  readonly detected: number;
  /** From the fault's first sample to the first alarm's; null where fewer than half were detected. */
  readonly medianSamples: number | null;
  /** Of those that were detected. */
  readonly slowestSamples: number | null;
  readonly medianSeconds: number | null;
  /** The test that found it first most often. */
  readonly by: HealthTestName | null;
}

/** What one claim and one alpha would mean. */
export interface WhatIfCell {
  readonly h: number;
  readonly alpha: number;
  /** Why these tests cannot be; null when they can. */
  readonly impossible: string | null;
  /** Whether a live source may have it: its false alarms are within the budget. */
  readonly allowed: boolean;
  readonly cutoffs: Readonly<Partial<Record<HealthTestName, number>>>;
  /** To be expected of independent samples exactly as good as claimed. */
  readonly falseAlarmsPerDay: number;
  /** Of the recording as it is, and the bound that its alarms a day are below (95 %, Poisson). */
  readonly observed: {
    readonly alarms: number;
    readonly perDay: number;
    readonly perDayAtMost: number;
    /** More than samples as good as claimed would raise, but once in a million recordings. */
    readonly refuted: boolean;
  };
  readonly detection: Readonly<Record<FaultName, Detection>> | null;
}

export interface WhatIf {
  readonly format: "springhouse-what-if-1";
  readonly samples: number;
  readonly bitsPerSample: number;
  readonly samplesPerSecond: number;
  readonly seed: string;
  readonly places: number;
  readonly limitSamples: number;
  /** -log2 of the most common value's share: no estimate, and no claim could be higher. */
  readonly mostCommonEntropy: number;
  readonly mostFalseAlarmsPerDay: number;
  readonly faults: Readonly<Record<FaultName, string>>;
  readonly cells: readonly WhatIfCell[];
}

export interface WhatIfOrder {
  /** One symbol a byte, `LEAST_SAMPLES` at least. */
  readonly symbols: Uint8Array;
  readonly bitsPerSample: number;
  readonly samplesPerSecond: number;
  readonly h: readonly number[];
  readonly alpha: readonly number[];
  /** 64 hexadecimal digits. */
  readonly seed: string;
  /** Where each fault is planted, that many times. */
  readonly places: number;
  readonly progress?: (done: number, all: number) => void;
  readonly signal?: AbortSignal;
}

/** A place for a fault: the same for every cell, so that cells differ by their tests alone. */
interface Place {
  readonly onset: number;
  readonly warmUp: number;
  readonly stream: number;
}

function placesOf({ symbols, seed, places }: WhatIfOrder): Place[] {
  const noise = new SeededNoise(seed);
  return Array.from({ length: places }, (_, index) => {
    const most = Math.min(WARM_UP_SAMPLES, symbols.length - STARTUP_SAMPLES);
    const warmUp = STARTUP_SAMPLES + noise.below(most);
    const onset = warmUp + noise.below(symbols.length - warmUp + 1);
    return { onset, warmUp, stream: 1 + index };
  });
}

/**
 * What each claim and alpha would mean for a recording: false alarms, computed and as they came, beside
 * the time to find faults that are planted into it. The production tests, with all of them on.
 * @throws the signal's reason; Error when a symbol is too wide
 */
export async function whatIf(order: WhatIfOrder): Promise<WhatIf> {
  const { symbols, bitsPerSample, samplesPerSecond, h, alpha, seed, places, progress } = order;
  const most = mostCommonOf(symbols);
  const grid = h.flatMap((entropy) => alpha.map((exponent) => [entropy, exponent] as const));
  const sites = placesOf(order);
  const cells: WhatIfCell[] = [];
  for (const [entropy, exponent] of grid) {
    progress?.(cells.length, grid.length);
    cells.push(await cellOf(order, most, sites, entropy, exponent));
  }
  return {
    format: "springhouse-what-if-1",
    samples: symbols.length,
    bitsPerSample,
    samplesPerSecond,
    seed,
    places,
    limitSamples: LIMIT_SAMPLES,
    mostCommonEntropy: Math.max(0, -Math.log2(most.proportion)),
    mostFalseAlarmsPerDay: MAXIMUM_FALSE_ALARMS_PER_DAY,
    faults: byFault((fault) => wordsOf(fault, most)),
    cells,
  };
}

function byFault<T>(value: (fault: FaultName) => T): Readonly<Record<FaultName, T>> {
  return Object.fromEntries(FAULT_NAMES.map((fault) => [fault, value(fault)])) as Record<
    FaultName,
    T
  >;
}

async function cellOf(
  order: WhatIfOrder,
  most: MostCommon,
  sites: readonly Place[],
  h: number,
  alpha: number,
): Promise<WhatIfCell> {
  const { symbols, bitsPerSample, samplesPerSecond } = order;
  const options: HealthOptions = {
    bitsPerSample,
    minEntropyPerSample: h,
    alphaIntermittentExponent: alpha,
    alphaPermanentExponent: Math.max(60, alpha),
    samplesPerSecond,
    silenceMilliseconds: 1000,
  };
  const { faults } = planHealthTests(options, Infinity);
  if (faults.length > 0) {
    const observed = { alarms: 0, perDay: 0, perDayAtMost: 0, refuted: false };
    const nothing = {
      allowed: false,
      cutoffs: {},
      falseAlarmsPerDay: 0,
      observed,
      detection: null,
    };
    return { h, alpha, impossible: faults.join("; "), ...nothing };
  }
  const report = replay(options, symbols);
  const alarms = report.alarmTotals.reduce((sum, { total }) => sum + total, 0);
  const days = symbols.length / samplesPerSecond / DAY_SECONDS;
  const perYear = report.tests.reduce((sum, test) => sum + test.expectedFalseAlarmsPerYear, 0);
  const detection = {} as Record<FaultName, Detection>;
  for (const fault of FAULT_NAMES)
    detection[fault] = await detectionOf(order, options, fault, most, sites);
  return {
    h,
    alpha,
    impossible: null,
    allowed: healthConfigurationFaults(options).length === 0,
    cutoffs: Object.fromEntries(report.tests.map((one) => [one.test, one.cutoffIntermittent ?? 0])),
    falseAlarmsPerDay: perYear / DAYS_PER_YEAR,
    observed: {
      alarms,
      perDay: alarms / days,
      perDayAtMost: poissonUpperBound(alarms) / days,
      refuted: poissonTail(alarms, report.expectedFalseAlarms) < 1e-6,
    },
    detection,
  };
}

async function detectionOf(
  { symbols, seed, samplesPerSecond, signal }: WhatIfOrder,
  options: HealthOptions,
  fault: FaultName,
  most: MostCommon,
  sites: readonly Place[],
): Promise<Detection> {
  const found: { samples: number; by: HealthTestName }[] = [];
  for (const { onset, warmUp, stream } of sites) {
    await setImmediate();
    signal?.throwIfAborted();
    const planted = new PlantedFault(symbols, fault, onset, most, new SeededNoise(seed, stream));
    const one = find(options, symbols.subarray(onset - warmUp, onset), planted);
    if (one) found.push(one);
  }
  const sorted = found.map(({ samples }) => samples).sort((one, other) => one - other);
  const median = sorted[Math.floor((sites.length - 1) / 2)] ?? null;
  const tally = new Map<HealthTestName, number>();
  for (const { by } of found) tally.set(by, (tally.get(by) ?? 0) + 1);
  const [by] = [...tally].sort(([, one], [, other]) => other - one)[0] ?? [null];
  return {
    planted: sites.length,
    detected: found.length,
    medianSamples: median,
    slowestSamples: sorted.at(-1) ?? null,
    medianSeconds: median === null ? null : median / samplesPerSecond,
    by,
  };
}

/**
 * Samples to the first alarm in the fault; null when none comes within the limit. The tests alone,
 * without states: a claim that is too high would have latched before.
 */
function find(
  options: HealthOptions,
  warmUp: Uint8Array,
  fault: PlantedFault,
): { readonly samples: number; readonly by: HealthTestName } | null {
  const { tests } = planHealthTests(options, Infinity);
  for (const test of tests)
    for (let from = 0; from < warmUp.length;) {
      const at = test.push(warmUp, from, warmUp.length);
      if (at < 0) break;
      from = at + 1;
    }
  const chunk = new Uint8Array(CHUNK_SAMPLES);
  for (let done = 0; done < LIMIT_SAMPLES; done += CHUNK_SAMPLES) {
    fault.into(chunk);
    let first = CHUNK_SAMPLES;
    let by: HealthTestName | null = null;
    for (const test of tests) {
      const at = test.push(chunk, 0, first);
      if (at < 0) continue;
      first = at;
      by = test.finding.gauge.test;
    }
    if (by !== null) return { samples: done + first + 1, by };
  }
  return null;
}
