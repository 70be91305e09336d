import { HealthMonitor, type HealthOptions } from "../../health/monitor.ts";
import type { DrillOutcome, DrillReport } from "../../port/drill.ts";
import { adaptiveProportionWindow } from "../../standard/cutoffs.ts";
import { SeededNoise } from "../seededNoise.ts";
import { exercisesOf } from "./exercises.ts";
import { requirementsOf } from "./requirements.ts";
import { Shadow } from "./shadow.ts";
import { soundNoise } from "./soundNoise.ts";

/** What a drill found out about one source's tests. */
type DrillResult = Pick<DrillReport, "outcomes" | "notExercised" | "requirements" | "passed">;

/**
 * Drives every health test of a source with these options to failure, both severities, each in a
 * monitor of its own.
 * @param seed 64 hexadecimal digits: the same seed makes the same drill
 * @throws SpringhouseError `configuration_invalid`
 */
export async function drill(options: HealthOptions, seed: string): Promise<DrillResult> {
  const live = new HealthMonitor(options).snapshot().tests;
  const windowSamples = options.windowSamples ?? adaptiveProportionWindow(options.bitsPerSample);
  const sound = soundNoise(options);
  const { exercises, not } = exercisesOf(options, live, windowSamples, new SeededNoise(seed));
  const outcomes: DrillOutcome[] = [];
  for (const [index, exercise] of exercises.entries()) {
    const noise = new SeededNoise(seed, 1 + index);
    outcomes.push(await new Shadow(options, exercise, noise, sound).run(windowSamples));
  }
  const requirements = await requirementsOf(options, windowSamples, seed, 1 + exercises.length);
  return {
    outcomes,
    notExercised: not,
    requirements,
    passed: outcomes.every(({ passed }) => passed) && requirements.every(({ passed }) => passed),
  };
}
