import type { EventKind } from "./event.ts";

/**
 * What the log has besides the events, which stand in it under their own kinds. The documentation's table
 * is generated from it (docs/log.md).
 */
export const LOG_KINDS = {
  listening: "The service takes requests: `url` and the state directory.",
  configuration_refused: "A reload changed nothing, for these `faults`.",
  refused:
    "A request was refused: `code`, `route`, `principal`. No address, header, parameter or body.",
  refusals_suppressed: "So many refusals of the second before have no line of their own.",
  defect: "A defect in springhouse: where it was, without its message, which may quote anything.",
  source_recognised: "A TRNG was found on a serial port; it is not credited.",
  source_session_failed: "A defect ended a source's session; it is opened again.",
  seed_not_kept: "A seed's record is not what the database takes: a defect.",
  database_given_up: "At a stop the database did not take what was left to keep.",
  admin_token_written: "The first admin token is in the state directory.",
  admin_token_not_written: "It could not be written; that is tried again.",
  memory_not_locked: "The system does not let secrets be locked in memory.",
  vault_not_opened: "No slot opened the vault at the start.",
  custodians_refused: "The configured first custodians were refused.",
  destruction_deferred: "A destruction that is due has to wait.",
  key_policy_deferred: "What a key's policy wants has to wait.",
  intents_not_expired: "Intents that have expired could not be written down.",
  revocations_not_read: "Which certificates are revoked could not be read; that is tried again.",
  backups_not_read: "The figures of backups could not be read.",
  service_manager_not_told: "The service manager could not be told of the state.",
  drill_not_kept: "What a drill by the schedule found could not be kept.",
  log_lines_lost: "So many lines could not be written before this one.",
} as const;

export type LogKind = keyof typeof LOG_KINDS;

/** One thing that happened. No secret and no sample; an error goes under `error`. */
export interface LogFields {
  readonly kind: LogKind | EventKind;
  readonly [field: string]: unknown;
}

/** Where lines of the log go: one a thing that happened, with its detail in words. */
export interface Log {
  debug(fields: LogFields, detail: string): void;
  info(fields: LogFields, detail: string): void;
  warn(fields: LogFields, detail: string): void;
  error(fields: LogFields, detail: string): void;
}
