import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** What a process took, from its start to its end. */
export interface Cost {
  /** User and system time of all its threads, in seconds (clock ticks are 10 ms). */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  /** The most that was resident, in MB of 10^6 bytes; looked at every few milliseconds. */
  readonly residentMegabytes: number;
}

const LOOK_MILLISECONDS = 5;

/** User and system time of all children that have ended, in seconds. */
function endedChildrenSeconds(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** The high-water mark of a process that may just have ended. */
function residentMegabytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return (Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024) / 1e6;
  } catch {
    return 0;
  }
}

/**
 * Runs a program to its end; no other child may end meanwhile. What it prints is thrown away.
 * @throws Error where it ends with another exit code than 0, or 1 where that is allowed
 */
export async function costOf(
  program: string,
  args: readonly string[],
  mayFail = false,
): Promise<Cost> {
  const before = endedChildrenSeconds();
  const begin = performance.now();
  const child = spawn(program, args, { stdio: "ignore" });
  let most = 0;
  const look = setInterval(
    () => (most = Math.max(most, residentMegabytes(child.pid!))),
    LOOK_MILLISECONDS,
  );
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("exit", resolve);
      child.once("error", reject);
    });
    const wallSeconds = (performance.now() - begin) / 1e3;
    if (code !== 0 && !(mayFail && code === 1)) throw new Error(`${program} ended with ${code}`);
    const cpuSeconds = endedChildrenSeconds() - before;
    return { cpuSeconds, wallSeconds, residentMegabytes: most };
  } finally {
    clearInterval(look);
  }
}

/** Of several runs: the least disturbed time, and the most memory. */
export function bestOf(costs: readonly Cost[]): Cost {
  return {
    cpuSeconds: Math.min(...costs.map((cost) => cost.cpuSeconds)),
    wallSeconds: Math.min(...costs.map((cost) => cost.wallSeconds)),
    residentMegabytes: Math.max(...costs.map((cost) => cost.residentMegabytes)),
  };
}
