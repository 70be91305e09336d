import type { Assessment } from "./assessment.ts";
import type { SuiteName } from "./suites.ts";
import { iidCases } from "./iid/nistCases.ts";
import { conditionedRun, nonIidRun } from "./nonIid/nistCases.ts";
import { restartRun } from "./restart/nistCases.ts";

/** One of `testCases`: what its name says and figures by the tool's names; what was not run has no key. */
export type NistCase = Readonly<Record<string, number | string | boolean | readonly NistCase[]>>;

export interface NistRun {
  readonly isIid: boolean;
  /** The tool's word for the kind of run; it has none for the two tracks. */
  readonly type: string;
  /** Where the tool gives one too. */
  readonly error: string | null;
  readonly cases: readonly NistCase[];
}

type Shapes = {
  readonly [Name in SuiteName]?: (assessment: Extract<Assessment, { suite: Name }>) => NistRun;
};

/** The suites that NIST's tool has as well. */
const SHAPES: Shapes = {
  "sp800-90b-non-iid": ({ result }) => nonIidRun(result),
  "sp800-90b-restart": ({ result }) => restartRun(result),
  "sp800-90b-conditioned": ({ result, file }) => conditionedRun(result, file.bitsPerSample),
  "sp800-90b-iid": ({ result }) => ({
    isIid: true,
    type: "",
    error: null,
    cases: iidCases(result),
  }),
};

/** `YYYYMMDDhhmmss`; the tool's is in local time, and this one in UTC. */
const stamp = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().slice(0, 19).replaceAll(/\D/g, "");

/**
 * A report in the shape of the JSON that NIST's EntropyAssessment 1.1.7 writes with `-o`, for programs
 * that read that. The keys are in the tool's order. `toolVersion` names springhouse: figures are equal to
 * the tool's, but they are not the tool's.
 * @returns null for a suite that the tool does not have
 */
export function nistJson(assessment: Assessment): string | null {
  const shape = SHAPES[assessment.suite] as ((given: Assessment) => NistRun) | undefined;
  if (shape === undefined) return null;
  const { isIid, type, error, cases } = shape(assessment);
  const { command, atMilliseconds, springhouse, file } = assessment;
  return `${JSON.stringify(
    {
      IID: isIid,
      commandline: command,
      dateTimeStamp: stamp(atMilliseconds),
      errorLevel: error === null ? 0 : -1,
      ...(error === null ? {} : { errorMessage: error }),
      filename: file.name,
      sha256: file.sha256,
      testCases: cases.length === 0 ? null : cases,
      toolVersion: `springhouse ${springhouse}`,
      type,
    },
    null,
    3,
  )}\n`;
}
