import type { Cancel, Clock } from "../port/clock.ts";
import type { DiskSnapshot } from "../port/snapshot.ts";

const LOOK_MILLISECONDS = 30_000;

/** How full the disk is. Looked at ahead of any question, because a look may hang where the disk does. */
export class DiskWatch {
  readonly #clock: Clock;
  readonly #measure: () => Promise<DiskSnapshot>;
  #latest: DiskSnapshot | null = null;
  #cancel: Cancel | null = null;
  #stopped = false;

  constructor(clock: Clock, measure: () => Promise<DiskSnapshot>) {
    this.#clock = clock;
    this.#measure = measure;
  }

  /** Null before the first look, and where the last one failed. */
  get latest(): DiskSnapshot | null {
    return this.#latest;
  }

  start(): void {
    const took = (disk: DiskSnapshot | null): void => {
      this.#latest = disk;
      if (!this.#stopped)
        this.#cancel = this.#clock.schedule(LOOK_MILLISECONDS, () => this.start());
    };
    this.#measure().then(took, () => took(null));
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
}
