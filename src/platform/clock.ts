import type { Clock } from "../port/clock.ts";

/** Node cannot wait longer than this: setTimeout takes a signed 32-bit number of milliseconds. */
const LONGEST_TIMEOUT_MILLISECONDS = 2 ** 31 - 1;

const EARLY_MILLISECONDS = 1;

const NANOSECONDS = 1e6;

/** Where this thread's monotonic clock has its zero, in nanoseconds that all threads share. */
export function clockOrigin(): bigint {
  return process.hrtime.bigint() - BigInt(Math.round(performance.now() * NANOSECONDS));
}

/**
 * The machine's own time. Timers are unref'd: what is scheduled never keeps the process alive.
 * @param origin of the thread whose monotonic clock this one is to agree with
 */
export function systemClock(origin = clockOrigin()): Clock {
  // Each thread's performance.now() begins with the thread.
  const ahead = Number(clockOrigin() - origin) / NANOSECONDS;
  return {
    wallMilliseconds: () => Date.now(),
    monotonicMilliseconds: () => performance.now() + ahead,
    schedule(milliseconds, task) {
      const due = performance.now() + milliseconds;
      let timer: NodeJS.Timeout;
      const arm = (): void => {
        // setTimeout may fire up to a millisecond early: one more saves most of the second wake-ups.
        const left = Math.ceil(due - performance.now());
        const wait = Math.min(Math.max(left, 0) + EARLY_MILLISECONDS, LONGEST_TIMEOUT_MILLISECONDS);
        timer = setTimeout(() => {
          if (performance.now() < due) arm();
          else task();
        }, wait);
        timer.unref();
      };
      arm();
      return () => clearTimeout(timer);
    },
  };
}
