import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HealthMonitor, type HealthOptions } from "../../../src/health/monitor.ts";
import type { Alarm, SourceState } from "../../../src/port/health.ts";
import { concatenate, noise } from "./noise.ts";

/*
 * The monitor against a model that takes one sample at a time and knows only the rules: RCT and
 * APT with cutoffs so low that everything happens, and the states.
 */

const OPTIONS: HealthOptions = {
  bitsPerSample: 4,
  minEntropyPerSample: 2,
  alphaIntermittentExponent: 12,
  alphaPermanentExponent: 16,
  windowSamples: 64,
  samplesPerSecond: 1e-6,
  silenceMilliseconds: 1000,
  lag: false,
  blockRepetition: false,
};
const STARTUP = 1024;
const WINDOW = 64;
const DAY = 86_400_000;
const RCT = [7, 9] as const; // 1 + 12/2, 1 + 16/2
const APT = new HealthMonitor(OPTIONS).snapshot().tests[1]!;

class Model {
  state: SourceState = "absent";
  alarms: string[] = [];
  usable: number[] = [];
  sequence = 0;
  now = 0;
  heard = 0;
  quiet = false;
  open = false;
  value = -1;
  run = 0;
  windowValue = -1;
  count = 0;
  filled = 0;
  passed = 0;
  /** For the next window, with which a startup test that a gap broke begins anew. */
  waits = false;
  failures = 0;
  incidents: number[] = [];

  restart(): void {
    this.value = this.windowValue = -1;
    this.run = this.count = this.filled = this.passed = 0;
    this.waits = false;
  }

  gap(): void {
    this.passed = 0;
    this.waits = true;
  }

  present(): void {
    this.open = true;
    this.heard = this.now + 5000; // it may settle
    this.restart();
    if (this.state !== "failed") this.state = this.quiet ? "absent" : "starting";
  }

  absent(): void {
    this.open = false;
    if (this.state !== "failed") this.state = "absent";
  }

  reset(): void {
    if (this.state !== "failed") return;
    this.incidents = [];
    this.failures = 0;
    this.restart();
    this.heard = this.now;
    this.quiet = false;
    this.state = this.open ? "starting" : "absent";
  }

  tick(): void {
    if (!this.open || this.quiet || this.now - this.heard < 1000) return;
    this.quiet = true;
    this.restart();
    if (this.state === "failed") return;
    this.alarms.push(`total_failure/intermittent@${this.sequence}`);
    this.state = "absent";
  }

  alarm(name: string, permanent: boolean): void {
    const was = this.state;
    if (was === "failed") return;
    this.alarms.push(`${name}/${permanent ? "permanent" : "intermittent"}@${this.sequence}`);
    this.passed = 0;
    if (was === "starting") this.failures += 1;
    if (was !== "suspect") this.incidents.push(this.now);
    const today = this.incidents.filter((at) => this.now - at < DAY).length;
    if (!permanent && this.failures >= 2) this.alarms.push(`startup/permanent@${this.sequence}`);
    this.state = permanent || this.failures >= 2 || today >= 3 ? "failed" : "suspect";
  }

  sample(symbol: number): void {
    this.heard = this.now;
    this.quiet = false;
    if (this.state === "absent") this.state = "starting";
    if (this.filled === WINDOW) this.filled = 0;
    if (this.filled === 0) {
      this.windowValue = symbol;
      this.count = 0;
      this.waits = false;
      if (this.state === "suspect") this.state = "starting";
    }
    this.filled += 1;
    this.run = symbol === this.value ? this.run + 1 : 1;
    this.value = symbol;
    const counted = symbol === this.windowValue;
    if (counted) this.count += 1;
    const before = this.state;
    let alarmed = false;
    for (const [name, hit, first, second] of [
      ["repetition_count", this.run, ...RCT],
      [
        "adaptive_proportion",
        counted ? this.count : 0,
        APT.cutoffIntermittent!,
        APT.cutoffPermanent!,
      ],
    ] as const) {
      if (hit !== first && hit !== second) continue;
      alarmed = true;
      this.alarm(name, hit === second);
    }
    if (before === "healthy" && !alarmed) this.usable.push(this.sequence);
    if (before === "starting" && !alarmed && !this.waits) {
      this.passed += 1;
      if (this.passed === STARTUP) {
        this.state = "healthy";
        this.failures = 0;
      }
    }
    this.sequence += 1;
  }
}

const samples = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ noise: fc.integer({ min: 1, max: 2500 }) }) },
      { weight: 1, arbitrary: fc.record({ stuck: fc.integer({ min: 1, max: 12 }) }) },
      { weight: 1, arbitrary: fc.record({ biased: fc.integer({ min: 10, max: 64 }) }) },
    ),
    { minLength: 1, maxLength: 5 },
  )
  .chain((parts) =>
    fc.integer({ min: 1, max: 1 << 20 }).map((seed) =>
      concatenate(
        ...parts.map((part, i) => {
          if ("noise" in part) return noise(part.noise, 4, seed + i);
          if ("stuck" in part) return new Uint8Array(part.stuck).fill(seed & 15);
          // Every second sample the same: APT's case, which RCT passes.
          return noise(part.biased, 4, seed + i).map((symbol, at) => (at % 2 ? symbol : 3));
        }),
      ),
    ),
  );

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ samples, cuts: fc.array(fc.nat(12_000)) }) },
  { weight: 1, arbitrary: fc.constantFrom("gap", "reopen", "absent", "reset") },
  { weight: 2, arbitrary: fc.record({ wait: fc.constantFrom(1, 999, 1000, DAY / 2, DAY) }) },
);

/** Pushes to both, compares them, and returns the alarms up to a latch. */
function pushToBoth(model: Model, monitor: HealthMonitor, part: Uint8Array): readonly Alarm[] {
  const base = monitor.samples;
  const [alarmsBefore, usableBefore] = [model.alarms.length, model.usable.length];
  for (const symbol of part) model.sample(symbol);
  const verdict = monitor.push(part, model.now);
  const news = model.alarms.slice(alarmsBefore);
  expect(verdict.state).toBe(model.state);
  expect(verdict.discardAccumulated || news.length === 0).toBe(true);
  // Usable are those after the push's last alarm; after a latch there are none.
  const last = news.reduce((most, text) => Math.max(most, Number(text.split("@")[1])), -1);
  const usable = model.usable.slice(usableBefore).filter((at) => at > last);
  expect(
    Array.from(
      { length: part.length - verdict.usableFrom },
      (_, i) => base + verdict.usableFrom + i,
    ),
  ).toEqual(model.state === "failed" ? [] : usable);
  // After the latch the monitor tells each alarm once more; the model is silent.
  return model.state === "failed" ? verdict.alarms.slice(0, news.length) : verdict.alarms;
}

test("states, alarms and usable samples are the model's, however the samples are cut", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const model = new Model();
      const monitor = new HealthMonitor(OPTIONS);
      const alarms: string[] = [];
      const tell = (told: readonly { test: string; severity: string; sequence: number }[]) => {
        for (const one of told) alarms.push(`${one.test}/${one.severity}@${one.sequence}`);
      };
      const open = () => {
        model.present();
        monitor.present(model.now);
      };
      open();
      for (const one of steps) {
        if (one === "gap") {
          model.gap();
          monitor.gap();
        } else if (one === "reopen") open();
        else if (one === "absent") {
          model.absent();
          monitor.absent();
        } else if (one === "reset") {
          model.reset();
          monitor.reset(model.now);
        } else if ("wait" in one) {
          model.now += one.wait;
          model.tick();
          const failed = monitor.state === "failed";
          const { alarms: told } = monitor.tick(model.now);
          if (!failed) tell(told);
        } else {
          if (!model.open) open();
          const ends = [...one.cuts.filter((cut) => cut < one.samples.length), one.samples.length];
          let from = 0;
          for (const end of ends.sort((a, b) => a - b)) {
            tell(pushToBoth(model, monitor, one.samples.subarray(from, end)));
            from = end;
          }
        }
        expect(monitor.state).toBe(model.state);
        expect(alarms).toEqual(model.alarms);
        seen.add(model.state);
      }
      for (const text of alarms) seen.add(text.split("@")[0]!);
    }),
    { numRuns: 300, seed: 20_250_925 },
  );
  // The property is worth nothing if nothing happened.
  expect([...seen].sort()).toEqual([
    "absent",
    "adaptive_proportion/intermittent",
    "adaptive_proportion/permanent",
    "failed",
    "healthy",
    "repetition_count/intermittent",
    "repetition_count/permanent",
    "starting",
    "startup/permanent",
    "suspect",
    "total_failure/intermittent",
  ]);
});

test("with every test on, any split gives the same alarms, state and watermarks", () => {
  const options: HealthOptions = {
    ...OPTIONS,
    lag: { windowSamples: 256 },
    blockRepetition: true,
    band: { statistic: "collision_entropy", lower: 3.5, upper: 4, windowSamples: 128 },
  };
  let alarmed = 0;
  fc.assert(
    fc.property(samples, samples, fc.array(fc.nat(12_000)), (one, other, cuts) => {
      // The same again, for the block repetition; and a period, for the lag predictor.
      const period = Uint8Array.from({ length: 60 }, (_, i) => i % 5);
      const symbols = concatenate(one, period, other, one);
      const run = (ends: readonly number[]) => {
        const monitor = new HealthMonitor(options);
        monitor.present(0);
        const alarms: unknown[] = [];
        let from = 0;
        for (const end of ends) {
          alarms.push(...monitor.push(symbols.subarray(from, end), 0).alarms);
          from = end;
        }
        return { alarms, snapshot: monitor.snapshot(), margins: monitor.takeMargins() };
      };
      const whole = run([symbols.length]);
      const inside = cuts.filter((cut) => cut < symbols.length).sort((a, b) => a - b);
      expect(run([...inside, symbols.length])).toEqual(whole);
      alarmed += whole.alarms.length;
    }),
    { numRuns: 100, seed: 20_250_925 },
  );
  expect(alarmed).toBeGreaterThan(100);
});
