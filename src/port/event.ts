export const EVENT_KINDS = [
  "service_started",
  "service_stopping",
  "source_state",
  "health_alarm",
  "source_gap",
  "source_reset",
  "source_tested",
  "source_restarted",
  "drill_ended",
  "assessment_started",
  "assessment_progress",
  "assessment_ended",
  "live_estimate_low",
  "live_estimate_recovered",
  "tap_opened",
  "tap_closed",
  "reseed",
  "self_test_failed",
  "quorum_lost",
  "quorum_met",
  "outlet_opened",
  "outlet_lost",
  "clock_jump",
  "generation_change",
  "store_failed",
  "store_recovered",
  "source_recalled",
  "log_witness_failed",
  "log_witness_recovered",
  "log_key_rotated",
  "token_created",
  "token_revoked",
  "session_opened",
  "session_closed",
  "configuration_reloaded",
  "key_changed",

  "seal_initialised",
  "seal_opened",
  "seal_closed",
  "seal_refused",
  "slot_added",
  "slot_removed",
  "custodian_enrolled",
  "custodian_removed",
  "destruction_scheduled",
  "destruction_cancelled",
  "destruction_completed",
  "backup_created",
  "backup_discarded",
  "backup_taken",
  "backup_drilled",
  "intent_created",
  "intent_approved",
  "intent_executed",
  "intent_withdrawn",
  "intent_expired",
  "key_exported",
  "certificate_issued",
  "certificate_revoked",
  "slot_retired",
  "epoch_rotated",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Something that happened, kept and shown live. `data` is flat, and holds no secret and no sample. */
export interface ServiceEvent {
  readonly kind: EventKind;
  readonly atMilliseconds: number;
  readonly source: string | null;
  readonly severity: "info" | "warning" | "critical";
  /** The principal who did it; null for what happened by itself. */
  readonly actor: string | null;
  readonly reason: string | null;
  readonly detail: string;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

/** An event with the number it was kept under; `since=` counts by it. */
export interface KeptEvent extends ServiceEvent {
  readonly sequence: number;
}

/** Where rooms report what happened. Synchronous, and never throws. */
export interface Observer {
  event(event: ServiceEvent): void;
}
