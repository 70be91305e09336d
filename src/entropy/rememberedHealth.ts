import type { HealthMonitor } from "../health/monitor.ts";
import type { Clock } from "../port/clock.ts";
import type { HealthHistory, HealthMemory } from "../port/healthMemory.ts";

/** Carries what a source's latch depends on over restarts: the memory keeps it in wall time. */
export class RememberedHealth {
  readonly #source: string;
  readonly #monitor: HealthMonitor;
  readonly #memory: HealthMemory;
  readonly #clock: Clock;
  #version = 0;

  constructor(source: string, monitor: HealthMonitor, memory: HealthMemory, clock: Clock) {
    this.#source = source;
    this.#monitor = monitor;
    this.#memory = memory;
    this.#clock = clock;
  }

  recall(): void {
    const history = this.#memory.recall(this.#source);
    if (!history) return;
    const now = this.#clock.monotonicMilliseconds();
    this.#monitor.restore(shifted(history, -this.#wallAhead(), now));
  }

  /** Writes only what changed; cheap, for it is called with every chunk. */
  remember(): void {
    const { historyVersion } = this.#monitor;
    if (historyVersion === this.#version) return;
    this.#version = historyVersion;
    const history = shifted(this.#monitor.history(), this.#wallAhead(), Infinity);
    this.#memory.remember(this.#source, history);
  }

  #wallAhead(): number {
    return this.#clock.wallMilliseconds() - this.#clock.monotonicMilliseconds();
  }
}

/** In another clock's time; what would lie in the future there (a clock went back) is of just now. */
function shifted(history: HealthHistory, by: number, latest: number): HealthHistory {
  const shift = (at: number): number => Math.min(at + by, latest);
  const { latch, incidents, startupFailures } = history;
  return {
    latch: latch && { ...latch, atMilliseconds: shift(latch.atMilliseconds) },
    incidents: incidents.map(shift),
    startupFailures,
  };
}
