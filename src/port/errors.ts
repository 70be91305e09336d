import type { Unmet } from "./seed.ts";

interface ErrorEntry {
  /** HTTP status; null for errors that never travel over HTTP. */
  readonly status: number | null;
  readonly meaning: string;
  /** What the reader can do, in general; an error's own `remedy` may be more exact. */
  readonly remedy: string;
}

/**
 * The one catalogue of errors. The documentation's table is generated from it (docs/errors.md).
 * Codes never change their meaning; a test holds that every code is used and every used code is here.
 */
export const ERRORS = {
  invalid_parameter: {
    status: 400,
    meaning: "A parameter is missing, of the wrong type, or out of range. Nothing was drawn.",
    remedy: "Correct the parameter that the detail names; /openapi.json has every range.",
  },
  not_authentic: {
    status: 400,
    meaning: "A ciphertext or wrapped key was changed, or another key, version or context made it.",
    remedy: "Send what was answered, unchanged, with the same context and to the same key.",
  },
  unauthenticated: {
    status: 401,
    meaning: "No token, or one that is unknown, expired or revoked.",
    remedy: "Send `Authorization: Bearer TOKEN`; `springhouse token create` makes one.",
  },
  forbidden: {
    status: 403,
    meaning: "The principal has none of the roles that this route needs.",
    remedy: "Use a token with one of the roles that the detail names.",
  },
  not_found: {
    status: 404,
    meaning: "No such route, source, output or token.",
    remedy: "See /openapi.json for the routes and /v1/sources for the sources.",
  },
  method_not_allowed: {
    status: 405,
    meaning: "The route exists, the method does not.",
    remedy: "Use one of the methods in the Allow header.",
  },
  not_acceptable: {
    status: 406,
    meaning: "None of the media types in the Accept header can be given.",
    remedy: "Accept application/octet-stream, application/json or text/plain.",
  },
  conflict: {
    status: 409,
    meaning: "The thing is in a state that does not allow this.",
    remedy: "Read the detail; GET the resource to see the state it is in.",
  },
  approval_required: {
    status: 403,
    meaning: "This takes an intent that custodians have approved. Nothing was changed.",
    remedy:
      "`springhouse intent create` asks them. To stop a key, suspend or compromise it: that needs no approval.",
  },
  approval_refused: {
    status: 403,
    meaning: "What was sent does not count as an approval of this intent. Nothing was changed.",
    remedy: "GET the intent, and sign its document under its namespace with an enrolled key.",
  },
  key_use_refused: {
    status: 403,
    meaning: "The key's policy does not allow this use. Nothing was done.",
    remedy: "GET the key to see its usages, algorithms, principals and validity.",
  },
  key_limit_reached: {
    status: 409,
    meaning: "The version has protected as much as its policy or its algorithm allows.",
    remedy: "Rotate the key; the old version goes on decrypting and verifying.",
  },
  revision_changed: {
    status: 412,
    meaning:
      "Somebody else changed the key since the revision that was given. Nothing was changed.",
    remedy: "GET the key, look at what changed, and try again with its present revision.",
  },
  body_too_large: {
    status: 413,
    meaning: "The body is larger than this route takes.",
    remedy: "Send a smaller body.",
  },
  unsupported_media_type: {
    status: 415,
    meaning: "The body is not of a media type that this route takes.",
    remedy: "Send application/json.",
  },
  over_quota: {
    status: 429,
    meaning: "The principal used up its requests or bytes per second.",
    remedy: "Wait for Retry-After, or ask an admin for a larger quota.",
  },
  busy: {
    status: 503,
    meaning: "As many slow operations as are allowed are already under way.",
    remedy: "Try again after Retry-After.",
  },
  unmet: {
    status: 503,
    meaning: "A requirement of the request, or the quorum, cannot be met now. Nothing was drawn.",
    remedy: "See `unmet` for which; `springhouse doctor` says what stands in the way.",
  },
  pool_exhausted: {
    status: 503,
    meaning: "Demand outran the noise: the seed is spent and the next is not collected yet.",
    remedy: "Try again after Retry-After, draw less, or add a source.",
  },
  not_ready: {
    status: 503,
    meaning: "The DRBG has not been seeded since the start.",
    remedy: "Wait for /readyz; `springhouse doctor` says what it waits for.",
  },
  self_test_failed: {
    status: 503,
    meaning: "A cryptographic self-test failed; every output is stopped.",
    remedy: "Restart on sound hardware and keep the log: this is a defect or a broken machine.",
  },
  store_failed: {
    status: 503,
    meaning:
      "The database did not take a record that had to be durable first. Nothing was answered.",
    remedy: "Free disk space or repair the state directory; the service recovers by itself.",
  },
  sealed: {
    status: 503,
    meaning:
      "The vault is sealed, so no key that is kept can be used. Random bytes are still given.",
    remedy:
      "Open it with `springhouse seal open`; `springhouse seal status` says why it is sealed.",
  },
  slot_refused: {
    status: 403,
    meaning:
      "A slot did not open the vault: a wrong passphrase, or its file or device says no. It stays sealed.",
    remedy: "Try again with what the slot was made with, or open another slot.",
  },
  throttled: {
    status: 429,
    meaning:
      "Too many wrong passphrases, or tokens at sign-in, in a row: the next is not looked at before Retry-After.",
    remedy: "Wait, or open another slot. A slot that opens by itself does not wait.",
  },
  material_damaged: {
    status: 500,
    meaning: "What is stored of a key is not what was stored: it was changed, swapped or damaged.",
    remedy: "Keep the database and its log for an examination; restore a backup.",
  },
  shutting_down: {
    status: 503,
    meaning: "The service is stopping.",
    remedy: "Try again when it is back.",
  },
  source_absent: {
    status: 503,
    meaning: "The device is not there, so it can be neither tapped nor tested.",
    remedy: "Plug it in; `springhouse doctor` says what was tried.",
  },
  internal: {
    status: 500,
    meaning: "A defect in springhouse. Nothing was drawn.",
    remedy: "Report it with the log line of the same request id.",
  },
  configuration_invalid: {
    status: null,
    meaning: "The configuration file has faults; nothing was opened. Exit code 2.",
    remedy: "Mend every line that is named.",
  },
  listen_insecure: {
    status: null,
    meaning: "Listening beyond loopback without TLS was asked for. Exit code 2.",
    remedy: "Configure tls.certificate and tls.key, or listen on 127.0.0.1.",
  },
  listen_failed: {
    status: null,
    meaning: "The address or the Unix socket cannot be listened on. Exit code 1.",
    remedy: "Stop what uses the address, or name another with --listen or `listen`.",
  },
  state_in_use: {
    status: null,
    meaning: "Another process uses this state directory. Exit code 1.",
    remedy: "Stop it, or name another directory with --state.",
  },
  device_absent: {
    status: null,
    meaning: "The device, file or program of a source is not there.",
    remedy: "Plug the device in, or correct the source's path or USB identity.",
  },
  device_permission: {
    status: null,
    meaning: "The device is there, and this user may not open it.",
    remedy: "Add the user to the device's group (see `ls -l` of its path), then replug.",
  },
  device_locked: {
    status: null,
    meaning: "Another program holds the device.",
    remedy: "Stop it; `fuser -v PATH` names it. ModemManager is a usual suspect.",
  },
  device_silent: {
    status: null,
    meaning: "The device is open and sends nothing.",
    remedy: "Replug it; check that its mode and baud rate are the configured ones.",
  },
  device_protocol: {
    status: null,
    meaning: "The device answered something that its protocol does not allow.",
    remedy: "Check that the configured family is the device's; update its firmware.",
  },
  program_exited: {
    status: null,
    meaning: "The external program of a source ended; it is started again with back-off.",
    remedy: "Run the command by hand and read what it prints.",
  },
  recording_exhausted: {
    status: null,
    meaning: "A recording came to its end; recordings are not played twice.",
    remedy: "Give a longer recording, or remove the source.",
  },
  health_suspect: {
    status: null,
    meaning: "A health test alarmed; the source must pass a startup test again.",
    remedy: "Nothing, if it recovers. If alarms come back, replace or reassess the device.",
  },
  health_failed: {
    status: null,
    meaning: "A permanent alarm latched: the source gives nothing until an operator resets it.",
    remedy: "Find the cause, then `POST /v1/sources/{id}/reset` with a reason.",
  },
  health_starting: {
    status: null,
    meaning: "The startup test is running.",
    remedy: "Wait; at the source's rate it takes startupSamples.",
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** A refusal is expected, so it is a value: what was not given, why, and what to do. */
export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string;
  readonly unmet: readonly Unmet[];
  readonly retryAfterSeconds: number | null;
}

/** @param more the members that differ from the catalogue's entry */
export function refuse(
  code: ErrorCode,
  detail: string,
  more: Partial<Pick<Refusal, "remedy" | "unmet" | "retryAfterSeconds">> = {},
): Refusal {
  return {
    ok: false,
    code,
    detail,
    remedy: more.remedy ?? ERRORS[code].remedy,
    unmet: more.unmet ?? [],
    retryAfterSeconds: more.retryAfterSeconds ?? null,
  };
}

/** For what cannot be a value: an error that must unwind the stack, with its place in the catalogue. */
export class SpringhouseError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;

  constructor(code: ErrorCode, detail: string, remedy: string = ERRORS[code].remedy) {
    super(detail);
    this.name = "SpringhouseError";
    this.code = code;
    this.remedy = remedy;
  }
}
