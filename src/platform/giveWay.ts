import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** Makes the thread that calls it give way to others. @param niceness 0 to 19, as nice(1) has it */
export function giveWay(niceness: number): void {
  if (niceness === 0) return;
  try {
    // Linux keeps a priority for each thread: PID/task/TID of the one that asks.
    setPriority(Number(readlinkSync("/proc/thread-self").split("/")[2]), niceness);
  } catch {
    // Elsewhere, or where it is forbidden, the scheduler's fairness has to do.
  }
}
