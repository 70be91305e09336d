import { Backoff } from "../source/backoff.ts";
import { explainEnd, explainFault, type Explanation } from "./cause.ts";
import type { SessionResult } from "./session.ts";

/** A device that fell silent for so long is opened anew: some only come back that way. */
const REOPEN_SILENT_MILLISECONDS = 10_000;
/** One that sent nothing since it was opened is given longer: a program may have to warm up. */
const REOPEN_UNHEARD_MILLISECONDS = 30_000;
/** A source that may be silent for long by its configuration is given so many times that. */
const REOPEN_SILENCES = 3;

/** What follows a session. */
export type Sequel =
  /** It was ended only to open the next one, which comes as soon as the budget allows its burst. */
  | { readonly next: "reopened" }
  | { readonly next: "retried"; readonly afterMilliseconds: number }
  /** A recording came to its end. */
  | { readonly next: "none" };

/**
 * Whether the device of a source is there, session after session: why it is not, when an open one is
 * given up because it is silent, and how long it is left alone after each end.
 *
 * Times are milliseconds of one monotonic clock.
 */
export class Presence {
  readonly #backoff = new Backoff();
  readonly #silenceMilliseconds: number;
  #absence: Explanation = explainEnd({ reason: "absent", detail: "not opened yet" });
  /** Null: no session is open. */
  #openedAt: number | null = null;
  /** What the session under way was ended for, where that was not its own end. */
  #endedFor: "silence" | "reopening" | null = null;

  /** @param silenceMilliseconds after which the health tests call the source silent */
  constructor(silenceMilliseconds: number) {
    this.#silenceMilliseconds = silenceMilliseconds;
  }

  /** Why no session is open; of the last one that ended. */
  get absence(): Explanation {
    return this.#absence;
  }

  opened(atMilliseconds: number): void {
    this.#openedAt = atMilliseconds;
  }

  /**
   * Is it open and silent for so long that it is to be opened anew? Where it is, the next end is told
   * as silence.
   * @param lastSampleAt null before the first sample of the source's life
   */
  isGivenUp(atMilliseconds: number, lastSampleAt: number | null): boolean {
    if (this.#openedAt === null) return false;
    const heard = this.#heardMilliseconds(lastSampleAt);
    const limit = Math.max(
      heard === null ? REOPEN_UNHEARD_MILLISECONDS : REOPEN_SILENT_MILLISECONDS,
      REOPEN_SILENCES * this.#silenceMilliseconds,
    );
    if (atMilliseconds - this.#openedAt - (heard ?? 0) < limit) return false;
    this.#endedFor ??= "silence";
    return true;
  }

  /** The session is ended only to open the next one: no failure, and no silence either. */
  reopening(): void {
    this.#endedFor = "reopening";
  }

  /** The session ended; a defect is a failure whatever the session was ended for. */
  ended(result: SessionResult, lastSampleAt: number | null): Sequel {
    // A session without a sample is a failure however long it was, so that a dead device backs off.
    const lived = this.#heardMilliseconds(lastSampleAt) ?? 0;
    const endedFor = this.#endedFor;
    this.#openedAt = null;
    this.#endedFor = null;
    if (result.end === undefined) this.#absence = explainFault(result.fault);
    else if (endedFor === "reopening") {
      this.#absence = explainEnd({ reason: "absent", detail: "closed, to be opened again" });
      return { next: "reopened" };
    } else if (endedFor === "silence") {
      this.#absence = explainEnd({
        reason: "silent",
        detail: "open and silent; it is opened anew",
      });
    } else this.#absence = explainEnd(result.end);
    if (result.end?.reason === "exhausted") return { next: "none" };
    return { next: "retried", afterMilliseconds: this.#backoff.ended(lived) };
  }

  /** From the open of this session to its last sample; null without one. */
  #heardMilliseconds(lastSampleAt: number | null): number | null {
    if (this.#openedAt === null || lastSampleAt === null) return null;
    return lastSampleAt < this.#openedAt ? null : lastSampleAt - this.#openedAt;
  }
}
