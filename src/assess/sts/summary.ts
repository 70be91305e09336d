import { benjaminiHochberg, holm } from "../special/multiplicity.ts";
import { STS_TESTS, type StsConstants, type StsOutcome, type StsTest } from "./outcome.ts";
import { passProportion, uniformity, type PassProportion } from "./secondLevel.ts";

/** A p-value this small is no chance in any number of tests that anybody runs. */
export const ESCALATION = 1e-10;
/** SP 800-22 r1a 4.2.2: P-values_T at or above it count as uniform. */
const UNIFORM = 1e-4;

export interface StsParameters {
  readonly bitsPerStream: number;
  readonly streams: number;
  readonly constants: StsConstants;
  readonly alpha: number;
}

/** A p-value, and where it stands. */
export interface StsPoint {
  readonly test: StsTest;
  readonly label: string;
  /** From 0. */
  readonly stream: number;
  readonly pValue: number;
}

/** One test and label over all streams. */
export interface StsSeries {
  readonly test: StsTest;
  readonly label: string;
  /**
   * A stream each; null where the test did not run there. Where the standard sets it to 0 without a
   * calculation (2.3.4), 0 counts here and in the uniformity, and not among the corrected p-values.
   */
  readonly pValues: readonly (number | null)[];
  readonly proportion: PassProportion;
  /** P-value_T; null for fewer than 55 p-values. */
  readonly uniformity: number | null;
}

/** What one correction for many tests rejects. */
export interface StsCorrection {
  readonly level: number;
  /** p-values that were corrected together. */
  readonly pValues: number;
  readonly rejected: readonly (StsPoint & { readonly adjusted: number })[];
}

export interface StsAbsence {
  readonly test: StsTest;
  readonly reason: string;
  readonly streams: readonly number[];
}

/** The disagreement of text and program: what each stream's p-value is by the other's constants. */
export interface StsDisagreement {
  readonly test: StsTest;
  readonly used: StsConstants;
  readonly other: StsConstants;
  readonly pValuesOfOther: readonly (number | null)[];
}

export interface Sts {
  readonly suite: "SP 800-22";
  readonly edition: "SP 800-22 r1a";
  readonly label: string;
  readonly parameters: StsParameters;
  /** Each test's own parameters, as in the first stream that it ran on. */
  readonly testParameters: Readonly<Partial<Record<StsTest, Readonly<Record<string, number>>>>>;
  readonly series: readonly StsSeries[];
  readonly notApplicable: readonly StsAbsence[];
  readonly constants: readonly StsDisagreement[];
  readonly holm: StsCorrection;
  readonly benjaminiHochberg: StsCorrection;
  /** Every p-value below 1e-10, whatever the corrections say. */
  readonly escalations: readonly StsPoint[];
  /**
   * `escalated`: some p-value is below 1e-10. `failed`: Holm rejects some p-value, proportion or
   * uniformity at alpha. `not-applicable`: no test ran.
   */
  readonly verdict: "passed" | "failed" | "escalated" | "not-applicable";
  /** Why the verdict is what it is. */
  readonly reasons: readonly string[];
  /** What a reader should know besides; none of it changes the verdict. */
  readonly remarks: readonly string[];
}

export const STS_LABEL =
  "A sanity check of outputs. SP 800-22 is no evidence of entropy: a pseudorandom generator with a known seed passes.";

const named = ({ test, label }: Pick<StsSeries, "test" | "label">): string =>
  label === "" ? test : `${test} ${label}`;

/** Every label of a test, over all streams. */
function seriesOf(streams: readonly (readonly StsOutcome[])[], alpha: number): StsSeries[] {
  return STS_TESTS.flatMap((test) => {
    const outcomes = streams.map((stream) => stream.find((outcome) => outcome.test === test));
    const ran = outcomes.find((outcome) => outcome?.applies);
    const anyFailed = outcomes.some((outcome) => outcome && !outcome.applies && outcome.failed);
    // The one test that can fail without a figure, runs, has one result and no label.
    const labels = ran?.applies ? ran.results.map(({ label }) => label) : anyFailed ? [""] : [];
    return labels.map((label, index): StsSeries => {
      const pValues = outcomes.map((outcome) => {
        if (!outcome) return null;
        if (!outcome.applies) return outcome.failed ? 0 : null;
        return outcome.results[index]!.pValue;
      });
      const given = pValues.filter((pValue) => pValue !== null);
      const passed = given.filter((pValue) => pValue >= alpha).length;
      return {
        test,
        label,
        pValues,
        proportion: passProportion(given.length, passed, alpha),
        uniformity: uniformity(given),
      };
    });
  });
}

function pointsOf(streams: readonly (readonly StsOutcome[])[]): StsPoint[] {
  return streams.flatMap((outcomes, stream) =>
    outcomes.flatMap((outcome) =>
      outcome.applies
        ? outcome.results.map(({ label, pValue }) => ({
            test: outcome.test,
            label,
            stream,
            pValue,
          }))
        : [],
    ),
  );
}

function correctionOf(
  points: readonly StsPoint[],
  level: number,
  adjust: (pValues: readonly number[]) => number[],
): StsCorrection {
  const adjusted = adjust(points.map(({ pValue }) => pValue));
  return {
    level,
    pValues: points.length,
    rejected: points
      .map((point, index) => ({ ...point, adjusted: adjusted[index]! }))
      .filter((point) => point.adjusted <= level),
  };
}

function absencesOf(streams: readonly (readonly StsOutcome[])[]): StsAbsence[] {
  const absences = new Map<string, StsAbsence & { streams: number[] }>();
  for (const [stream, outcomes] of streams.entries())
    for (const outcome of outcomes) {
      if (outcome.applies) continue;
      const { test, reason } = outcome;
      const key = `${test} ${reason}`;
      const absence = absences.get(key) ?? { test, reason, streams: [] };
      absence.streams.push(stream);
      absences.set(key, absence);
    }
  return [...absences.values()];
}

function disagreementsOf(streams: readonly (readonly StsOutcome[])[]): StsDisagreement[] {
  return STS_TESTS.flatMap((test): StsDisagreement[] => {
    const found = streams.map((stream) => {
      const outcome = stream.find((one) => one.test === test);
      return outcome?.applies ? outcome.constants : undefined;
    });
    const one = found.find((constants) => constants !== undefined);
    if (!one) return [];
    const pValuesOfOther = found.map((constants) => constants?.pValueOfOther ?? null);
    return [{ test, used: one.used, other: one.other, pValuesOfOther }];
  });
}

/** The proportions and uniformities that Holm rejects at alpha, all of them corrected together. */
function secondLevelFaults(series: readonly StsSeries[], alpha: number): string[] {
  const checks = series.flatMap((one) => [
    { what: `${named(one)}: too few streams pass`, pValue: one.proportion.pValue },
    ...(one.uniformity === null
      ? []
      : [{ what: `${named(one)}: p-values are not uniform`, pValue: one.uniformity }]),
  ]);
  const adjusted = holm(checks.map(({ pValue }) => pValue));
  return checks.flatMap(({ what }, index) =>
    adjusted[index]! <= alpha ? [`${what} (adjusted p-value ${adjusted[index]!})`] : [],
  );
}

function remarksOn(series: readonly StsSeries[], streams: number): string[] {
  const remarks: string[] = [];
  if (series.every((one) => one.uniformity === null)) {
    remarks.push(
      `uniformity of p-values (4.2.2) is not judged: it needs at least 55 streams, there are ${streams}`,
    );
  }
  const outside = series.filter(({ proportion }) => !proportion.within);
  if (outside.length > 0) {
    remarks.push(
      `${outside.length} of ${series.length} pass proportions are outside the interval of 4.2.1` +
        " (an approximation for about 1000 streams; some are outside by chance)",
    );
  }
  const uneven = series.filter((one) => one.uniformity !== null && one.uniformity < UNIFORM);
  if (uneven.length > 0)
    remarks.push(`P-value_T below 0.0001 (4.2.2): ${uneven.map(named).join(", ")}`);
  return remarks;
}

/**
 * What all streams come to.
 * @param streams outcomes of `stsStream`, stream after stream
 * @param missing why there are none, if there are none
 */
export function summaryOf(
  parameters: StsParameters,
  streams: readonly (readonly StsOutcome[])[],
  missing: string | null = null,
): Sts {
  const { alpha } = parameters;
  const series = seriesOf(streams, alpha);
  const points = pointsOf(streams);
  const escalations = points.filter(({ pValue }) => pValue < ESCALATION);
  const byHolm = correctionOf(points, alpha, holm);
  const faults = secondLevelFaults(series, alpha);
  const reasons: string[] = [];
  if (missing !== null) reasons.push(missing);
  else if (series.length === 0) reasons.push("no test can run on streams this short");
  if (escalations.length > 0)
    reasons.push(`${escalations.length} p-values are below ${ESCALATION}`);
  if (byHolm.rejected.length > 0) {
    reasons.push(`Holm rejects ${byHolm.rejected.length} of ${points.length} p-values at ${alpha}`);
  }
  reasons.push(...faults);
  const verdict =
    series.length === 0
      ? "not-applicable"
      : escalations.length > 0
        ? "escalated"
        : reasons.length > 0
          ? "failed"
          : "passed";
  if (verdict === "passed") {
    reasons.push(`none of ${points.length} p-values is rejected by Holm at ${alpha}`);
  }
  const testParameters: Partial<Record<StsTest, Readonly<Record<string, number>>>> = {};
  for (const outcome of streams.flat()) {
    if (outcome.applies) testParameters[outcome.test] ??= outcome.parameters;
  }
  return {
    suite: "SP 800-22",
    edition: "SP 800-22 r1a",
    label: STS_LABEL,
    parameters,
    testParameters,
    series,
    notApplicable: absencesOf(streams),
    constants: disagreementsOf(streams),
    holm: byHolm,
    benjaminiHochberg: correctionOf(points, alpha, benjaminiHochberg),
    escalations,
    verdict,
    reasons,
    remarks: series.length === 0 ? [] : remarksOn(series, parameters.streams),
  };
}
