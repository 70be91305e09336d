import { createHash } from "node:crypto";
import { basename } from "node:path";
import { MAXIMUM_REPORT_BYTES, parseReport, type ReadReport } from "../../assess/reportFile.ts";
import { parseConfiguration } from "../parse.ts";
import type { Configuration } from "../schema.ts";
import type { SourceConfiguration } from "../sourceSchemas.ts";
import { type Claim, writeClaim } from "./edit.ts";
import {
  datedMilliseconds,
  evidenceText,
  instant,
  objections,
  roundDown,
  type Objection,
} from "./evidence.ts";
import { provenanceObjections, provenanceWarnings } from "./provenance.ts";

export interface AdoptionRequest {
  /** YAML. */
  readonly configuration: string;
  /** Of the source. */
  readonly id: string;
  readonly report: Uint8Array;
  /** A lower figure than the report's, bits a sample; null for the report's. */
  readonly entropy: number | null;
  /** Why the samples are this source's, where no manifest says so. */
  readonly vouched: string | null;
  readonly nowMilliseconds: number;
}

export type Adoption =
  | {
      readonly ok: true;
      /** The configuration with the claim in it; as it was, where nothing changed. */
      readonly configuration: string;
      readonly changed: boolean;
      readonly before: Claim | null;
      readonly after: Claim;
      /** Taken out, since the tests run at the claim from now on; null where there was none. */
      readonly testedEntropy: number | null;
      /** Where the report is to be kept, from the configuration's folder. */
      readonly reportPath: string;
      readonly warnings: readonly string[];
    }
  | { readonly ok: false; readonly objections: readonly Objection[] };

/** Of the copy: in a folder of its own beside the configuration, so that both are kept and moved together. */
const FOLDER = "assessments";

const refused = (detail: string, remedy: string): Adoption => ({
  ok: false,
  objections: [{ detail, remedy }],
});

/**
 * Puts an assessed figure and where it comes from into a source's configuration.
 * @throws SpringhouseError `configuration_invalid` when the configuration does not hold, before or after
 */
export function adopt(request: AdoptionRequest): Adoption {
  const { configuration: text, id, report: bytes, vouched, nowMilliseconds } = request;
  const before = parseConfiguration(text);
  const index = before.sources.findIndex((source) => source.id === id);
  const source = before.sources[index];
  if (source === undefined)
    return refused(
      `the configuration has no source ${id}`,
      `It has: ${before.sources.map((each) => each.id).join(", ") || "none"}. A device that was only discovered is not credited: write it down first.`,
    );
  const report = read(bytes);
  if (typeof report === "string")
    return refused(
      `the report cannot be used: ${report}`,
      "Give what `springhouse assess FILE --json` wrote.",
    );
  const found = [
    ...objections(report, nowMilliseconds),
    ...provenanceObjections(source, report, vouched),
    ...standingObjections(source, report),
  ];
  const most = roundDown(report.minEntropy ?? 0);
  if (request.entropy !== null && roundDown(request.entropy) > most)
    found.push({
      detail: `--h ${request.entropy} is more than the report's ${most} bits a sample`,
      remedy: "A figure may be adopted lower than it was assessed, never higher.",
    });
  if (found.length > 0) return { ok: false, objections: found };

  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const reportPath = `${FOLDER}/${id}-${sha256.slice(0, 16)}.json`;
  const after: Claim = {
    entropy: Math.min(most, roundDown(request.entropy ?? most)),
    evidence: evidenceText(report, reportPath, sha256, vouched),
  };
  const standing = source.assessed ?? null;
  const changed = standing?.entropy !== after.entropy || standing.evidence !== after.evidence;
  const written = changed ? writeClaim(text, index, after) : text;
  if (written === null || !isOnlyClaim(before, parseConfiguration(written), index, after))
    return refused(
      `${id} is written in a way that cannot be changed in its place (an alias, an anchor)`,
      `Write its fields out. Or put this in by hand, and ${basename(reportPath)} beside it: ${JSON.stringify({ assessed: after })}`,
    );
  return {
    ok: true,
    configuration: written,
    changed,
    before: standing,
    after,
    testedEntropy: changed ? (source.testedEntropy ?? null) : null,
    reportPath,
    warnings: provenanceWarnings(report),
  };
}

function read(bytes: Uint8Array): ReadReport | string {
  if (bytes.length > MAXIMUM_REPORT_BYTES) return `it is longer than ${MAXIMUM_REPORT_BYTES} bytes`;
  return parseReport(new TextDecoder().decode(bytes));
}

/** What was found later is not put aside for what was found before. */
function standingObjections(source: SourceConfiguration, report: ReadReport): Objection[] {
  const standing = datedMilliseconds(source.assessed?.evidence ?? "");
  if (standing === null || Math.floor(report.atMilliseconds / 1000) * 1000 >= standing) return [];
  return [
    {
      detail: `the report of ${instant(report.atMilliseconds)} is older than the one that was adopted, of ${instant(standing)}`,
      remedy: "If the later one is wrong, take `assessed` out first.",
    },
  ];
}

/** Whether nothing but this source's claim changed: an anchor may be another's as well. */
function isOnlyClaim(
  before: Configuration,
  after: Configuration,
  index: number,
  claim: Claim,
): boolean {
  const expected = before.sources.map((source, at) => {
    if (at !== index) return source;
    const { testedEntropy: _replaced, ...kept } = source;
    return { ...kept, assessed: claim };
  });
  const canonical = (value: unknown): string =>
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : inner,
    );
  const { version: _version, ...was } = before;
  const { version: _other, ...is } = after;
  return canonical({ ...was, sources: expected }) === canonical(is);
}
