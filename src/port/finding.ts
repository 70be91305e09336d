export const LEVELS = ["fault", "warning", "note", "ok"] as const;
/**
 * `ok` needs nothing; `note` is worth knowing; `warning` costs something; `fault` stops output, or lets
 * others at what is secret.
 */
export type Level = (typeof LEVELS)[number];

/** What `doctor` found about one thing: the cause, the evidence it goes by, and what to do. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly cause: string;
  readonly evidence: string;
  readonly remedy: string | null;
}

/** What a service found out about itself and its machine. */
export interface Diagnosis {
  readonly atMilliseconds: number;
  /** Worst first. */
  readonly findings: readonly Finding[];
}
