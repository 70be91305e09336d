import { ERRORS, type ErrorCode } from "../port/errors.ts";
import type { HealthSnapshot } from "../health/monitor.ts";
import type { SessionEnd, SessionEndReason } from "../port/source.ts";

/** Why a source is not healthy, for status and `doctor`; `cause` is null when it is. */
export interface Explanation {
  readonly cause: ErrorCode | null;
  readonly detail: string;
  readonly remedy: string | null;
}

const CAUSE_OF_END: Readonly<Record<SessionEndReason, ErrorCode>> = {
  aborted: "shutting_down",
  absent: "device_absent",
  permission: "device_permission",
  locked: "device_locked",
  unplugged: "device_absent",
  silent: "device_silent",
  protocol: "device_protocol",
  exhausted: "recording_exhausted",
  exited: "program_exited",
};

function explain(cause: ErrorCode, detail: string): Explanation {
  return { cause, detail, remedy: ERRORS[cause].remedy };
}

export function explainEnd(end: SessionEnd): Explanation {
  return explain(CAUSE_OF_END[end.reason], end.detail);
}

/** A defect ended the session: the source threw, or the books did not balance. No value is in it. */
export function explainFault(error: unknown): Explanation {
  return explain("internal", error instanceof Error ? error.message : "the source failed");
}

/** @param absence why no session is open */
export function explainState(health: HealthSnapshot, absence: Explanation): Explanation {
  const alarm = health.lastAlarm?.detail ?? "";
  switch (health.state) {
    case "healthy":
      return { cause: null, detail: "", remedy: null };
    case "starting":
      return explain(
        "health_starting",
        `${health.startupSamplesRemaining} samples of the startup test remain`,
      );
    case "suspect":
      return explain("health_suspect", alarm);
    case "failed": {
      const { reason = "latched", test = "" } = health.latch ?? {};
      const why = alarm === "" ? `${test}, before the service was started` : alarm;
      return explain("health_failed", `${reason}: ${why}`);
    }
    default:
      return health.silent ? explain("device_silent", alarm) : absence;
  }
}
