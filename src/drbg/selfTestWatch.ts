import type { Cancel, Clock } from "../port/clock.ts";
import type { SelfTestSnapshot } from "../port/snapshot.ts";

/** Runs the self-tests at the start, on demand and periodically (SP 800-90A 11.3). */
export class SelfTestWatch {
  readonly #clock: Clock;
  readonly #tests: (nowMilliseconds: number) => readonly SelfTestSnapshot[];
  readonly #intervalMilliseconds: number;
  readonly #failed: (name: string) => void;
  #latest: readonly SelfTestSnapshot[] = [];
  #cancel: Cancel | null = null;
  #stopped = false;

  /** @param failed called with the first test that did not pass; none is scheduled after it */
  constructor(
    clock: Clock,
    tests: (nowMilliseconds: number) => readonly SelfTestSnapshot[],
    intervalMilliseconds: number,
    failed: (name: string) => void,
  ) {
    this.#clock = clock;
    this.#tests = tests;
    this.#intervalMilliseconds = intervalMilliseconds;
    this.#failed = failed;
  }

  get latest(): readonly SelfTestSnapshot[] {
    return this.#latest;
  }

  run(): readonly SelfTestSnapshot[] {
    this.#cancel?.();
    this.#latest = this.#tests(this.#clock.wallMilliseconds());
    const failed = this.#latest.find(({ passed }) => !passed);
    if (failed) this.#failed(failed.name);
    else if (!this.#stopped) {
      this.#cancel = this.#clock.schedule(this.#intervalMilliseconds, () => void this.run());
    }
    return this.#latest;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
}
