import { ERRORS, refuse, SpringhouseError, type ErrorCode, type Refusal } from "../port/errors.ts";

export const PROBLEM_TYPE = "application/problem+json";

/** RFC 9457, with the members of the error catalogue. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly unmet?: readonly string[];
  readonly request_id: string;
}

/** A 503 always says when to come again; where nobody knows better, in this many seconds. */
const RETRY_SECONDS = 5;

/** Codes that are not for HTTP (a device's fault, say) are a defect if they come this far. */
export function statusOf(code: ErrorCode): number {
  return ERRORS[code].status ?? 500;
}

export function problemOf(refusal: Refusal, requestId: string): Problem {
  const { code, detail, remedy, unmet } = refusal;
  return {
    type: `urn:springhouse:problem:${code}`,
    title: ERRORS[code].meaning,
    status: statusOf(code),
    detail,
    code,
    remedy,
    ...(statusOf(code) === 503 && (unmet.length > 0 || code === "unmet") ? { unmet } : {}),
    request_id: requestId,
  };
}

/** The headers that go with it, names in lower case. */
export function problemHeaders(refusal: Refusal): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": PROBLEM_TYPE,
    "cache-control": "no-store",
  };
  const status = statusOf(refusal.code);
  if (status === 503 || status === 429)
    headers["retry-after"] = String(
      Math.max(1, Math.ceil(refusal.retryAfterSeconds ?? RETRY_SECONDS)),
    );
  if (status === 401) headers["www-authenticate"] = 'Bearer realm="springhouse"';
  return headers;
}

/** Errors of fastify's own that are the client's doing, by their code. */
const FASTIFY_ERRORS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: [
    "body_too_large",
    "The body is larger than this route takes: 16 KiB, but for assessments and what is done with keys.",
  ],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    "unsupported_media_type",
    "The body must be application/json; of assessments application/octet-stream.",
  ],
  FST_ERR_CTP_EMPTY_JSON_BODY: ["invalid_parameter", "The body is empty."],
  FST_ERR_CTP_INVALID_JSON_BODY: ["invalid_parameter", "The body is not JSON."],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    "invalid_parameter",
    "The body is not as long as Content-Length says.",
  ],
  FST_ERR_BAD_URL: ["invalid_parameter", "The path is not a valid URL."],
  FST_ERR_MAX_PARAM_LENGTH: ["not_found", "There is nothing of so long a name."],
};

/** What an error is to the client; null for a defect, whose message must not leave the house. */
export function refusalOf(error: unknown): Refusal | null {
  if (error instanceof SpringhouseError)
    return refuse(error.code, error.message, { remedy: error.remedy });
  const code = (error as { code?: unknown } | null)?.code;
  const known = typeof code === "string" ? FASTIFY_ERRORS[code] : undefined;
  if (known) return refuse(...known);
  // secure-json-parse throws a plain SyntaxError with a status, for bad JSON and for `__proto__`.
  if (error instanceof SyntaxError && (error as { statusCode?: unknown }).statusCode === 400)
    return refuse("invalid_parameter", "The body is not JSON.");
  return null;
}

/** Where a defect was, without its message, which may quote what it choked on. */
export interface DefectPlace {
  readonly name: string;
  readonly frames: readonly string[] | undefined;
}

export function placeOf(error: unknown): DefectPlace {
  const { name, stack } = error instanceof Error ? error : new Error("not an Error");
  return { name, frames: stack?.split("\n").filter((line) => /^\s+at /.test(line)) };
}

export function defect(): Refusal {
  return refuse("internal", "An unexpected error; the log has it under this request id.");
}
