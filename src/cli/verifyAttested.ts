import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Assessment } from "../assess/assessment.ts";
import type { Verifier } from "../log/signer.ts";
import type { DrillReport } from "../port/drill.ts";
import { parseManifest, RECORDING_MANIFEST } from "../source/recordingManifest.ts";
import {
  verifyCapture,
  verifyDrill,
  verifyReport,
  type AttestedVerdict,
} from "../verify/verifyAttested.ts";
import { Failure } from "./failure.ts";
import { columns, type Terminal } from "./terminal.ts";

const CAPTURE = RECORDING_MANIFEST.properties.format.const;
const REPORT: Assessment["format"] = "springhouse-assessment-1";
const DRILL: DrillReport["format"] = "springhouse-drill-1";

/** The format that a JSON text names; null for anything else. */
function formatOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { format?: unknown } | null)?.format ?? null;
  } catch {
    return null;
  }
}

async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash, { signal });
  } catch (error) {
    signal.throwIfAborted();
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    throw new Failure(
      1,
      `cannot read ${path} (${code})`,
      "A manifest FILE.json is checked with FILE beside it.",
    );
  }
  return hash.digest("hex");
}

async function verdictOf(
  terminal: Terminal,
  path: string,
  text: string,
  verifier: Verifier,
  handovers: readonly string[],
): Promise<AttestedVerdict> {
  if (formatOf(text) === REPORT)
    return verifyReport(JSON.parse(text) as Assessment, verifier, handovers);
  if (formatOf(text) === DRILL)
    return verifyDrill(JSON.parse(text) as DrillReport, verifier, handovers);
  const parsed = parseManifest(text);
  if (!parsed.ok) throw new Failure(1, `${path} is no manifest: ${parsed.detail}`);
  const sha256 = await sha256Of(path.replace(/\.json$/, ""), terminal.signal);
  return verifyCapture(parsed.manifest, sha256, verifier, handovers);
}

/** Whether `verifyAttested` is what can say something of this text. */
export function isAttested(text: string): boolean {
  const format = formatOf(text);
  return format === CAPTURE || format === REPORT || format === DRILL;
}

/**
 * `springhouse verify` for a recording's manifest (with the recording beside it), for a report and for
 * the evidence of a drill.
 * @param verifier of a key that was kept elsewhere: neither brings its own
 */
export async function verifyAttested(
  terminal: Terminal,
  path: string,
  text: string,
  { verifier, handovers }: { readonly verifier: Verifier; readonly handovers: readonly string[] },
  json: boolean,
): Promise<void> {
  const verdict = await verdictOf(terminal, path, text, verifier, handovers);
  if (json) await terminal.write(`${JSON.stringify(verdict)}\n`);
  if (!verdict.valid) throw new Failure(1, `${path} does not hold: ${verdict.fault}`);
  if (json) return;
  const rows = Object.entries(verdict.facts)
    .filter(([name]) => name !== "v" && name !== "device")
    .map(([name, value]) => [name, String(value)]);
  await terminal.write(`${columns([["signed by", verifier.name], ...rows], "")}\n`);
}
