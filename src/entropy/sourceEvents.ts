import type { Clock } from "../port/clock.ts";
import type { Observer, ServiceEvent } from "../port/event.ts";
import type { Alarm, SourceState } from "../port/health.ts";

/** A device may send a gap with every chunk; the journal keeps one event a second of them. */
const GAP_EVENT_MILLISECONDS = 1000;

/** What happens to one source, as events. */
export class SourceEvents {
  readonly #source: string;
  readonly #observer: Observer;
  readonly #clock: Clock;
  #gapEventAt = -Infinity;
  #gapsUntold = 0;

  constructor(source: string, observer: Observer, clock: Clock) {
    this.#source = source;
    this.#observer = observer;
    this.#clock = clock;
  }

  tell(
    kind: ServiceEvent["kind"],
    severity: ServiceEvent["severity"],
    detail: string,
    data: ServiceEvent["data"],
    actor: string | null = null,
  ): void {
    const atMilliseconds = this.#clock.wallMilliseconds();
    const source = this.#source;
    const reason = null;
    this.#observer.event({ kind, atMilliseconds, source, severity, actor, reason, detail, data });
  }

  state(before: SourceState, state: SourceState, cause: string | null, detail: string): void {
    const bad = state === "suspect" || state === "absent";
    const severity = state === "failed" ? "critical" : bad ? "warning" : "info";
    this.tell("source_state", severity, detail, { before, state, cause });
  }

  alarm({ test, severity, sequence, observed, cutoff, detail }: Alarm): void {
    const data = { test, severity, sequence, observed, cutoff };
    this.tell("health_alarm", severity === "permanent" ? "critical" : "warning", detail, data);
  }

  /** Counts it; it is told at once, or with the next that may be told. */
  gap(detail: string, totals: GapTotals): void {
    this.#gapsUntold += 1;
    this.tellGaps(totals, detail);
  }

  tellGaps({ gaps, droppedSamples }: GapTotals, detail = "samples are missing"): void {
    const now = this.#clock.monotonicMilliseconds();
    if (this.#gapsUntold === 0 || now - this.#gapEventAt < GAP_EVENT_MILLISECONDS) return;
    const data = { gaps: this.#gapsUntold, gapsTotal: gaps, droppedSamplesTotal: droppedSamples };
    this.#gapsUntold = 0;
    this.#gapEventAt = now;
    this.tell("source_gap", "warning", detail, data);
  }
}

interface GapTotals {
  readonly gaps: number;
  readonly droppedSamples: number;
}
