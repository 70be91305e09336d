import { execFile } from "node:child_process";
import type { Clock } from "../port/clock.ts";

/** What a service manager is told by sd_notify(3). */
export interface ServiceManager {
  /** It listens, at this address. Also after a reload, whatever came of that. */
  ready(status: string): void;
  reloading(): void;
  stopping(): void;
}

/** The manager takes it within milliseconds, or not at all. */
const PATIENCE_MILLISECONDS = 2000;

/**
 * The manager that started us, such as systemd; one that is told nothing where there is none. Node.js
 * cannot open the datagram socket, so `systemd-notify` does, one after the other: a manager that hears
 * of the end of a reload before its beginning waits for ever.
 * @param onFault what was not told, and why
 */
export function serviceManager(
  environment: Readonly<NodeJS.ProcessEnv>,
  clock: Clock,
  onFault: (detail: string) => void,
): ServiceManager {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, PATH } = environment;
  if (!NOTIFY_SOCKET) return { ready() {}, reloading() {}, stopping() {} };

  let last: Promise<void> = Promise.resolve();
  const tell = (...assignments: readonly string[]): void => {
    const told = (): Promise<void> =>
      new Promise((resolve) => {
        const options = { timeout: PATIENCE_MILLISECONDS, env: { NOTIFY_SOCKET, PATH } };
        execFile("systemd-notify", assignments, options, (error) => {
          if (error) onFault(`systemd-notify ${assignments[0]}: ${error.message.trim()}`);
          resolve();
        });
      });
    last = last.then(told);
  };
  // Half of what it waits, as sd_watchdog_enabled(3) has it.
  const watchdogMilliseconds = Number(WATCHDOG_USEC ?? 0) / 2000;
  let cancel = (): void => {};
  const keepAlive = (): void => {
    cancel = clock.schedule(watchdogMilliseconds, () => {
      tell("WATCHDOG=1");
      keepAlive();
    });
  };
  let isReady = false;
  return {
    ready(status) {
      tell("READY=1", `STATUS=${status}`);
      if (!isReady && watchdogMilliseconds > 0) keepAlive();
      isReady = true;
    },
    reloading() {
      // The time is for Type=notify-reload, which systemd has since 253: CLOCK_MONOTONIC.
      tell("RELOADING=1", `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
    },
    stopping() {
      cancel();
      tell("STOPPING=1");
    },
  };
}
