import { createHash } from "node:crypto";
import { canonicalJson } from "../log/canonicalJson.ts";
import type { Facts } from "../log/statement.ts";
import type { DrillReport } from "../port/drill.ts";

/** What is signed of a drill: who reads the note alone knows the result, and the hash binds the rest. */
export function drillFacts({ attestation: _attestation, ...report }: DrillReport): Facts {
  const { source, passed, atMilliseconds, configurationVersion, build, outcomes } = report;
  const text = canonicalJson(JSON.parse(JSON.stringify(report)));
  return {
    source: source.id,
    passed,
    exercises: outcomes.length,
    atMilliseconds,
    configurationVersion,
    build,
    report: createHash("sha256").update(text).digest("hex"),
  };
}
