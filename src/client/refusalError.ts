import type { Unmet } from "../port/seed.ts";

/**
 * The service answered, and said no. `code` is one of the error catalogue's, or `unexpected_answer`
 * when what answered was not springhouse (a proxy, say). Holds no token and no URL.
 */
export class RefusalError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** What can be done about it. */
  readonly remedy: string;
  /** The requirements that could not be met. */
  readonly unmet: readonly Unmet[];
  /** When it is worth trying again; null where waiting does not help. */
  readonly retryAfterSeconds: number | null;
  /** Finds the request in the service's log. */
  readonly requestId: string | null;

  constructor(
    status: number,
    problem: Readonly<Record<string, unknown>>,
    retryAfter: number | null,
  ) {
    const text = (name: string, otherwise: string): string => {
      const value = problem[name];
      return typeof value === "string" ? value : otherwise;
    };
    const code = text("code", "unexpected_answer");
    const detail = text("detail", `HTTP status ${status} without a problem document.`);
    super(`${code}: ${detail}`);
    this.name = "RefusalError";
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.remedy = text("remedy", "Check that the URL is the service's own.");
    const unmet = problem["unmet"];
    this.unmet = Array.isArray(unmet) ? (unmet as Unmet[]) : [];
    this.retryAfterSeconds = retryAfter;
    this.requestId = text("request_id", "") || null;
  }
}

/** An answer that broke off: what came before is sound, and there is less of it than was asked for. */
export class CutShortError extends Error {
  readonly code = "cut_short";
  readonly receivedBytes: number;
  readonly remedy =
    "Read on with a new request; springhouse status says whether the service is well.";

  constructor(receivedBytes: number, cause?: unknown) {
    super(`the answer was cut short after ${receivedBytes} bytes`, { cause });
    this.name = "CutShortError";
    this.receivedBytes = receivedBytes;
  }
}
