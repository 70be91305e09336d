import { execFile } from "node:child_process";
import { existsSync } from "node:fs";

/** systemd-timesyncd touches it once the clock is right. */
const TIMESYNC = "/run/systemd/timesync/synchronized";
const PATIENCE_MILLISECONDS = 3000;

function ask(program: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: PATIENCE_MILLISECONDS }, (error, stdout) =>
      resolve(error ? null : stdout),
    );
  });
}

/**
 * Whether the kernel's clock is synchronised (adjtimex(2), STA_UNSYNC). Node has no call for it, so
 * whoever is there is asked: systemd, chrony, or the file that systemd-timesyncd leaves.
 */
export async function clockState(): Promise<{
  readonly isSynchronised: boolean | null;
  readonly evidence: string;
}> {
  const systemd = await ask("timedatectl", ["show", "--property=NTPSynchronized", "--value"]);
  if (systemd !== null && /^(yes|no)\s*$/.test(systemd))
    return { isSynchronised: systemd.startsWith("yes"), evidence: "timedatectl: NTPSynchronized" };
  const chrony = await ask("chronyc", ["-c", "tracking"]);
  if (chrony !== null)
    return { isSynchronised: !/Not synchronised/.test(chrony), evidence: "chronyc tracking" };
  if (existsSync(TIMESYNC)) return { isSynchronised: true, evidence: TIMESYNC };
  return { isSynchronised: null, evidence: "neither timedatectl nor chronyc answers" };
}
