import type { Cancel, Clock } from "../../src/port/clock.ts";

interface Task {
  readonly due: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Time that moves only when told to. Tasks run in the order in which they fall due, those of the
 * same instant in the order in which they were scheduled, each at exactly its own time.
 */
export class FakeClock implements Clock {
  #monotonic = 0;
  #wallOffset: number;
  #scheduled = 0;
  #tasks: Task[] = [];

  /** @param wallMilliseconds what the wall clock shows at first; default 2026-01-01T00:00:00Z */
  constructor(wallMilliseconds = 1_767_225_600_000) {
    this.#wallOffset = wallMilliseconds;
  }

  wallMilliseconds(): number {
    return this.#wallOffset + this.#monotonic;
  }

  monotonicMilliseconds(): number {
    return this.#monotonic;
  }

  schedule(milliseconds: number, run: () => void): Cancel {
    if (!(milliseconds >= 0)) throw new RangeError(`cannot schedule in ${milliseconds} ms`);
    const task: Task = { due: this.#monotonic + milliseconds, order: this.#scheduled++, run };
    this.#tasks.push(task);
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== task);
    };
  }

  /** How many tasks wait. 0 when whatever was under test has cleaned up. */
  get pending(): number {
    return this.#tasks.length;
  }

  /**
   * Moves time on and runs what falls due meanwhile, tasks scheduled by tasks included. Synchronous:
   * promise continuations run after it returns, so code that awaits between two timers needs `run`.
   */
  advance(milliseconds: number): void {
    const until = this.#monotonic + milliseconds;
    for (let task = this.#next(until); task; task = this.#next(until)) this.#execute(task);
    this.#monotonic = until;
  }

  /** Like `advance`, but lets promises and input/output callbacks run before and after every task. */
  async run(milliseconds: number): Promise<void> {
    const until = this.#monotonic + milliseconds;
    await settled();
    for (let task = this.#next(until); task; task = this.#next(until)) {
      this.#execute(task);
      await settled();
    }
    this.#monotonic = until;
    await settled();
  }

  /** Moves the wall clock alone, as NTP, an operator or a resume does. */
  jumpWall(milliseconds: number): void {
    this.#wallOffset += milliseconds;
  }

  #next(until: number): Task | undefined {
    let first: Task | undefined;
    for (const task of this.#tasks) {
      if (task.due > until) continue;
      if (!first || task.due < first.due || (task.due === first.due && task.order < first.order)) {
        first = task;
      }
    }
    return first;
  }

  #execute(task: Task): void {
    this.#tasks = this.#tasks.filter((other) => other !== task);
    this.#monotonic = Math.max(this.#monotonic, task.due);
    task.run();
  }
}

/** Resolves after every promise that is ready now has run its continuations. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
