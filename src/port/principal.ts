export const ROLES = ["client", "operator", "auditor", "custodian", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. `id` is public and goes into records; no secret is in here. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly quota: Quota;
}

/** What one client took since the start, as its quota counts it. */
export interface ClientUse {
  /** A principal's id; null: every principal beyond those that are told one by one. */
  readonly client: string | null;
  /** Null for the others, who have several. */
  readonly quota: Quota | null;
  /** Admitted, those of a batch each. */
  readonly requests: number;
  /** Random bytes that were charged, also where the answer was then a refusal. */
  readonly bytes: number;
  /** Refused with `over_quota`, by the quota that was used up. */
  readonly refusedRequests: number;
  readonly refusedBytes: number;
}

/** Per second, with a burst of one second; null is unlimited. */
export interface Quota {
  readonly requestsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
}
