import type { HealthTestName, Severity, SourceState } from "./health.ts";
import type { DeviceDescription, SourceKind } from "./source.ts";

/** What one fault, given to a shadow of the live tests, came to. */
export interface DrillOutcome {
  readonly test: HealthTestName;
  readonly severity: Severity;
  /** What was done to the samples, in words. */
  readonly fault: string;
  readonly clause: string;
  /** By the standard's arithmetic, and what the running code has. */
  readonly cutoff: number;
  readonly cutoffInUse: number | null;
  readonly unit: "samples" | "milliseconds";
  /** From the fault's first sample to the alarm's, both counted. */
  readonly theory: number;
  /** Null when the alarm never came. */
  readonly observed: number | null;
  /** What the test had counted at the alarm, in its own unit. */
  readonly counted: number | null;
  /** One less than the cutoff raised nothing of this test and severity. */
  readonly silentBelow: boolean;
  /** Right after the alarm; and whether what was collected is thrown away. */
  readonly state: SourceState;
  readonly discarded: boolean;
  /** What else this fault raised on the way, as `test/severity`. */
  readonly alsoRaised: readonly string[];
  readonly passed: boolean;
  /** Why it did not pass; empty when it did. */
  readonly detail: string;
}

/** A severity that is not to be driven, and why. */
export interface NotExercised {
  readonly test: HealthTestName;
  readonly severity: Severity;
  readonly why: string;
}

/** What SP 800-90B 4.5 asks of tests, and what ours gave in seeded trials. */
export interface DrillRequirement {
  readonly clause: string;
  readonly requirement: string;
  /** Least probability of detection that is asked for, and what theory gives. */
  readonly demanded: number;
  readonly theory: number;
  readonly trials: number;
  readonly detected: number;
  /** To detection, of the trials that detected. */
  readonly medianSamples: number | null;
  readonly passed: boolean;
}

/** Evidence of one drill of one source's health tests. Holds no sample of the source. */
export interface DrillReport {
  readonly format: "springhouse-drill-1";
  readonly atMilliseconds: number;
  readonly springhouse: string;
  /** SHA-256 of the program's files. */
  readonly build: string;
  readonly configurationVersion: string;
  readonly source: {
    readonly id: string;
    readonly kind: SourceKind;
    readonly physical: boolean;
    readonly device: DeviceDescription | null;
  };
  /** What the live tests of the source are computed from: H, alpha, widths, windows, band. */
  readonly tests: Readonly<Record<string, unknown>>;
  /** 64 hexadecimal digits: the faults and the noise around them can be made again from it. */
  readonly seed: string;
  readonly passed: boolean;
  readonly outcomes: readonly DrillOutcome[];
  readonly notExercised: readonly NotExercised[];
  readonly requirements: readonly DrillRequirement[];
  /** The service's signed note on all of the above (C2SP); null where nobody signed. */
  readonly attestation: string | null;
}

/** A source's drill, or why there was none. */
export type DrillAnswer =
  | { readonly source: string; readonly report: DrillReport; readonly refusal: null }
  | {
      readonly source: string;
      readonly report: null;
      readonly refusal: {
        readonly code: string;
        readonly detail: string;
        readonly remedy: string;
      };
    };

/** The last drill of a source, for status and metrics. */
export interface DrillSnapshot {
  readonly source: string;
  readonly atMilliseconds: number;
  readonly passed: boolean;
  /** Null until one passed. */
  readonly lastPassedMilliseconds: number | null;
}
