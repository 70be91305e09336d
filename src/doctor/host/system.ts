import type { HostFacts } from "../../port/host.ts";
import type { Finding } from "../../port/finding.ts";
import { finding, size } from "../finding.ts";

/** What a vault locks, as VmLck shows it: 8 KiB when it opens, 40 KiB once keys are used. */
const NEEDED_BYTES = 40 * 1024;
/** With room for materials that are in use at once, 12 KiB each. */
const ROOMY_BYTES = 256 * 1024;
const OLDEST_NODE = [24, 7] as const;
const SKEW_MILLISECONDS = 60_000;
/** SQLite's write-ahead log and a backup's draft. */
const LEAST_FREE_BYTES = 64 * 2 ** 20;

function node({ nodeVersion }: HostFacts): Finding {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const evidence = `${nodeVersion}; ${OLDEST_NODE.join(".")} or newer is needed`;
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]))
    return finding(
      "Node.js",
      "fault",
      "too old",
      evidence,
      "Install the current long-term release; a clone brings its own with `npm install`.",
    );
  if (major % 2 === 1)
    return finding(
      "Node.js",
      "warning",
      "no long-term release: it gets fixes for half a year",
      evidence,
      "Install an even version.",
    );
  return finding("Node.js", "ok", "new enough", evidence);
}

function lockedMemory({ lockedMemory: { limitBytes, isExempt, isRequired } }: HostFacts): Finding {
  const check = "limit on locked memory";
  if (isExempt) return finding(check, "ok", "none", "CAP_IPC_LOCK");
  if (limitBytes === null) return finding(check, "ok", "none", "unlimited");
  const evidence = `${size(limitBytes)} (RLIMIT_MEMLOCK); a vault locks ${size(NEEDED_BYTES)}, and 12 KiB for each key in use at once`;
  if (limitBytes >= ROOMY_BYTES) return finding(check, "ok", "high enough", evidence);
  return finding(
    check,
    isRequired && limitBytes < NEEDED_BYTES ? "fault" : "warning",
    isRequired
      ? "too low: a vault may not open, or keys in use may be refused"
      : "too low: keys may get into the system's swap",
    evidence,
    "LimitMEMLOCK=8M in the unit, or `ulimit -l 8192`.",
  );
}

function coreDumps({ coreDumps: { limitBytes, pattern, isDumpable } }: HostFacts): Finding {
  const check = "core dumps";
  const isPiped = pattern?.startsWith("|") === true;
  const limit = limitBytes === null ? "unlimited" : size(limitBytes);
  const evidence = `limit ${limit}, core_pattern ${pattern ?? "not known"}${isDumpable === false ? ", not dumpable" : ""}`;
  if (isDumpable === false || (limitBytes === 0 && !isPiped))
    return finding(check, "ok", "none are written", evidence);
  return finding(
    check,
    "warning",
    isPiped && limitBytes === 0
      ? "a crash goes to another program, whatever the limit: it may hold random bytes and keys"
      : "a crash would write memory to the disk: it may hold random bytes and keys",
    evidence,
    isPiped
      ? "LimitCORE=0, and `Storage=none` in /etc/systemd/coredump.conf, or a core_pattern without a pipe."
      : "LimitCORE=0 in the unit, or `ulimit -c 0`.",
  );
}

function clock({ clock: facts, atMilliseconds }: HostFacts): Finding[] {
  const { isSynchronised, evidence, lastWriteMilliseconds, jumps, lastJump } = facts;
  const findings: Finding[] = [];
  if (lastWriteMilliseconds !== null && lastWriteMilliseconds > atMilliseconds + SKEW_MILLISECONDS)
    findings.push(
      finding(
        "clock",
        "fault",
        "it is behind what was written before: certificates, expiry and lineage cannot be trusted",
        `now ${new Date(atMilliseconds).toISOString()}; the state directory has a file of ${new Date(lastWriteMilliseconds).toISOString()}`,
        "Set the clock, and keep it with NTP.",
      ),
    );
  if (jumps !== null && jumps > 0)
    findings.push(
      finding(
        "jumps of the clock",
        "warning",
        `${jumps} since the start: every source and every seed began anew each time`,
        lastJump ?? "",
        "A suspend or a restored machine is one. Else let NTP slew the clock instead of setting it.",
      ),
    );
  if (isSynchronised === true) findings.push(finding("clock", "ok", "synchronised", evidence));
  else
    findings.push(
      finding(
        "clock",
        isSynchronised === null ? "note" : "warning",
        isSynchronised === null ? "nobody says whether it is right" : "not synchronised",
        evidence,
        "`timedatectl set-ntp true`, or another NTP client.",
      ),
    );
  return findings;
}

function disk({ state }: HostFacts): Finding[] {
  const { directory, error, freeBytes, isVolatile, usedBytes, maximumBytes } = state;
  if (error !== null)
    return error === "ENOENT"
      ? [finding("disk", "note", "no state yet", `${directory} is made by the first start`)]
      : [
          finding(
            "disk",
            "fault",
            "the state directory cannot be looked at",
            `${directory}: ${error}`,
            "It has to belong to the service's user, mode 0700.",
          ),
        ];
  if (freeBytes === null) return [];
  const growth = Math.max(0, maximumBytes - usedBytes);
  const evidence = `${directory}: ${size(freeBytes)} free; ${size(usedBytes)} used, may grow to ${size(maximumBytes)}`;
  const findings: Finding[] = [];
  if (isVolatile)
    findings.push(
      finding(
        "state directory",
        "warning",
        "in memory: log, keys and lineage are gone with the machine",
        directory,
        "Name a directory on a disk with --state.",
      ),
    );
  if (freeBytes < LEAST_FREE_BYTES)
    findings.push(
      finding(
        "disk",
        "fault",
        "nearly full: records, and then seeds, will be refused",
        evidence,
        "Free space.",
      ),
    );
  else if (freeBytes < growth)
    findings.push(
      finding(
        "disk",
        "warning",
        "smaller than what may be kept",
        evidence,
        "Free space, or lower retention.maximumMegabytes.",
      ),
    );
  else findings.push(finding("disk", "ok", "enough space", evidence));
  return findings;
}

/** The machine itself: Node.js, limits, clock, disk. */
export function systemFindings(facts: HostFacts): Finding[] {
  return [node(facts), lockedMemory(facts), coreDumps(facts), ...clock(facts), ...disk(facts)];
}
