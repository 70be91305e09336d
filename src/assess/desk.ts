import { createHash, randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../port/clock.ts";
import { refuse, SpringhouseError, type Refusal } from "../port/errors.ts";
import type { EventKind, Observer, ServiceEvent } from "../port/event.ts";
import type { EventJournal, Introspection, SourceControl, Tap } from "../port/service.ts";
import type { RecordingManifest } from "../source/recordingManifest.ts";
import { assessmentOf, type Assessment, type AttestReport, type Subject } from "./assessment.ts";
import { htmlOf } from "./report/htmlOf.ts";
import { runSuite } from "./runSuite.ts";
import type { Samples } from "./samples.ts";
import type { SuiteChoices } from "./suite.ts";
import { loadSuite, parametersOf, SUITE_CARDS, type SuiteName } from "./suites.ts";

/** The event journal is kept: a line at most this often for each assessment. */
const PROGRESS_MILLISECONDS = 5000;
/** Reports that are kept for those who come for them later; the oldest goes first. */
const KEPT_ASSESSMENTS = 16;
/** Hashed in one go: well below a millisecond, so that no client waits for it. */
const TURN_SAMPLES = 2 ** 18;
/** Behind every thread that answers a client. */
const NICENESS = 15;

export interface AssessmentOrder {
  readonly suite: SuiteName;
  readonly choices: SuiteChoices;
  readonly from:
    | { readonly source: string; readonly samples: number }
    | { readonly upload: Uint8Array; readonly bitsPerSample: number };
}

export type AssessmentState = "collecting" | "running" | "finished" | "failed" | "cancelled";

/** An assessment as it can be asked for. */
export interface AssessmentStatus {
  readonly id: string;
  readonly suite: SuiteName;
  /** A source's name, or `upload`. */
  readonly subject: string;
  readonly state: AssessmentState;
  readonly progress: string;
  readonly startedMilliseconds: number;
  readonly endedMilliseconds: number | null;
  /** Null until it is finished. */
  readonly assessment: Assessment | null;
}

interface Entry extends AssessmentStatus {
  html: string | null;
  state: AssessmentState;
  progress: string;
  endedMilliseconds: number | null;
  assessment: Assessment | null;
  readonly actor: string;
  readonly cancel: AbortController;
  toldMilliseconds: number;
}

export interface DeskOptions {
  readonly clock: Clock;
  readonly sources: SourceControl;
  readonly introspection: Introspection;
  /** The name of the machine, as it stands in manifests. */
  readonly host: string;
  readonly events: Observer & EventJournal;
  readonly version: string;
  readonly attest: AttestReport;
  /** Assessments under way at once. */
  readonly atOnce: number;
  readonly threads: number;
  readonly maximumSeconds: number;
  readonly maximumSamples: number;
}

/**
 * Assessments of live sources and uploads. Samples of a source come by a tap, so they never seed
 * anything; what is estimated runs on threads that give way to those that answer clients.
 */
export class AssessmentDesk {
  readonly #options: DeskOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #under = new Set<Promise<void>>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  get maximumSamples(): number {
    return this.#options.maximumSamples;
  }

  /** Why nothing may begin now; null when it may. */
  get full(): Refusal | null {
    const { atOnce } = this.#options;
    return this.#under.size < atOnce
      ? null
      : refuse("busy", `${atOnce} assessments are under way, which is as many as may.`);
  }

  /** Answered when it has begun. Rejects when the act cannot be kept. */
  async start(order: AssessmentOrder, actor: string): Promise<AssessmentStatus | Refusal> {
    const { clock } = this.#options;
    const { full } = this;
    if (full !== null) return full;
    const { suite, from } = order;
    const { notLive } = SUITE_CARDS[suite];
    if ("source" in from && notLive !== undefined) return refuse("invalid_parameter", notLive);
    const subject = "source" in from ? from.source : "upload";
    const entry: Entry = {
      id: `assessment-${randomBytes(8).toString("hex")}`,
      suite,
      subject,
      state: "source" in from ? "collecting" : "running",
      progress: "",
      startedMilliseconds: clock.wallMilliseconds(),
      endedMilliseconds: null,
      assessment: null,
      html: null,
      actor,
      cancel: new AbortController(),
      toldMilliseconds: clock.monotonicMilliseconds(),
    };
    // The place is taken before anything is waited for.
    let finish = (): void => {};
    const place = new Promise<void>((resolve) => (finish = resolve));
    this.#under.add(place);
    const leave = (): void => {
      this.#under.delete(place);
      finish();
    };
    try {
      await this.#options.events.record(this.#event("assessment_started", entry, suite));
    } catch (error) {
      leave();
      throw error;
    }
    this.#entries.set(entry.id, entry);
    this.#forgetOldest();
    void this.#work(entry, order).finally(leave);
    return describe(entry);
  }

  list(): readonly AssessmentStatus[] {
    return [...this.#entries.values()].map((entry) => ({ ...describe(entry), assessment: null }));
  }

  find(id: string): AssessmentStatus | undefined {
    const entry = this.#entries.get(id);
    return entry && describe(entry);
  }

  /** The report as a page; null while there is none. */
  html(id: string): string | null {
    return this.#entries.get(id)?.html ?? null;
  }

  /** Ends it at once; false for one that is not under way. */
  cancel(id: string): boolean {
    const entry = this.#entries.get(id);
    if (!entry || entry.endedMilliseconds !== null) return false;
    entry.cancel.abort(new Cancelled());
    return true;
  }

  async stop(): Promise<void> {
    // It stands in the journal, where whoever comes for a report after the next start finds it.
    for (const entry of this.#entries.values())
      entry.cancel.abort(new Cancelled("the service was stopped"));
    await Promise.all(this.#under);
  }

  async #work(entry: Entry, order: AssessmentOrder): Promise<void> {
    const { clock, maximumSeconds } = this.#options;
    const expiry = new AbortController();
    const unschedule = clock.schedule(maximumSeconds * 1000, () => {
      const reason = `the time limit of ${maximumSeconds} s passed`;
      // A suite under way may have a part of a result; what is collected is none.
      const ending = entry.state === "running" ? expiry : entry.cancel;
      ending.abort(new SpringhouseError("conflict", reason));
    });
    try {
      const { samples, file } = await this.#collect(entry, order);
      await this.#assess(entry, order, samples, file, expiry.signal);
      entry.state = "finished";
      entry.progress = entry.assessment!.summary;
    } catch (error) {
      entry.state = error instanceof Cancelled ? "cancelled" : "failed";
      entry.progress = explain(error);
    } finally {
      unschedule();
      entry.endedMilliseconds = clock.wallMilliseconds();
      const severity = entry.state === "failed" ? "warning" : "info";
      this.#options.events.event(
        this.#event("assessment_ended", entry, `${entry.state}: ${entry.progress}`, severity),
      );
    }
  }

  async #collect(
    entry: Entry,
    { from }: AssessmentOrder,
  ): Promise<{ readonly samples: Samples; readonly file: Subject }> {
    const { signal } = entry.cancel;
    if ("upload" in from) {
      const samples = { symbols: from.upload, bitsPerSymbol: from.bitsPerSample };
      return { samples, file: await subjectOf(samples, "upload", signal) };
    }
    const { clock } = this.#options;
    const tap = this.#options.sources.tap(from.source, from.samples, entry.actor);
    if ("ok" in tap) throw new SpringhouseError(tap.code, tap.detail, tap.remedy);
    const fromMilliseconds = clock.wallMilliseconds();
    const close = (): void => tap.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      const symbols = new Uint8Array(new SharedArrayBuffer(from.samples));
      let filled = 0;
      for await (const chunk of tap.chunks) {
        symbols.set(chunk, filled);
        filled += chunk.length;
        this.#tell(entry, `${filled} of ${from.samples} samples collected`);
      }
      signal.throwIfAborted();
      if (filled !== from.samples) throw new SpringhouseError("conflict", "the tap ended early");
      // A clock that was set back meanwhile has it end when it began.
      const toMilliseconds = Math.max(fromMilliseconds, clock.wallMilliseconds());
      entry.state = "running";
      const samples = { symbols, bitsPerSymbol: tap.bitsPerSample };
      const file = await subjectOf(samples, from.source, signal);
      const manifest = this.#manifestOf(tap, file, fromMilliseconds, toMilliseconds);
      return { samples, file: { ...file, manifest } };
    } finally {
      signal.removeEventListener("abort", close);
      tap.close();
    }
  }

  /** What a capture of the same samples would have beside it, so that a report alone is evidence. */
  #manifestOf(
    { source, device, firstSequence }: Tap,
    { bitsPerSample, samples, sha256 }: Subject,
    fromMilliseconds: number,
    toMilliseconds: number,
  ): RecordingManifest | null {
    const { host, introspection } = this.#options;
    const { sources, configurationVersion } = introspection.snapshot();
    const kind = sources.find(({ id }) => id === source)?.kind;
    // Unplugged and forgotten since: nobody is left who could say what it was.
    if (kind === undefined) return null;
    return {
      format: "springhouse-recording-1",
      source,
      kind,
      device: device && { ...device, caveats: [...device.caveats] },
      bitsPerSample,
      configurationVersion,
      host,
      fromMilliseconds,
      toMilliseconds,
      firstSequence,
      samples,
      sha256,
      restart: "none",
      samplesPerRestart: null,
    };
  }

  async #assess(
    entry: Entry,
    order: AssessmentOrder,
    samples: Samples,
    file: Subject,
    expiry: AbortSignal,
  ): Promise<void> {
    const { clock, version, threads, attest } = this.#options;
    const { suite } = order;
    const parameters = parametersOf(suite, order.choices, () => randomBytes(32).toString("hex"));
    const loaded = await loadSuite(suite);
    const fault = loaded.fault(samples, parameters, file.manifest);
    if (fault !== null) throw new SpringhouseError("invalid_parameter", fault);
    const { signal } = entry.cancel;
    const result = await runSuite({
      suite,
      samples,
      parameters,
      threads,
      niceness: NICENESS,
      signal,
      expiry,
      progress: (text) => this.#tell(entry, text),
    });
    const { assessment, findings } = assessmentOf(loaded, result, samples, file, parameters, {
      atMilliseconds: clock.wallMilliseconds(),
      springhouse: version,
      node: process.version,
      attest,
    });
    entry.html = await htmlOf({ assessment, findings, samples }, NICENESS, signal);
    entry.assessment = assessment;
  }

  #tell(entry: Entry, progress: string): void {
    entry.progress = progress;
    const now = this.#options.clock.monotonicMilliseconds();
    if (now - entry.toldMilliseconds < PROGRESS_MILLISECONDS) return;
    entry.toldMilliseconds = now;
    this.#options.events.event(this.#event("assessment_progress", entry, progress));
  }

  #event(
    kind: EventKind,
    { id, suite, subject, actor }: Entry,
    detail: string,
    severity: ServiceEvent["severity"] = "info",
  ): ServiceEvent {
    return {
      kind,
      atMilliseconds: this.#options.clock.wallMilliseconds(),
      source: subject === "upload" ? null : subject,
      severity,
      actor,
      reason: null,
      detail,
      data: { assessment: id, suite },
    };
  }

  #forgetOldest(): void {
    for (const [id, { endedMilliseconds }] of this.#entries) {
      if (this.#entries.size <= KEPT_ASSESSMENTS) return;
      if (endedMilliseconds !== null) this.#entries.delete(id);
    }
  }
}

class Cancelled extends Error {
  constructor(message = "cancelled") {
    super(message);
  }
}

/** What may be told; the message of a defect may quote what it choked on. */
function explain(error: unknown): string {
  if (error instanceof SpringhouseError || error instanceof Cancelled) return error.message;
  return "a defect in springhouse; nothing was assessed";
}

function describe(entry: Entry): AssessmentStatus {
  const { id, suite, subject, state, progress } = entry;
  const { startedMilliseconds, endedMilliseconds, assessment } = entry;
  return {
    id,
    suite,
    subject,
    state,
    progress,
    startedMilliseconds,
    endedMilliseconds,
    assessment,
  };
}

/** What is to be assessed, with its hash and as yet without a manifest. @throws the signal's reason */
async function subjectOf(
  { symbols, bitsPerSymbol }: Samples,
  name: string,
  signal: AbortSignal,
): Promise<Subject> {
  const hash = createHash("sha256");
  for (let from = 0; from < symbols.length; from += TURN_SAMPLES) {
    const turn = symbols.subarray(from, from + TURN_SAMPLES);
    // Those that answer clients come in between.
    await setImmediate();
    signal.throwIfAborted();
    hash.update(turn);
  }
  return {
    name,
    sha256: hash.digest("hex"),
    samples: symbols.length,
    bitsPerSample: bitsPerSymbol,
    manifest: null,
  };
}
