export const ROLES = ["client", "operator", "auditor", "custodian", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. `id` is public and goes into records; no secret is in here. */
export interface Principal {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly quota: Quota;
}

/** Per second, with a burst of one second; null is unlimited. */
export interface Quota {
  readonly requestsPerSecond: number | null;
  readonly bytesPerSecond: number | null;
}
