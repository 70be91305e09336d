import type { Assessment } from "./assessment.ts";
import type { SuiteName } from "./suites.ts";
import { nonIidCases } from "./nonIid/nistCases.ts";

/** One of `testCases`: what its name says and figures by the tool's names; what was not run has no key. */
export type NistCase = Readonly<Record<string, number | string | boolean>>;

interface NistRun {
  readonly isIid: boolean;
  /** The tool's word for the kind of run; it has none for the two tracks. */
  readonly type: string;
  /** An error instead of cases, where the tool gives one too. */
  readonly cases: readonly NistCase[] | string;
}

type Shapes = {
  readonly [Name in SuiteName]?: (assessment: Extract<Assessment, { suite: Name }>) => NistRun;
};

/** The suites that NIST's tool has as well. */
const SHAPES: Shapes = {
  "sp800-90b-non-iid": ({ result }) => ({ isIid: false, type: "", cases: nonIidCases(result) }),
};

export function hasNistShape(suite: SuiteName): boolean {
  return SHAPES[suite] !== undefined;
}

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
  const run = shape(assessment);
  const isError = typeof run.cases === "string";
  const { command, atMilliseconds, springhouse, file } = assessment;
  return `${JSON.stringify(
    {
      IID: run.isIid,
      commandline: command,
      dateTimeStamp: stamp(atMilliseconds),
      errorLevel: isError ? -1 : 0,
      ...(isError ? { errorMessage: run.cases } : {}),
      filename: file.name,
      sha256: file.sha256,
      testCases: isError ? null : run.cases,
      toolVersion: `springhouse ${springhouse}`,
      type: run.type,
    },
    null,
    3,
  )}\n`;
}
