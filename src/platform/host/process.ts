import { readFileSync, statSync } from "node:fs";

/** What a file of /proc says; null where there is none, or where it may not be read. */
export function readProc(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

/** The soft limit of a line of /proc/self/limits in bytes; null for unlimited, and where none is told. */
export function softLimit(name: string, limits: string | null = readProc("/proc/self/limits")) {
  const line = limits?.split("\n").find((one) => one.startsWith(name));
  const soft = line?.slice(name.length).trim().split(/\s+/)[0];
  return soft === undefined || soft === "unlimited" ? null : Number(soft);
}

const CAP_IPC_LOCK = 14n;

/** Whether the process may lock what memory it likes (capabilities(7)). */
export function mayLockAnyMemory(status: string | null = readProc("/proc/self/status")): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status ?? "")?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> CAP_IPC_LOCK) & 1n) === 1n;
}

/**
 * Whether the kernel would write this process's memory into a core dump. There is no file that says so;
 * but of a process that is not dumpable root owns what is in /proc (proc(5)), which says nothing to root.
 */
export function isDumpable(): boolean | null {
  const userId = process.getuid?.();
  if (userId === undefined || userId === 0) return null;
  try {
    return statSync("/proc/self/fd").uid === userId;
  } catch {
    return null;
  }
}
