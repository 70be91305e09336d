import { ERRORS, type ErrorCode } from "../port/errors.ts";
import type { ServiceSnapshot, SourceSnapshot } from "../port/snapshot.ts";
import { entropyBudget } from "./budget.ts";
import type { Finding } from "../port/finding.ts";
import { finding, worstFirst } from "./finding.ts";

function remedyOf(code: string | null): string | null {
  return code !== null && code in ERRORS ? ERRORS[code as ErrorCode].remedy : null;
}

/** Would the service give more if this source were healthy? */
function isMissed({ kind, assessedEntropy }: SourceSnapshot, snapshot: ServiceSnapshot): boolean {
  if (snapshot.shape === "RBGC") return kind === "os";
  return assessedEntropy > 0 && !snapshot.quorum.met;
}

function sourceState(source: SourceSnapshot, missed: boolean): Finding {
  const check = `source ${source.id}`;
  const where = source.device ? `${source.device.location}, ${source.device.mode}` : source.kind;
  if (source.state === "healthy")
    return finding(check, "ok", "healthy", `${source.samplesTotal} samples tested; ${where}`);
  const level = source.state === "starting" ? "note" : missed ? "fault" : "warning";
  return finding(
    check,
    level,
    `${source.state}${source.cause ? ` (${source.cause})` : ""}`,
    source.detail || where,
    source.remedy ?? remedyOf(source.cause),
  );
}

function sourceCredit(source: SourceSnapshot): Finding[] {
  if (source.kind === "os" || source.credited) return [];
  const check = `credit of ${source.id}`;
  if (source.assessedEntropy === 0)
    return [
      finding(
        check,
        "note",
        "tested and mixed in, credited 0: nothing is assessed",
        "no `assessed` in its configuration",
        "Capture raw samples, assess them, and configure `assessed` with its evidence.",
      ),
    ];
  if (source.device !== null && !source.device.rawConfirmed)
    return [
      finding(
        check,
        "warning",
        "credited 0: nothing confirms that its samples are raw noise",
        [source.device.mode, ...source.device.caveats].join("; "),
        "Put the device into a raw mode, or vouch for it with `raw: { evidence: ... }`.",
      ),
    ];
  return [];
}

function sourceSafety(source: SourceSnapshot): Finding[] {
  const findings: Finding[] = [];
  if (source.tapped)
    findings.push(
      finding(
        `tap on ${source.id}`,
        "warning",
        "a tap is open: its samples are spent and seed nothing",
        `${source.divertedSamplesTotal} samples diverted so far`,
        "Close the capture or the reader of /v1/sources/{id}/samples when it is done.",
      ),
    );
  if (source.droppedSamplesTotal > 0)
    findings.push(
      finding(
        `losses of ${source.id}`,
        "warning",
        "samples were lost before they could be tested",
        `${source.droppedSamplesTotal} samples in ${source.gapsTotal} gaps`,
        "Check the cable and hub; configure samplesPerSecond as fast as the device is.",
      ),
    );
  for (const test of source.tests)
    if (
      test.cutoffIntermittent !== null &&
      test.watermark >= 0.9 * test.cutoffIntermittent &&
      test.watermark < test.cutoffIntermittent
    )
      findings.push(
        finding(
          `margin of ${source.id}`,
          "note",
          `${test.test} came within a tenth of its cutoff`,
          `${test.watermark} of ${test.cutoffIntermittent}`,
          "Watch springhouse_health_watermark; reassess the source if it comes back.",
        ),
      );
  return findings;
}

function vault({ vault: { initialised, sealed, ...vault } }: ServiceSnapshot): Finding[] {
  const findings: Finding[] = [];
  const { cause, slots, epoch, lockedMemory } = vault;
  if (initialised && sealed)
    findings.push(
      finding(
        "vault",
        "warning",
        "sealed: no kept key can be used",
        cause ?? `epoch ${epoch}`,
        ERRORS.sealed.remedy,
      ),
    );
  if (initialised && !sealed)
    findings.push(finding("vault", "ok", "open", `epoch ${epoch}, ${slots.length} slots`));
  if (slots.length === 1)
    findings.push(
      finding(
        "slots of the vault",
        "warning",
        "there is one way to open it: who loses that loses every kept key",
        slots.map(({ kind, name }) => `${name} (${kind})`).join(", "),
        "Add a second slot with `springhouse seal slot add`, and keep it elsewhere.",
      ),
    );
  if (!lockedMemory.ok)
    findings.push(
      finding(
        "locked memory",
        initialised && sealed ? "fault" : "warning",
        "secrets cannot be kept from the system's swap",
        lockedMemory.detail,
        "Raise the limit on locked memory: LimitMEMLOCK= of the unit, `ulimit -l`.",
      ),
    );
  return findings;
}

function drills({ drills: last }: ServiceSnapshot): Finding[] {
  return last
    .filter(({ passed }) => !passed)
    .map(({ source, atMilliseconds }) =>
      finding(
        `drill of ${source}`,
        "fault",
        "its health tests do not find what they should",
        new Date(atMilliseconds).toISOString(),
        "`springhouse drill --source ID` says which; do not rely on the source until it passes.",
      ),
    );
}

/** Every finding about a running service, worst first. */
export function diagnose(snapshot: ServiceSnapshot): Finding[] {
  const findings: Finding[] = [];
  if (snapshot.ready)
    findings.push(
      finding("service", "ok", "ready", `${snapshot.shape}, version ${snapshot.version}`),
    );
  for (const cause of snapshot.unready)
    findings.push(finding("service", "fault", cause.code, cause.detail, cause.remedy));
  const { quorum } = snapshot;
  if (snapshot.shape === "RBGC")
    findings.push(
      finding(
        "noise",
        "note",
        "no source is credited: this is a self-tested DRBG over the OS RNG",
        "shape RBGC; requests with sources>=1 are refused",
        "Configure an assessed source to have credited noise.",
      ),
    );
  else
    findings.push(
      finding(
        "quorum",
        quorum.met ? "ok" : "fault",
        quorum.met ? "met" : "not met: seeds run out, then requests are refused",
        `${quorum.available} healthy credited sources; ${quorum.sources} needed, strength must hold without the best ${quorum.withoutBest}`,
        quorum.met ? null : "Bring the sources below back.",
      ),
    );
  for (const source of snapshot.sources)
    findings.push(
      sourceState(source, isMissed(source, snapshot)),
      ...sourceCredit(source),
      ...sourceSafety(source),
    );
  for (const test of snapshot.selfTests)
    if (!test.passed)
      findings.push(
        finding(
          `self-test ${test.name}`,
          "fault",
          "failed",
          new Date(test.atMilliseconds).toISOString(),
          ERRORS.self_test_failed.remedy,
        ),
      );
  if (!snapshot.store.ok)
    findings.push(
      finding(
        "database",
        "fault",
        "takes no records",
        snapshot.store.detail,
        ERRORS.store_failed.remedy,
      ),
    );
  findings.push(...vault(snapshot), ...entropyBudget(snapshot), ...drills(snapshot));
  return worstFirst(findings);
}
