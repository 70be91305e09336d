import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Assessment } from "../assess/assessment.ts";
import { canonicalJson } from "../log/canonicalJson.ts";
import { keyringOf, openWith } from "../log/keyring.ts";
import type { Verifier } from "../log/signer.ts";
import { openStatement, type Facts, type StatementKind } from "../log/statement.ts";
import type { DrillReport } from "../port/drill.ts";
import type { RecordingManifest } from "../source/recordingManifest.ts";
import { drillFacts } from "./drillFacts.ts";

/** What stands under a recording or a report, or why it does not hold. */
export type AttestedVerdict =
  | { readonly valid: true; readonly facts: Facts }
  | { readonly valid: false; readonly fault: string };

const invalid = (fault: string): AttestedVerdict => ({ valid: false, fault });
const UNSIGNED = "nobody signed it";
const FOREIGN = "it is not signed by this key, or what was signed is something else";

/** What is signed of a report: who reads the note alone knows the figure, and the hash binds the rest. */
export function reportFacts({ attestation: _attestation, ...report }: Assessment): Facts {
  const { suite, file, minEntropy, passed, atMilliseconds } = report;
  // As it is read back: what JSON has no word for is gone in both.
  const text = canonicalJson(JSON.parse(JSON.stringify(report)));
  return {
    suite,
    name: file.name,
    sha256: file.sha256,
    samples: file.samples,
    bitsPerSample: file.bitsPerSample,
    minEntropy,
    passed,
    atMilliseconds,
    report: createHash("sha256").update(text).digest("hex"),
  };
}

/** Whether the service that holds the key made this report, as it stands. Never throws. */
export function verifyReport(
  report: Assessment,
  verifier: Verifier,
  handovers: readonly string[] = [],
): AttestedVerdict {
  const facts = (): Facts => reportFacts(report);
  return verifyWhole(report.attestation, "assessment", facts, verifier, handovers);
}

/** The same for the evidence of a drill. */
export function verifyDrill(
  report: DrillReport,
  verifier: Verifier,
  handovers: readonly string[] = [],
): AttestedVerdict {
  const facts = (): Facts => drillFacts(report);
  return verifyWhole(report.attestation, "drill", facts, verifier, handovers);
}

function verifyWhole(
  attestation: unknown,
  statement: StatementKind,
  factsOf: () => Facts,
  verifier: Verifier,
  handovers: readonly string[],
): AttestedVerdict {
  if (typeof attestation !== "string") return invalid(UNSIGNED);
  const facts = openWith(keyringOf(verifier, handovers), (key) =>
    openStatement(attestation, statement, key),
  );
  if (facts === null) return invalid(FOREIGN);
  try {
    const { v: _v, statement: _statement, ...signed } = facts;
    return isDeepStrictEqual(signed, factsOf())
      ? { valid: true, facts }
      : invalid("the report is not the one that was signed");
  } catch {
    return invalid("it has not the form of a report");
  }
}

/**
 * Whether the service that holds the key gave these samples. Host and times in the manifest are the
 * words of whoever captured; the note has the service's own. Never throws.
 * @param sha256 of the recording's file, lower-case hexadecimal
 */
export function verifyCapture(
  manifest: RecordingManifest,
  sha256: string,
  verifier: Verifier,
  handovers: readonly string[] = [],
): AttestedVerdict {
  if (manifest.attestation === undefined) return invalid(UNSIGNED);
  const facts = openWith(keyringOf(verifier, handovers), (key) =>
    openStatement(manifest.attestation!, "capture", key),
  );
  if (facts === null) return invalid(FOREIGN);
  if (facts["sha256"] !== sha256) return invalid("the samples are not those that were signed");
  const { settleBytesPerRestart = null, device, ...rest } = manifest;
  const told: Facts = { ...rest, device, settleBytesPerRestart };
  const other = CAPTURE_FACTS.find((name) => !isDeepStrictEqual(facts[name], told[name]));
  return other === undefined
    ? { valid: true, facts }
    : invalid(`the manifest's ${other} is not what was signed`);
}

const CAPTURE_FACTS = [
  "source",
  "kind",
  "device",
  "bitsPerSample",
  "configurationVersion",
  "firstSequence",
  "samples",
  "sha256",
  "restart",
  "samplesPerRestart",
  "settleBytesPerRestart",
] as const;
