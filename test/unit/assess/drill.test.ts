import { describe, expect, onTestFinished, test, vi } from "vitest";
import fc from "fast-check";
import { drill } from "../../../src/assess/drill/drill.ts";
import { DrillDesk, type DrillDeskTerms, type KeptDrill } from "../../../src/assess/drill/desk.ts";
import { AdaptiveProportion } from "../../../src/health/adaptiveProportion.ts";
import { Band } from "../../../src/health/band.ts";
import { BlockRepetition } from "../../../src/health/blockRepetition.ts";
import { healthConfigurationFaults, HealthMonitor } from "../../../src/health/monitor.ts";
import type { HealthOptions } from "../../../src/health/monitor.ts";
import { LagPredictor } from "../../../src/health/lagPredictor.ts";
import { RepetitionCount } from "../../../src/health/repetitionCount.ts";
import { TotalFailure } from "../../../src/health/totalFailure.ts";
import { signerOf } from "../../../src/log/signer.ts";
import { attestWith } from "../../../src/log/statement.ts";
import { HEALTH_TESTS, SEVERITIES } from "../../../src/port/health.ts";
import type { DrillReport } from "../../../src/port/drill.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import type { ServiceSnapshot, SourceSnapshot } from "../../../src/port/snapshot.ts";
import { drillFacts } from "../../../src/verify/drillFacts.ts";
import { verifyDrill } from "../../../src/verify/verifyAttested.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { DEVICE, SNAPSHOT, SOURCE } from "../api/house.ts";

const SEED = "5e".repeat(32);
const HOUR = 3_600_000;

const BYTES: HealthOptions = {
  bitsPerSample: 8,
  minEntropyPerSample: 4,
  alphaIntermittentExponent: 40,
  alphaPermanentExponent: 60,
  samplesPerSecond: 50_000,
  silenceMilliseconds: 2000,
  band: { statistic: "collision_entropy", lower: 7.5, upper: 8, windowSamples: 1024 },
};

describe("every health test, both severities", () => {
  test("each is found at the very sample that theory names, and one less is silent", async () => {
    const { outcomes, notExercised, requirements, passed } = await drill(BYTES, SEED);
    expect(passed).toBe(true);
    const driven = outcomes.map(({ test, severity }) => `${test}/${severity}`);
    const excused = notExercised.map(({ test, severity }) => `${test}/${severity}`);
    const all = HEALTH_TESTS.flatMap((test) => SEVERITIES.map((severity) => `${test}/${severity}`));
    expect([...driven, ...excused].sort()).toEqual(all.sort());
    expect(excused).toEqual(["total_failure/permanent"]);
    for (const { theory, observed, cutoff, cutoffInUse, silentBelow, discarded } of outcomes) {
      expect([observed, cutoffInUse]).toEqual([theory, cutoff]);
      expect([silentBelow, discarded]).toEqual([true, true]);
    }
    // SP 800-90B 4.4.1: 1 + 40/4 and 1 + 60/4; 4.4.2 at H = 4: reference/standards.md, 1.3.
    const cutoffs = Object.fromEntries(outcomes.map((one) => [`${one.test}/${one.severity}`, one]));
    expect(cutoffs["repetition_count/intermittent"]!.observed).toBe(11);
    expect(cutoffs["repetition_count/permanent"]!.observed).toBe(16);
    expect(cutoffs["adaptive_proportion/intermittent"]!.counted).toBe(78);
    expect(requirements.map((one) => one.detected)).toEqual([25, 25]);
  });

  test("the same seed makes the same drill, another seed other noise", async () => {
    const short = { ...BYTES, lag: false };
    expect(await drill(short, SEED)).toEqual(await drill(short, SEED));
    const other = await drill({ ...BYTES, lag: false }, "a1".repeat(32));
    expect(other.passed).toBe(true);
    expect(other.requirements).not.toEqual((await drill(short, SEED)).requirements);
  });

  test.each<Partial<HealthOptions>>([
    { bitsPerSample: 8, minEntropyPerSample: 8, band: undefined },
    { bitsPerSample: 1, minEntropyPerSample: 0.5, band: undefined },
    { bitsPerSample: 1, minEntropyPerSample: 1, band: undefined },
    { bitsPerSample: 2, minEntropyPerSample: 1.5, band: undefined },
    { minEntropyPerSample: 0.3, windowSamples: 4096, band: undefined },
    {
      bitsPerSample: 1,
      minEntropyPerSample: 0.3,
      band: { statistic: "ones_proportion", lower: 0.6, upper: 0.7, windowSamples: 4096 },
    },
    {
      bitsPerSample: 4,
      minEntropyPerSample: 2.5,
      band: { statistic: "collision_entropy", lower: 2.6, upper: 3.4 },
    },
    { alphaIntermittentExponent: 60, alphaPermanentExponent: 60, band: undefined },
  ])("%o", async (part) => {
    const { outcomes, requirements } = await drill({ ...BYTES, ...part }, SEED);
    expect(outcomes.filter(({ passed }) => !passed)).toEqual([]);
    expect(requirements.filter(({ passed }) => !passed)).toEqual([]);
    if (part.band) expect(new Set(outcomes.map(({ test }) => test)).has("band")).toBe(true);
  });

  test("whatever a configuration may say, sound code passes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        fc.integer({ min: 30, max: 50 }),
        fc.constantFrom(undefined, 2048, 4096),
        fc.integer({ min: 1024, max: 4000 }),
        async (bitsPerSample, share, alpha, windowSamples, startupSamples) => {
          const options: HealthOptions = {
            ...BYTES,
            bitsPerSample,
            minEntropyPerSample: Math.max(0.05, share * bitsPerSample),
            alphaIntermittentExponent: alpha,
            samplesPerSecond: 100,
            windowSamples,
            startupSamples,
            band: undefined,
            lag: { windowSamples: 16_384 },
          };
          fc.pre(healthConfigurationFaults(options).length === 0);
          const { outcomes } = await drill(options, SEED);
          expect(outcomes.filter(({ passed }) => !passed)).toEqual([]);
        },
      ),
      { numRuns: 12, seed: 5 },
    );
  });
});

describe("a test that does not find what it should", () => {
  /** Each breaks the code that runs live; the drill has to name the very test. */
  const planted: readonly (readonly [string, () => void, string])[] = [
    [
      "a repetition count that is deaf",
      () => vi.spyOn(RepetitionCount.prototype, "push").mockReturnValue(-1),
      "repetition_count",
    ],
    [
      "an adaptive proportion that is deaf",
      () => vi.spyOn(AdaptiveProportion.prototype, "push").mockReturnValue(-1),
      "adaptive_proportion",
    ],
    [
      "a lag predictor that is deaf",
      () => vi.spyOn(LagPredictor.prototype, "push").mockReturnValue(-1),
      "lag_predictor_count",
    ],
    [
      "a block repetition that is deaf",
      () => vi.spyOn(BlockRepetition.prototype, "push").mockReturnValue(-1),
      "block_repetition",
    ],
    ["a band that is deaf", () => vi.spyOn(Band.prototype, "push").mockReturnValue(-1), "band"],
    [
      "silence that nobody hears",
      () => vi.spyOn(TotalFailure.prototype, "tick").mockReturnValue(false),
      "total_failure",
    ],
    [
      "a monitor that says healthy whatever was found",
      () => vi.spyOn(HealthMonitor.prototype, "push").mockImplementation(() => HEALTHY),
      "startup",
    ],
  ];
  const HEALTHY = {
    state: "healthy",
    usableFrom: 0,
    discardAccumulated: false,
    alarms: [],
  } as const;

  test.each(planted)("%s", async (_what, plant, name) => {
    plant();
    onTestFinished(() => void vi.restoreAllMocks());
    const { outcomes, passed } = await drill({ ...BYTES, lag: { windowSamples: 16_384 } }, SEED);
    expect(passed).toBe(false);
    const failed = outcomes.filter((one) => !one.passed);
    expect(failed.map(({ test }) => test)).toContain(name);
    for (const { detail } of failed) expect(detail).not.toBe("");
  });

  test("an alarm one sample late is late", async () => {
    const push = RepetitionCount.prototype.push;
    vi.spyOn(RepetitionCount.prototype, "push").mockImplementation(function late(
      this: RepetitionCount,
      symbols,
      from,
      to,
    ) {
      const at = push.call(this, symbols, from, to);
      return at < 0 ? at : -1; // found, and not told until the next one
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const { outcomes } = await drill({ ...BYTES, lag: false, band: undefined }, SEED);
    const rct = outcomes.find(({ test }) => test === "repetition_count")!;
    expect(rct).toMatchObject({ passed: false, detail: "no alarm came" });
  });
});

function deskOf(sources: readonly SourceSnapshot[], more: Partial<DrillDeskTerms> = {}) {
  const clock = new FakeClock();
  const kept: { event: ServiceEvent; kept: KeptDrill }[] = [];
  const signer = signerOf("log.example/drill", new Uint8Array(32).fill(3));
  const snapshot: ServiceSnapshot = { ...SNAPSHOT, sources };
  const terms: DrillDeskTerms = {
    clock,
    introspection: { snapshot: () => snapshot },
    options: () => ({ ...BYTES, lag: false, band: undefined }),
    version: "1",
    build: "0".repeat(64),
    attest: (report) => attestWith(signer)("drill", drillFacts(report)),
    keep: async (event, one) => void kept.push({ event, kept: one }),
    failed: () => {},
    intervalMilliseconds: null,
    ...more,
  };
  return {
    clock,
    kept,
    signer,
    desk: (last: readonly KeptDrill[] = []) => new DrillDesk(terms, last),
  };
}

describe("the desk", () => {
  const there: SourceSnapshot = { ...SOURCE, id: "there", device: DEVICE };
  const gone: SourceSnapshot = {
    ...SOURCE,
    id: "gone",
    state: "absent",
    cause: "device_absent",
    detail: "/dev/ttyACM7 is not there",
    device: null,
  };

  test("a report is signed, kept with its event, and shown; a changed one does not verify", async () => {
    const { desk, kept, signer } = deskOf([there]);
    const own = desk();
    const [answer] = (await own.run("there", "token-1")) as readonly { report: DrillReport }[];
    const { report } = answer!;
    expect(report).toMatchObject({ format: "springhouse-drill-1", passed: true });
    expect(report.source).toMatchObject({ id: "there", device: DEVICE });
    expect(kept[0]!.event).toMatchObject({
      kind: "drill_ended",
      source: "there",
      severity: "info",
      actor: "token-1",
    });
    expect(own.snapshot()).toEqual([
      {
        source: "there",
        atMilliseconds: report.atMilliseconds,
        passed: true,
        lastPassedMilliseconds: report.atMilliseconds,
      },
    ]);
    const { verifier } = signer;
    expect(verifyDrill(report, verifier)).toMatchObject({ valid: true });
    expect(verifyDrill({ ...report, seed: "00".repeat(32) }, verifier).valid).toBe(false);
    expect(verifyDrill({ ...report, attestation: null }, verifier).valid).toBe(false);
  });

  test("a source without its device is refused by name, and nothing vouches for it", async () => {
    const { desk, kept } = deskOf([there, gone]);
    const answers = await desk().run(null, "token-1");
    expect(answers).toMatchObject([
      { source: "there", refusal: null },
      { source: "gone", report: null, refusal: { code: "source_absent" } },
    ]);
    expect(JSON.stringify(answers)).toContain("/dev/ttyACM7 is not there");
    expect(kept.length).toBe(1);
    expect(await desk().run("nobody", null)).toMatchObject({ code: "not_found" });
  });

  test("one at a time; a drill that cannot be kept is not shown as one that passed", async () => {
    const { desk } = deskOf([there], {
      keep: async () => {
        throw new Error("full");
      },
    });
    const own = desk();
    const first = own.run(null, null);
    expect(await own.run(null, null)).toMatchObject({ code: "busy" });
    await expect(first).rejects.toThrow("full");
    expect(own.snapshot()).toEqual([]);
  });

  test("the schedule: an hour after the first start, then each interval, over restarts", async () => {
    const { desk, kept, clock } = deskOf([there], { intervalMilliseconds: 24 * HOUR });
    const own = desk();
    own.start();
    await clock.run(HOUR - 1);
    expect(kept.length).toBe(0);
    await clock.run(2);
    await own.stop();
    expect(kept.length).toBe(1);
    const again = desk(kept.map((one) => one.kept));
    expect(again.snapshot()).toMatchObject([{ source: "there", passed: true }]);
    again.start();
    await clock.run(23 * HOUR);
    expect(kept.length).toBe(1);
    await clock.run(2 * HOUR);
    await again.stop();
    expect(kept.length).toBe(2);
  });

  test("a failed one leaves the time of the last good one, and is told as critical", async () => {
    const { desk, kept } = deskOf([there]);
    const own = desk();
    await own.run(null, null);
    const [good] = own.snapshot();
    vi.spyOn(RepetitionCount.prototype, "push").mockReturnValue(-1);
    onTestFinished(() => void vi.restoreAllMocks());
    await own.run(null, null);
    expect(own.snapshot()).toMatchObject([
      { passed: false, lastPassedMilliseconds: good!.atMilliseconds },
    ]);
    expect(kept[1]!.event).toMatchObject({ severity: "critical" });
    expect(kept[1]!.event.detail).toContain("repetition_count/intermittent");
  });
});
