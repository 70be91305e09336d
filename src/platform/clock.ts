import type { Clock } from "../port/clock.ts";

/** Node cannot wait longer than this: setTimeout takes a signed 32-bit number of milliseconds. */
const LONGEST_TIMEOUT_MILLISECONDS = 2 ** 31 - 1;

const EARLY_MILLISECONDS = 1;

/** The machine's own time. Timers are unref'd: what is scheduled never keeps the process alive. */
export function systemClock(): Clock {
  return {
    wallMilliseconds: () => Date.now(),
    monotonicMilliseconds: () => performance.now(),
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
