import type { HealthTestName, Severity } from "../../port/health.ts";
import type { NearUniform, SeededNoise } from "../seededNoise.ts";

/** What a fault may be built of. */
export interface Material {
  readonly noise: SeededNoise;
  readonly sound: NearUniform;
  /** The last sample before the fault; -1 before the first. */
  readonly previous: number;
}

interface Common {
  readonly test: HealthTestName;
  readonly severity: Severity;
  /** What is done to the samples, in words. */
  readonly fault: string;
  readonly clause: string;
  /** By the standard's arithmetic, not by the code under drill. */
  readonly cutoff: number;
}

/** A fault whose samples are made by hand, so that theory has the very sample of the alarm. */
export interface SampleExercise extends Common {
  readonly unit: "samples";
  /** From the fault's first sample to the alarm's, both counted. */
  readonly theory: number;
  /** The fault begins at a multiple of this many samples since the device was opened. */
  readonly alignedTo: number;
  /** From power-up instead of after a startup test that was passed. */
  readonly fromPowerUp?: true;
  /** Right before the fault: what comes to one less than the cutoff, where that needs samples. */
  readonly oneLess?: (material: Material) => Uint8Array;
  /** At least `theory` samples. */
  readonly samples: (material: Material) => Uint8Array;
}

/** A device that falls silent. */
export interface SilenceExercise extends Common {
  readonly unit: "milliseconds";
  readonly theory: number;
}

export type Exercise = SampleExercise | SilenceExercise;
