import type { ReadReport } from "../../assess/reportFile.ts";
import { recomputeNonIid } from "../../assess/nonIid/recompute.ts";

/** SP 800-90B 3.1.1 asks for so many consecutive samples. */
const LEAST_SAMPLES = 1_000_000;
/** A clock that is wrong by more than a day dates nothing. */
const CLOCK_MILLISECONDS = 86_400_000;

/**
 * The suites whose figure is adopted, each with the way from its result back to the figure. The others
 * judge outputs, look for gross defects, or rest on an assumption that no sample can show.
 */
const FIGURES: Readonly<Record<string, (result: unknown) => number | null>> = {
  "sp800-90b-non-iid": recomputeNonIid,
};

/** What stands in the way, and what to do about it. */
export interface Objection {
  readonly detail: string;
  readonly remedy: string;
}

/** Down to two decimals: only such a figure has exact cutoffs everywhere, and a claim is never rounded up. */
export function roundDown(entropy: number): number {
  const hundredths = Math.round(entropy * 100);
  return hundredths / 100 > entropy ? (hundredths - 1) / 100 : hundredths / 100;
}

/** Why a report is no evidence for any source. */
export function objections(report: ReadReport, nowMilliseconds: number): readonly Objection[] {
  const { suite, title, passed, file, minEntropy, atMilliseconds, parameters } = report;
  const recompute = Object.hasOwn(FIGURES, suite) ? FIGURES[suite] : undefined;
  if (recompute === undefined)
    return [
      {
        detail: `${title} gives no figure that is adopted`,
        remedy:
          "Assess raw samples by the non-IID track, which assumes nothing: `springhouse assess FILE --json`.",
      },
    ];
  const found: Objection[] = [];
  const object = (detail: string, remedy: string): void => void found.push({ detail, remedy });
  if (passed === false)
    object(
      `these samples do not support the ${parameters.claimedEntropy ?? "figure"} bits that were claimed of them`,
      "Assess them without --h, and adopt what they support.",
    );
  if (file.samples < LEAST_SAMPLES)
    object(
      `${file.samples} samples were assessed, and SP 800-90B 3.1.1 asks for ${LEAST_SAMPLES}`,
      `Capture ${LEAST_SAMPLES} samples in one go, and assess those.`,
    );
  if (atMilliseconds > nowMilliseconds + CLOCK_MILLISECONDS)
    object(
      `it is dated ${instant(atMilliseconds)}, which is yet to come`,
      "Set the clocks, and assess again.",
    );
  const assessed = recompute(report.result);
  if (assessed === null || minEntropy === null)
    object(
      "it does not have the figure of every estimator",
      "Assess the samples again; its warnings say what was not run.",
    );
  else if (minEntropy !== Math.min(assessed, parameters.claimedEntropy ?? Infinity))
    object(
      `it says ${minEntropy} bits a sample, and its own estimates come to ${assessed}`,
      "It was changed after it was written. Assess the samples again.",
    );
  else if (roundDown(minEntropy) < 0.01)
    object(
      `${minEntropy} bits a sample are less than can be claimed (0.01)`,
      "Leave the source uncredited: it is tested and mixed in all the same.",
    );
  return found;
}

/** To the second, in UTC. */
export function instant(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** Of a text that `evidenceText` wrote: when its report was made. */
const DATED = /, (\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\dZ): [\d.e-]+ bits a sample of /;

/** What the configuration says where the figure is from; 500 characters at most, as its schema has it. */
export function evidenceText(
  { title, atMilliseconds, minEntropy, file }: ReadReport,
  reportPath: string,
  reportSha256: string,
  vouched: string | null,
): string {
  const firmware = file.manifest?.device?.firmware ?? null;
  return [
    `${title}, ${instant(atMilliseconds)}: ${minEntropy} bits a sample of ${file.samples} samples with SHA-256 ${file.sha256}`,
    `report ${reportPath} with SHA-256 ${reportSha256}`,
    ...(firmware === null ? [] : [`firmware ${firmware.slice(0, 40)}`]),
    ...(vouched === null ? [] : [`vouched for: ${vouched}`]),
  ].join("; ");
}

/** When the report behind an evidence was made; null for a text of another's. */
export function datedMilliseconds(evidence: string): number | null {
  const match = DATED.exec(evidence);
  const milliseconds = match ? Date.parse(match[1]!) : NaN;
  return Number.isFinite(milliseconds) ? milliseconds : null;
}
