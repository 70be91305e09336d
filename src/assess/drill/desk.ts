import { randomBytes } from "node:crypto";
import type { HealthOptions } from "../../health/monitor.ts";
import type { Cancel, Clock } from "../../port/clock.ts";
import type { DrillAnswer, DrillReport, DrillSnapshot } from "../../port/drill.ts";
import { refuse, type Refusal } from "../../port/errors.ts";
import type { ServiceEvent } from "../../port/event.ts";
import type { Introspection } from "../../port/service.ts";
import type { SourceSnapshot } from "../../port/snapshot.ts";
import { drill } from "./drill.ts";

/** The schedule looks at the clock this often: no timer of a computer counts months. */
const LOOK_MILLISECONDS = 3_600_000;
/** Not at once: a service that starts has better to do. */
const FIRST_MILLISECONDS = 3_600_000;

/** The last drill of a source, as it is kept. */
export interface KeptDrill {
  readonly report: DrillReport;
  readonly lastPassedMilliseconds: number | null;
}

export interface DrillDeskTerms {
  readonly clock: Clock;
  readonly introspection: Introspection;
  /** What the live tests of a source are computed from; undefined for one that is not there. */
  readonly options: (source: string) => HealthOptions | undefined;
  readonly version: string;
  readonly build: string;
  /** Signs a report that has no attestation yet. */
  readonly attest: (report: DrillReport) => string;
  /** The event and the drill, in one transaction. */
  readonly keep: (event: ServiceEvent, kept: KeptDrill) => Promise<void>;
  /** Told where a drill by the schedule could not be kept. */
  readonly failed: (error: unknown) => void;
  /** Null: only when somebody asks. */
  readonly intervalMilliseconds: number | null;
}

/**
 * Drills of the health tests, when asked for and by a schedule. A source is drilled as it is configured,
 * in monitors of their own: of the live service only its picture is read.
 */
export class DrillDesk {
  readonly #terms: DrillDeskTerms;
  readonly #last: Map<string, KeptDrill>;
  readonly #startedMilliseconds: number;
  #running: Promise<unknown> | null = null;
  #cancel: Cancel = () => {};
  #stopped = false;

  /** @param last as `keep` kept them in earlier lives */
  constructor(terms: DrillDeskTerms, last: readonly KeptDrill[]) {
    this.#terms = terms;
    this.#last = new Map(last.map((kept) => [kept.report.source.id, kept]));
    this.#startedMilliseconds = terms.clock.wallMilliseconds();
  }

  start(): void {
    const { clock, intervalMilliseconds } = this.#terms;
    if (intervalMilliseconds === null || this.#stopped) return;
    const wait = this.#due(intervalMilliseconds) - clock.wallMilliseconds();
    this.#cancel = clock.schedule(Math.max(0, Math.min(wait, LOOK_MILLISECONDS)), () => {
      if (wait > LOOK_MILLISECONDS) this.start();
      else
        void this.run(null, null)
          .catch(this.#terms.failed)
          .finally(() => this.start());
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#running?.catch(() => {});
  }

  /** The last report of each source. */
  reports(): readonly DrillReport[] {
    return [...this.#last.values()].map(({ report }) => report);
  }

  snapshot(): readonly DrillSnapshot[] {
    return [...this.#last.values()].map(({ report, lastPassedMilliseconds }) => ({
      source: report.source.id,
      atMilliseconds: report.atMilliseconds,
      passed: report.passed,
      lastPassedMilliseconds,
    }));
  }

  /**
   * Rejects when what was found cannot be kept.
   * @param source null: every source, the absent ones as refusals among the answers
   * @param actor null: the schedule
   */
  async run(
    source: string | null,
    actor: string | null,
  ): Promise<readonly DrillAnswer[] | Refusal> {
    if (this.#running !== null) return refuse("busy", "A drill is under way.");
    if (this.#stopped) return refuse("shutting_down", "the service is stopping");
    const { sources } = this.#terms.introspection.snapshot();
    const asked = sources.filter(({ id }) => source === null || id === source);
    if (asked.length === 0) return refuse("not_found", `There is no source ${source}.`);
    const all = this.#drillAll(asked, actor);
    this.#running = all;
    try {
      return await all;
    } finally {
      this.#running = null;
    }
  }

  async #drillAll(
    sources: readonly SourceSnapshot[],
    actor: string | null,
  ): Promise<readonly DrillAnswer[]> {
    const answers: DrillAnswer[] = [];
    for (const source of sources) {
      if (this.#stopped) break;
      const { id } = source;
      const options = this.#terms.options(id);
      if (options === undefined || source.state === "absent" || source.device === null) {
        answers.push({ source: id, report: null, refusal: noDevice(source) });
        continue;
      }
      const report = await this.#drill(source, options, actor);
      answers.push({ source: id, report, refusal: null });
    }
    return answers;
  }

  async #drill(
    { id, kind, physical, device }: SourceSnapshot,
    options: HealthOptions,
    actor: string | null,
  ): Promise<DrillReport> {
    const { clock, version, build, attest, keep, introspection } = this.#terms;
    const seed = randomBytes(32).toString("hex");
    const result = await drill(options, seed);
    const atMilliseconds = clock.wallMilliseconds();
    const unsigned: DrillReport = {
      format: "springhouse-drill-1",
      atMilliseconds,
      springhouse: version,
      build,
      configurationVersion: introspection.snapshot().configurationVersion,
      source: { id, kind, physical, device },
      tests: asJson(options),
      seed,
      ...result,
      attestation: null,
    };
    const report = { ...unsigned, attestation: attest(unsigned) };
    const before = this.#last.get(id)?.lastPassedMilliseconds ?? null;
    const kept = { report, lastPassedMilliseconds: report.passed ? atMilliseconds : before };
    await keep(eventOf(report, actor), kept);
    this.#last.set(id, kept);
    return report;
  }

  #due(intervalMilliseconds: number): number {
    const newest = Math.max(
      ...[...this.#last.values()].map(({ report }) => report.atMilliseconds),
      -Infinity,
    );
    const now = this.#terms.clock.wallMilliseconds();
    // A clock that was set back must not put it off for ever.
    const from = newest > now ? -Infinity : newest;
    return Math.max(from + intervalMilliseconds, this.#startedMilliseconds + FIRST_MILLISECONDS);
  }
}

/** What is undefined has no JSON. */
function asJson(options: HealthOptions): Readonly<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(options)) as Record<string, unknown>;
}

function noDevice({ id, detail, remedy, cause }: SourceSnapshot) {
  const {
    code,
    detail: what,
    remedy: general,
  } = refuse(
    "source_absent",
    `${id} has no device: ${detail || cause || "it is not open"}. Its tests run on nothing, and a drill would vouch for them.`,
  );
  return { code, detail: what, remedy: remedy ?? general };
}

function eventOf(report: DrillReport, actor: string | null): ServiceEvent {
  const { source, passed, atMilliseconds, outcomes, requirements, seed } = report;
  const failed = [
    ...outcomes.filter((one) => !one.passed).map(({ test, severity }) => `${test}/${severity}`),
    ...requirements.filter((one) => !one.passed).map(({ clause }) => clause),
  ];
  return {
    kind: "drill_ended",
    atMilliseconds,
    source: source.id,
    severity: passed ? "info" : "critical",
    actor,
    reason: null,
    detail: passed
      ? `${outcomes.length} induced failures, each found where theory has it`
      : `not as theory has it: ${failed.join(", ")}`,
    data: { passed, exercises: outcomes.length, failed: failed.length, seed },
  };
}
