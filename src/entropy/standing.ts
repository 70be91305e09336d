import type { HealthMonitor } from "../health/monitor.ts";
import type { Clock } from "../port/clock.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { SourceState } from "../port/health.ts";
import { explainState, type Explanation } from "./cause.ts";
import type { Presence } from "./presence.ts";
import type { SourceEvents } from "./sourceEvents.ts";

/** How a source stands, as it was told last, and why it is not healthy. */
export class Standing {
  readonly #monitor: HealthMonitor;
  readonly #presence: Presence;
  readonly #events: SourceEvents;
  readonly #clock: Clock;
  #state: SourceState;
  #credited = false;
  #sinceMilliseconds: number;

  /** @param monitor remembers already what it is to remember of an earlier life */
  constructor(monitor: HealthMonitor, presence: Presence, events: SourceEvents, clock: Clock) {
    this.#monitor = monitor;
    this.#presence = presence;
    this.#events = events;
    this.#clock = clock;
    this.#state = monitor.state;
    this.#sinceMilliseconds = clock.wallMilliseconds();
  }

  /** When it came into its state, on the wall clock. */
  get sinceMilliseconds(): number {
    return this.#sinceMilliseconds;
  }

  explanation(health = this.#monitor.snapshot()): Explanation {
    return explainState(health, this.#presence.absence);
  }

  /** `source_absent`, with the cause and its remedy. */
  refusal(): Refusal {
    const { detail, remedy } = this.explanation();
    return refuse("source_absent", detail, remedy === null ? {} : { remedy });
  }

  /** It failed in an earlier life of the service: said again, since nothing else would say it. */
  tellLatched(): void {
    if (this.#monitor.state !== "failed") return;
    const { cause, detail } = this.explanation();
    this.#events.state("failed", "failed", cause, detail);
  }

  /**
   * Compares with what was told last, and tells of another state; cheap, for it is called with every
   * chunk.
   * @param restarting each of a thousand restarts would tell of a device that is absent and back
   * @returns whether state or credit is another
   */
  update(credited: boolean, restarting: boolean): boolean {
    const { state } = this.#monitor;
    const before = this.#state;
    if (state === before && credited === this.#credited) return false;
    this.#credited = credited;
    if (state !== before) {
      this.#state = state;
      this.#sinceMilliseconds = this.#clock.wallMilliseconds();
      const { cause, detail } = this.explanation();
      if (!restarting || !isOfRestarts(before, state))
        this.#events.state(before, state, cause, detail);
    }
    return true;
  }
}

function isOfRestarts(...states: readonly SourceState[]): boolean {
  return states.every((state) => state === "absent" || state === "starting");
}
