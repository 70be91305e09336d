import type { HealthMonitor } from "../health/monitor.ts";
import type { Cancel, Clock } from "../port/clock.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { SourceTestReport } from "../port/service.ts";
import type { SourceEvents } from "./sourceEvents.ts";

/** A test may take so many times what it takes at the configured rate, and 10 s at least. */
const PATIENCE = 4;
const SHORTEST_MILLISECONDS = 10_000;

/**
 * The test that an operator asks a source for (SP 800-90B 4.3 item 5), one at a time: begun, and
 * answered when it is over or took too long. What is tested is the monitor's business.
 */
export class OnDemandTest {
  readonly #source: string;
  readonly #monitor: HealthMonitor;
  readonly #samplesPerSecond: number;
  readonly #clock: Clock;
  readonly #events: SourceEvents;
  #answer: ((report: SourceTestReport) => void) | null = null;
  #from = 0;
  #cancel: Cancel = () => {};

  constructor(
    source: string,
    monitor: HealthMonitor,
    samplesPerSecond: number,
    clock: Clock,
    events: SourceEvents,
  ) {
    this.#source = source;
    this.#monitor = monitor;
    this.#samplesPerSecond = samplesPerSecond;
    this.#clock = clock;
    this.#events = events;
  }

  get running(): boolean {
    return this.#answer !== null;
  }

  /** @returns a Refusal `conflict` when one is running or the source is failed, `source_absent` */
  begin(actor: string): Promise<SourceTestReport> | Refusal {
    if (this.running) return TEST_RUNNING;
    const refusal = this.#monitor.beginOnDemandTest(this.#clock.monotonicMilliseconds());
    if (refusal) return refusal;
    this.#from = this.#monitor.samples;
    const { startupSamplesRemaining } = this.#monitor.snapshot();
    const expected = (startupSamplesRemaining / this.#samplesPerSecond) * 1000;
    this.#cancel = this.#clock.schedule(Math.max(SHORTEST_MILLISECONDS, PATIENCE * expected), () =>
      this.settle(),
    );
    return new Promise((resolve) => {
      this.#answer = (report) => {
        const { passed, samples, detail } = report;
        const severity = passed ? "info" : "warning";
        this.#events.tell("source_tested", severity, detail, { passed, samples }, actor);
        resolve(report);
      };
    });
  }

  /** Answers where the monitor is through with it; cheap, for it is called with every chunk. */
  settleIfOver(): void {
    if (this.running && this.#monitor.snapshot().onDemandTest !== "running") this.settle();
  }

  /** Answers now, passed or not: nobody waits any longer. */
  settle(): void {
    const answer = this.#answer;
    if (answer === null) return;
    this.#answer = null;
    this.#cancel();
    const { onDemandTest, state, tests } = this.#monitor.snapshot();
    const samples = this.#monitor.samples - this.#from;
    const detail = `on-demand test ${onDemandTest === "running" ? "abandoned" : onDemandTest}`;
    answer({
      source: this.#source,
      passed: onDemandTest === "passed",
      samples,
      state,
      tests,
      detail,
    });
  }
}

export const TEST_RUNNING: Refusal = refuse(
  "conflict",
  "an on-demand test of this source is running",
);
