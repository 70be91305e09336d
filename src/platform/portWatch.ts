import { watch } from "node:fs";
import type { Clock } from "../port/clock.ts";

/** Where Linux and the BSDs show serial ports. */
const DEVICES = "/dev";
const SERIAL_NAME = /^(tty|cu)/;
/** udev gives a new device its identity and its permissions within a second or so. */
const SETTLE_MILLISECONDS = 1000;
/** Where nothing can be watched, or what is mounted at /dev tells nothing (some containers). */
const REGULAR_MILLISECONDS = 15_000;

/**
 * Calls `look` at once, when a serial port appears or goes, and every 15 s besides: listing ports costs
 * a process, so it is not done more often. A look that is under way is waited for.
 * @param look lists the ports; what it rejects with is a defect and is left to the process
 * @returns ends it
 */
export function watchSerialPorts(clock: Clock, look: () => Promise<void>): () => void {
  let stopped = false;
  let looking = false;
  let cancel = (): void => {};
  const at = (milliseconds: number): void => {
    cancel();
    if (!stopped) cancel = clock.schedule(milliseconds, () => void run());
  };
  const run = async (): Promise<void> => {
    if (looking) return at(SETTLE_MILLISECONDS);
    looking = true;
    try {
      await look();
    } finally {
      looking = false;
      at(REGULAR_MILLISECONDS);
    }
  };
  let watcher: ReturnType<typeof watch> | null = null;
  try {
    watcher = watch(DEVICES, { persistent: false }, (event, name) => {
      // A rename is a name that came or went; what is written to a terminal comes as a change.
      if (event === "rename" && name !== null && SERIAL_NAME.test(name)) at(SETTLE_MILLISECONDS);
    });
    watcher.on("error", () => watcher?.close());
  } catch {
    // No inotify, or none left: the regular look has to do.
  }
  void run();
  return () => {
    stopped = true;
    cancel();
    watcher?.close();
  };
}
