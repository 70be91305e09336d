import type { Cancel, Clock } from "../port/clock.ts";
import type { Store, Value, Write } from "./store.ts";
import type { ReadName } from "./statements.ts";

/** How long what is kept. Null keeps for ever. */
export interface RetentionPolicy {
  /** Seeds with their blocks, windows and counts, where no kept output record needs them. */
  readonly seedAgeSeconds: number | null;
  /** Records of keys and receipted outputs. While one is kept, so is everything behind it. */
  readonly outputAgeSeconds: number | null;
  readonly eventAgeSeconds: number | null;
  /** Beyond it the oldest seeds go, then the oldest events, whatever their age. Never an output. */
  readonly totalBytes: number | null;
}

export interface RetentionReport {
  /** Bytes in use by rows and indexes; free pages and the WAL are not counted. */
  readonly usedBytes: number;
  /** The bound is passed, and nothing that is left may be removed. */
  readonly overBound: boolean;
}

/** Seeds looked at, outputs or events removed in one step: a few milliseconds of the writer's time. */
const ROWS_IN_STEP = 64;
/** From one step to the next while there is something to remove, so that writers go first. */
const STEP_MILLISECONDS = 100;
const IDLE_MILLISECONDS = 60_000;
/** Free pages that are not worth a vacuum: new rows will take them. */
const FREE_PAGES_KEPT = 1_024;

const BEFORE_ALL: readonly Value[] = [-Infinity, ""];

/** Removes what the policy no longer keeps, a little at a time and in the background. */
export class Retention {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #policy: RetentionPolicy;
  /** How far the wall clock was ahead of the monotonic one when this began. */
  readonly #wallAhead: number;
  /** Time and id of the seed that each pass came to. */
  readonly #after: Record<"age" | "size", readonly Value[]> = { age: BEFORE_ALL, size: BEFORE_ALL };
  #cancel: Cancel | null = null;
  #stopped = false;
  #running: Promise<boolean> | null = null;
  #report: RetentionReport = { usedBytes: 0, overBound: false };

  constructor(store: Store, clock: Clock, policy: RetentionPolicy) {
    this.#store = store;
    this.#clock = clock;
    this.#policy = policy;
    this.#wallAhead = clock.wallMilliseconds() - clock.monotonicMilliseconds();
  }

  start(): void {
    this.#schedule(IDLE_MILLISECONDS);
  }

  /** Resolves when the step in hand is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running?.catch(() => {});
  }

  report(): RetentionReport {
    return this.#report;
  }

  /**
   * One step. @returns true when there was something to do, so that there may be more
   * @throws SpringhouseError `store_failed`
   */
  async step(): Promise<boolean> {
    const removed =
      (await this.#removeByAge()) || (await this.#removeBySize()) || (await this.#vacuum());
    return removed;
  }

  #schedule(milliseconds: number): void {
    if (this.#stopped) return;
    this.#cancel = this.#clock.schedule(milliseconds, () => {
      this.#running = this.step();
      this.#running.then(
        (more) => this.#schedule(more ? STEP_MILLISECONDS : IDLE_MILLISECONDS),
        // The store's health says why; the next attempt may find it well.
        () => this.#schedule(IDLE_MILLISECONDS),
      );
    });
  }

  async #removeByAge(): Promise<boolean> {
    const { outputAgeSeconds, seedAgeSeconds, eventAgeSeconds } = this.#policy;
    return (
      (outputAgeSeconds !== null && (await this.#removeOutputs(this.#before(outputAgeSeconds)))) ||
      (seedAgeSeconds !== null && (await this.#removeSeeds("age", this.#before(seedAgeSeconds)))) ||
      (eventAgeSeconds !== null && (await this.#removeEvents(this.#before(eventAgeSeconds))))
    );
  }

  async #removeBySize(): Promise<boolean> {
    const { usedBytes } = await this.#size();
    const over = this.#policy.totalBytes !== null && usedBytes > this.#policy.totalBytes;
    const removed =
      over && ((await this.#removeSeeds("size", Infinity)) || (await this.#removeEvents(Infinity)));
    this.#report = { usedBytes, overBound: over && !removed };
    return removed;
  }

  async #vacuum(): Promise<boolean> {
    const { freePages } = await this.#size();
    if (freePages <= FREE_PAGES_KEPT) return false;
    await this.#store.write([{ statement: "retention.vacuum", parameters: [] }]);
    return (await this.#size()).freePages < freePages;
  }

  /** Goes through the seeds a page at a time; false when the end was reached in vain. */
  async #removeSeeds(pass: "age" | "size", before: number): Promise<boolean> {
    const page = await this.#store.read("retention.candidates", [
      ...this.#after[pass],
      before,
      ROWS_IN_STEP,
    ]);
    const removals = page
      .filter(({ removable }) => removable === 1)
      .map(({ id }): Write => ({ statement: "retention.removeSeed", parameters: [id ?? null] }));
    if (removals.length > 0) await this.#store.write(removals);
    const last = page.length < ROWS_IN_STEP ? undefined : page.at(-1);
    this.#after[pass] = last ? [last["at_ms"] ?? null, last["id"] ?? null] : BEFORE_ALL;
    return last !== undefined || removals.length > 0;
  }

  #removeOutputs(before: number): Promise<boolean> {
    return this.#removeOld("retention.oldOutputs", "retention.removeOutputs", before);
  }

  #removeEvents(before: number): Promise<boolean> {
    return this.#removeOld("retention.oldEvents", "retention.removeEvents", before);
  }

  async #removeOld(
    count: ReadName,
    statement: "retention.removeOutputs" | "retention.removeEvents",
    before: number,
  ): Promise<boolean> {
    const parameters: readonly Value[] = [before, ROWS_IN_STEP];
    const rows = await this.#store.read(count, parameters);
    if (rows[0]?.["n"] === 0) return false;
    await this.#store.write([{ statement, parameters }]);
    return true;
  }

  /**
   * A wall clock that is set ahead while the service runs makes nothing old: too long is the lesser
   * fault, and the next start takes the clock as it is.
   */
  #before(ageSeconds: number): number {
    const elapsed = this.#wallAhead + this.#clock.monotonicMilliseconds();
    return Math.min(this.#clock.wallMilliseconds(), elapsed) - ageSeconds * 1_000;
  }

  async #size(): Promise<{ usedBytes: number; freePages: number }> {
    const row = (await this.#store.read("size", []))[0];
    const [pages, free, bytes] = [row?.["pages"], row?.["free_pages"], row?.["page_bytes"]].map(
      Number,
    );
    if (pages === undefined || free === undefined || bytes === undefined) {
      return { usedBytes: 0, freePages: 0 };
    }
    return { usedBytes: (pages - free) * bytes, freePages: free };
  }
}
