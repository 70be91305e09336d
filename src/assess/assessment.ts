import { consecutiveWarnings } from "./collection.ts";
import type { RecordingManifest } from "../source/recordingManifest.ts";
import type { Conditioning } from "../standard/outputEntropy.ts";
import type { Samples } from "./samples.ts";
import type { Findings, SuiteParameters } from "./suite.ts";
import { SUITE_CARDS, type AnySuite, type SuiteName, type SuiteResults } from "./suites.ts";

/** What was assessed. */
export interface Subject {
  /** A file's name without its folder, or the name of the source that was sampled live. */
  readonly name: string;
  /** Of the samples, one a byte; lower-case hexadecimal. */
  readonly sha256: string;
  readonly samples: number;
  readonly bitsPerSample: number;
  /** Null where none stood beside the file. */
  readonly manifest: RecordingManifest | null;
}

type ResultOf<Name extends SuiteName> = Name extends SuiteName
  ? { readonly suite: Name; readonly result: SuiteResults[Name] }
  : never;

/** A report: everything that is needed to repeat it, and the same for the same samples but for the time. */
export type Assessment = ResultOf<SuiteName> & {
  readonly format: "springhouse-assessment-1";
  readonly title: string;
  readonly purpose: string;
  readonly atMilliseconds: number;
  readonly springhouse: string;
  readonly node: string;
  readonly file: Subject;
  readonly parameters: SuiteParameters;
  /** A command that gives the same figures. */
  readonly command: string;
  /** The least of what was assessed and what was claimed (SP 800-90B 3.1.3); null where none was assessed. */
  readonly minEntropy: number | null;
  /** Null where there was nothing to pass. */
  readonly passed: boolean | null;
  readonly summary: string;
  readonly warnings: readonly string[];
  /** The service's signed note on all of the above; null where no service made the report. */
  readonly attestation: string | null;
};

/** Signs a report that has no attestation yet. */
export type AttestReport = (report: Assessment) => string;

/** How the command names each suite; the first is what it does without a flag. */
export const SUITE_FLAGS: Readonly<Record<SuiteName, string>> = {
  "sp800-90b-non-iid": "",
  "sp800-90b-restart": "--restart",
  "sp800-90b-conditioned": "--conditioned",
  "sp800-90b-iid": "--iid",
  "sp800-22": "--sts",
  "fips140-2": "--fips140",
  ais31: "--ais31",
  "ais20-31-v3": "--ais31-v3",
};

function commandOf(suite: SuiteName, file: Subject, parameters: SuiteParameters): string {
  const { claimedEntropy, seed, constants, conditioning } = parameters;
  return [
    "springhouse assess",
    file.name.replaceAll(/[^\w./-]/g, "?"),
    `--bits ${file.bitsPerSample}`,
    ...(SUITE_FLAGS[suite] ? [SUITE_FLAGS[suite]] : []),
    ...(claimedEntropy === null ? [] : [`--h ${claimedEntropy}`]),
    ...(constants === null || constants === "text" ? [] : [`--constants ${constants}`]),
    ...(seed === null ? [] : [`--seed ${seed}`]),
    ...(conditioning === null ? [] : [conditioningOptions(conditioning)]),
  ].join(" ");
}

function conditioningOptions(conditioning: Conditioning): string {
  const { inputBits, outputBits, narrowestWidthBits, inputEntropy } = conditioning;
  return `--n-in ${inputBits} --n-out ${outputBits} --nw ${narrowestWidthBits} --h-in ${inputEntropy}`;
}

export interface Circumstances {
  readonly atMilliseconds: number;
  readonly springhouse: string;
  readonly node: string;
  /** Absent where nobody answers for the report. */
  readonly attest?: AttestReport;
}

/** Puts a report together. @param result what `runSuite` gave for `suite` */
export function assessmentOf(
  suite: AnySuite,
  result: unknown,
  samples: Samples,
  file: Subject,
  parameters: SuiteParameters,
  { atMilliseconds, springhouse, node, attest }: Circumstances,
): { readonly assessment: Assessment; readonly findings: Findings } {
  const { title, purpose } = SUITE_CARDS[suite.name];
  const findings = suite.findings(result, samples, parameters);
  const { minEntropy, passed, summary } = findings;
  const collection =
    suite.collectionWarnings?.(file.manifest) ?? consecutiveWarnings(file.manifest);
  const warnings = [...collection, ...findings.warnings];
  const unsigned = {
    format: "springhouse-assessment-1",
    suite: suite.name,
    title,
    purpose,
    atMilliseconds,
    springhouse,
    node,
    file,
    parameters,
    command: commandOf(suite.name, file, parameters),
    minEntropy,
    passed,
    summary,
    warnings,
    result,
    attestation: null,
  } as Assessment;
  const attestation = attest?.(unsigned) ?? null;
  return { assessment: { ...unsigned, attestation }, findings };
}
