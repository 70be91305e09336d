/**
 * A suite as work for threads: a state machine that gives out tasks and takes what each came to.
 * What it comes to depends on the samples and the parameters, not on how many threads there are or
 * on which of them is faster. Tasks and parts are plain data, since they go between threads.
 */
export interface Campaign<Task, Part, Result> {
  /** A task that may start now; null while none may, or when all are given out. */
  next(): Task | null;
  /** What a task that was given out came to. */
  take(task: Task, part: Part): void;
  /** Null until everything is in. */
  result(): Result | null;
  /** How far it is, for a person: `37 of 10,000 permutations`. */
  progress(): string;
  /**
   * Time is up: no more tasks than a result needs at the least, and a result that says what it lacks.
   * A suite without this has no result then.
   */
  expire?(): void;
}
