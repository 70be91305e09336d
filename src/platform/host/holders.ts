import { readdir, readlink, stat } from "node:fs/promises";
import type { HolderFacts } from "../../port/host.ts";
import { readProc } from "./process.ts";

const LONGEST_COMMAND = 120;

/** The program and its first arguments: enough to know it by, and short of what a line may hide. */
function commandOf(pid: number): string {
  const line = readProc(`/proc/${pid}/cmdline`) ?? "";
  const [program = "", ...rest] = line.split("\0").filter((word) => word !== "");
  if (program === "") return (readProc(`/proc/${pid}/comm`) ?? "").trim() || "unknown";
  // What stands behind an option may be a secret of somebody else.
  const shown = [program, ...rest.filter((word) => /^[\w./-]+$/.test(word)).slice(0, 2)];
  return shown.join(" ").slice(0, LONGEST_COMMAND);
}

/** A child of ours holds what we hold: a source may read through one. */
function isOurs(pid: number): boolean {
  const fields = (readProc(`/proc/${pid}/stat`) ?? "").split(") ").at(-1)?.split(" ") ?? [];
  return pid === process.pid || Number(fields[1]) === process.pid;
}

async function processes(): Promise<number[]> {
  const names = await readdir("/proc").catch(() => []);
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

/** The first process of this name; null when none runs. */
export async function findProcess(name: string): Promise<{ readonly pid: number } | null> {
  for (const pid of await processes())
    // The kernel keeps 15 characters.
    if (readProc(`/proc/${pid}/comm`)?.trim() === name.slice(0, 15)) return { pid };
  return null;
}

/** Processes with a lock (flock(2)) on the file; the kernel names those of every user. */
async function lockers(path: string): Promise<number[]> {
  const about = await stat(path).catch(() => null);
  if (about === null) return [];
  const lines = (readProc("/proc/locks") ?? "").split("\n");
  return lines.flatMap((line) => {
    const words = line.split(/\s+/);
    const place = words.find((word) => /^[0-9a-f]+:[0-9a-f]+:\d+$/.test(word));
    const pid = Number(words[words.indexOf(place ?? "") - 1]);
    // The device number of a file of devtmpfs or devpts is that of its file system.
    return place?.endsWith(`:${about.ino}`) === true && pid > 0 ? [pid] : [];
  });
}

/** Whether the open file has a lock: one that its taker left to a child is the child's. */
const isLocked = (pid: number, descriptor: string): boolean =>
  /^lock:.*FLOCK/m.test(readProc(`/proc/${pid}/fdinfo/${descriptor}`) ?? "");

/** Null where the process may not be looked into; else the descriptor of the file, if it has one. */
async function descriptorOf(pid: number, path: string): Promise<string | null | undefined> {
  const folder = `/proc/${pid}/fd`;
  let descriptors: string[];
  try {
    descriptors = await readdir(folder);
  } catch (error) {
    // It may as well have ended meanwhile.
    return /^(EACCES|EPERM)$/.test((error as NodeJS.ErrnoException).code ?? "") ? null : undefined;
  }
  let found: string | undefined;
  for (const descriptor of descriptors) {
    const target = await readlink(`${folder}/${descriptor}`).catch(() => null);
    if (target !== path) continue;
    found = descriptor;
    if (isLocked(pid, descriptor)) break;
  }
  return found;
}

/** Who holds a file besides this process; and how many processes could not be looked into. */
export async function holdersOf(
  path: string,
): Promise<{ readonly holders: readonly HolderFacts[]; readonly unseen: number }> {
  const holders: HolderFacts[] = [];
  const locked = new Set(await lockers(path));
  let unseen = 0;
  for (const pid of await processes()) {
    if (isOurs(pid)) continue;
    const descriptor = await descriptorOf(pid, path);
    const command = commandOf(pid);
    if (descriptor === null) {
      unseen++;
      if (locked.has(pid)) holders.push({ pid, command, how: "locked" });
    } else if (descriptor !== undefined) {
      const how = locked.has(pid) || isLocked(pid, descriptor) ? "locked" : "open";
      holders.push({ pid, command, how });
    }
  }
  return { holders, unseen };
}
