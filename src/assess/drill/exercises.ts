import type { HealthOptions } from "../../health/monitor.ts";
import type { HealthTestName, HealthTestSnapshot, Severity } from "../../port/health.ts";
import {
  adaptiveProportionCutoff,
  bandCutoff,
  predictorCountCutoff,
  predictorRunCutoff,
  repetitionCountCutoff,
} from "../../standard/cutoffs.ts";
import type { NotExercised } from "../../port/drill.ts";
import type { Exercise, Material, SampleExercise } from "./exercise.ts";
import {
  guessed,
  guesses,
  periodic,
  periodOf,
  proportion,
  SAMPLES_TO_GUESS,
  stuck,
  withOnes,
  withPairs,
} from "./faults.ts";
import type { SeededNoise } from "../seededNoise.ts";

/** Of the predictor, which cannot guess before it has seen so many. */
const LAGS = 8;

/** What is the same in every exercise of one source. */
interface Plan {
  readonly options: HealthOptions;
  readonly tests: ReadonlyMap<HealthTestName, HealthTestSnapshot>;
  /** Samples of an APT window, where startup tests begin. */
  readonly window: number;
  readonly noise: SeededNoise;
}

const alphaOf = ({ options }: Plan, severity: Severity): number =>
  severity === "permanent" ? options.alphaPermanentExponent : options.alphaIntermittentExponent;

const rctCutoff = (plan: Plan, severity: Severity): number =>
  repetitionCountCutoff(plan.options.minEntropyPerSample, alphaOf(plan, severity));

function repetitionCount(plan: Plan, severity: Severity): SampleExercise {
  const cutoff = rctCutoff(plan, severity);
  return {
    test: "repetition_count",
    severity,
    fault: "stuck: one value over and over",
    clause: "SP 800-90B 4.4.1",
    cutoff,
    unit: "samples",
    theory: cutoff,
    alignedTo: 1,
    samples: (material) => stuck(cutoff, material),
  };
}

function adaptiveProportion(plan: Plan, severity: Severity): SampleExercise {
  const { window } = plan;
  const cutoff = adaptiveProportionCutoff(
    plan.options.minEntropyPerSample,
    window,
    alphaOf(plan, severity),
  );
  return {
    test: "adaptive_proportion",
    severity,
    fault: "biased: a window's last sample brings its first value to the cutoff",
    clause: "SP 800-90B 4.4.2",
    cutoff,
    unit: "samples",
    theory: window,
    alignedTo: window,
    samples: (material) => proportion(cutoff, window, material),
  };
}

const windowOf = ({ tests }: Plan, test: HealthTestName): number =>
  tests.get(test)?.windowSamples ?? 0;

function lagRun(plan: Plan, severity: Severity): SampleExercise {
  const window = windowOf(plan, "lag_predictor");
  const { minEntropyPerSample, bitsPerSample } = plan.options;
  const alpha = alphaOf(plan, severity);
  const cutoff = predictorRunCutoff(minEntropyPerSample, window - LAGS, alpha);
  const theory = SAMPLES_TO_GUESS + cutoff;
  return {
    test: "lag_predictor",
    severity,
    fault: `periodic: ${periodOf(bitsPerSample)} values in turn`,
    clause: "SP 800-90B 4.5, developer-defined",
    cutoff,
    unit: "samples",
    theory,
    alignedTo: window,
    samples: () => periodic(theory, periodOf(bitsPerSample)),
  };
}

function lagCount(plan: Plan, severity: Severity): SampleExercise {
  const window = windowOf(plan, "lag_predictor_count");
  const { minEntropyPerSample, bitsPerSample, alphaIntermittentExponent } = plan.options;
  const alpha = alphaOf(plan, severity);
  const cutoff = predictorCountCutoff(minEntropyPerSample, window - LAGS, alpha);
  // Short of what alarms by itself, in the predictor and, with two values, in the repetition count.
  const run = Math.min(
    predictorRunCutoff(minEntropyPerSample, window - LAGS, alphaIntermittentExponent),
    rctCutoff(plan, "intermittent"),
  );
  const right = guesses(cutoff, Math.max(1, run - 2), plan.noise);
  return {
    test: "lag_predictor_count",
    severity,
    fault: "correlated: samples are those of a few before, with exceptions",
    clause: "SP 800-90B 4.5, developer-defined",
    cutoff,
    unit: "samples",
    theory: SAMPLES_TO_GUESS + right.length,
    alignedTo: window,
    samples: (material) => guessed(right, bitsPerSample, material),
  };
}

function blockRepetition(plan: Plan, severity: Severity): SampleExercise {
  const block = windowOf(plan, "block_repetition");
  const cutoff = severity === "permanent" ? 2 : 1;
  let sent: Uint8Array | null = null;
  const blockOf = ({ noise, sound }: Material): Uint8Array =>
    (sent ??= noise.symbols(block, sound));
  return {
    test: "block_repetition",
    severity,
    fault: "replayed: a buffer that was sent is sent again",
    clause: "SP 800-90B 4.5, developer-defined",
    cutoff,
    unit: "samples",
    theory: cutoff * block,
    alignedTo: block,
    oneLess: blockOf,
    samples(material) {
      const once = blockOf(material);
      return Uint8Array.from({ length: cutoff * block }, (_, at) => once[at % block]!);
    },
  };
}

/** Beyond the band on the side that has room: worse than the device's physics, or better. */
function band(plan: Plan, severity: Severity): SampleExercise[] {
  const { band: given } = plan.options;
  const window = windowOf(plan, "band");
  if (!given) return [];
  const pairs = given.statistic === "collision_entropy";
  const trials = pairs ? window / 2 : window;
  const lower = pairs ? 2 ** -given.upper : given.lower;
  const upper = pairs ? 2 ** -given.lower : given.upper;
  const { least, most, deviation } = bandCutoff(trials, lower, upper, alphaOf(plan, severity));
  const make = pairs ? withPairs : withOnes;
  const sides = [
    { count: (off: number) => most + off, word: pairs ? "more collisions" : "more ones" },
    { count: (off: number) => least - off, word: pairs ? "fewer collisions" : "fewer ones" },
  ];
  return sides
    .filter(({ count }) => count(deviation) >= 0 && count(deviation) <= trials)
    .map(({ count, word }) => ({
      test: "band",
      severity,
      fault: `shifted: ${word} than the device's physics allows`,
      clause: "SP 800-90B 4.5, developer-defined",
      cutoff: deviation,
      unit: "samples",
      theory: window,
      alignedTo: window,
      oneLess: (material) => make(count(deviation - 1), window, material),
      samples: (material) => make(count(deviation), window, material),
    }));
}

function startup(plan: Plan, severity: Severity): SampleExercise {
  const { window } = plan;
  const cutoff = rctCutoff(plan, "intermittent");
  // The next startup test begins with the next window.
  const again = Math.ceil(cutoff / window) * window;
  const twice = severity === "permanent";
  return {
    test: "startup",
    severity,
    fault: twice
      ? "stuck from power-up, and again in the next startup test"
      : "stuck from power-up: no sample may be used",
    clause: "SP 800-90B 4.3",
    cutoff: twice ? 2 : 1,
    unit: "samples",
    theory: twice ? again + cutoff : cutoff,
    alignedTo: 1,
    fromPowerUp: true,
    samples(material) {
      const run = stuck(cutoff, material);
      if (!twice) return run;
      const symbols = new Uint8Array(again + cutoff);
      symbols.set(material.noise.symbols(again, material.sound));
      symbols.set(run);
      symbols.set(stuck(cutoff, { ...material, previous: symbols[again - 1]! }), again);
      // Else the first run would be longer than the cutoff.
      if (again > cutoff && symbols[cutoff] === run[0]) symbols[cutoff] = run[0] === 1 ? 0 : 1;
      return symbols;
    },
  };
}

function silence({ options }: Plan): Exercise {
  return {
    test: "total_failure",
    severity: "intermittent",
    fault: "silent: no sample comes any more",
    clause: "SP 800-90B 4.3: total failure",
    cutoff: options.silenceMilliseconds,
    unit: "milliseconds",
    theory: options.silenceMilliseconds,
  };
}

type Make = (plan: Plan, severity: Severity) => Exercise | readonly Exercise[];

const MAKERS: readonly (readonly [HealthTestName, Make])[] = [
  ["repetition_count", repetitionCount],
  ["adaptive_proportion", adaptiveProportion],
  ["lag_predictor", lagRun],
  ["lag_predictor_count", lagCount],
  ["block_repetition", blockRepetition],
  ["band", band],
];

/** Why a severity of a test is not driven; null when it can be. */
function excuse(
  test: HealthTestName,
  severity: Severity,
  live: HealthTestSnapshot | undefined,
): string | null {
  if (live === undefined) return "the source's configuration has it off";
  if (severity === "permanent" && live.cutoffPermanent === null)
    return "off: its cutoff could never be reached (FIPS 140-3 IG D.K)";
  if (severity === "intermittent" && live.cutoffIntermittent === live.cutoffPermanent)
    return "its cutoff is the permanent one, which latches at once";
  return test === "band" && live.windowSamples === null ? "it has no window" : null;
}

/**
 * Every health test of a source with these options, at both severities, each with a fault whose first
 * alarm is known to the sample.
 * @param live the tests of a monitor with the same options, for what is on and how long windows are
 * @param noise chooses where guesses are wrong
 */
export function exercisesOf(
  options: HealthOptions,
  live: readonly HealthTestSnapshot[],
  windowSamples: number,
  noise: SeededNoise,
): { readonly exercises: readonly Exercise[]; readonly not: readonly NotExercised[] } {
  const tests = new Map(live.map((test) => [test.test, test]));
  const plan: Plan = { options, tests, window: windowSamples, noise };
  const exercises: Exercise[] = [];
  const not: NotExercised[] = [];
  for (const [test, make] of MAKERS)
    for (const severity of ["intermittent", "permanent"] as const) {
      const why = excuse(test, severity, tests.get(test));
      if (why !== null) not.push({ test, severity, why });
      else exercises.push(...[make(plan, severity)].flat());
    }
  exercises.push(silence(plan), startup(plan, "intermittent"));
  not.push({
    test: "total_failure",
    severity: "permanent",
    why: "silence puts out no sample to be wrong about: it never latches",
  });
  const rct = tests.get("repetition_count");
  if (rct && rct.cutoffIntermittent === rct.cutoffPermanent)
    not.push({
      test: "startup",
      severity: "permanent",
      why: "its first alarm latches already",
    });
  else exercises.push(startup(plan, "permanent"));
  return { exercises, not };
}
