import type { HealthTestName, HealthTestSnapshot } from "../port/health.ts";
import type { Gauge } from "./gauge.ts";

/**
 * A watermark over a life only ever climbs, by chance too (the longest of N runs grows with log N):
 * whether the noise gets worse can be seen in a span of fixed length alone.
 */
const RECENT_MILLISECONDS = 600_000;

/** How close all tests of a source came to their cutoffs: ever, recently, and since last asked. */
export class Watermarks {
  readonly #gauges: readonly Gauge[];
  readonly #samplesPerSecond: number;
  /** When the gauges' recent past began. */
  #recentSince = 0;

  constructor(gauges: readonly Gauge[], samplesPerSecond: number) {
    this.#gauges = gauges;
    this.#samplesPerSecond = samplesPerSecond;
  }

  /** Time passes; cheap, for it is called with every chunk. */
  turn(nowMilliseconds: number): void {
    const spans = (nowMilliseconds - this.#recentSince) / RECENT_MILLISECONDS;
    // A clock that was set back begins a span too, or the present one would not end.
    if (spans >= 0 && spans < 1) return;
    this.#recentSince = nowMilliseconds;
    for (const gauge of this.#gauges) {
      gauge.turn();
      if (spans >= 2) gauge.turn();
    }
  }

  /** Per test, the distance to the intermittent cutoff at the closest approach since the last call. */
  takeMargins(): Partial<Record<HealthTestName, number>> {
    const margins: Partial<Record<HealthTestName, number>> = {};
    for (const gauge of this.#gauges) {
      const margin = gauge.takeMargin();
      if (margin !== null) margins[gauge.test] = margin;
    }
    return margins;
  }

  snapshot(): HealthTestSnapshot[] {
    return this.#gauges.map((gauge) => gauge.snapshot(this.#samplesPerSecond));
  }
}
