export const FINDING_KINDS = [
  "past_cryptoperiod",
  "exportable_key",
  "best_effort_slot",
  "few_custodians",
  "witness_lags",
  "no_witness",
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Something that an assessor would ask about. It says what is, and what can be done. */
export interface Finding {
  readonly kind: FindingKind;
  /** What it is about: a key with its version, a slot, a witness, an operation. */
  readonly subject: string;
  readonly detail: string;
  readonly remedy: string;
}

/** What a control asks for, what here answers it, and the tests that show it. */
export interface ControlMapping {
  readonly standard: string;
  readonly clause: string;
  readonly about: string;
  /** Where the clause's number and subject were read; null: nowhere, they are from memory. */
  readonly source: string | null;
  readonly feature: string;
  /** Files of the repository. */
  readonly tests: readonly string[];
}

export interface ComplianceReport {
  readonly atMilliseconds: number;
  readonly statement: string;
  readonly findings: readonly Finding[];
  readonly controls: readonly ControlMapping[];
}
