/** When and how a key gets a new version by itself. Null: never for that reason. */
export interface RotationPolicy {
  /** Days from the activation of one version to the next. */
  readonly everyDays: number | null;
  /** Protecting operations of one version, and bytes that they took. */
  readonly maximumOperations: number | null;
  readonly maximumBytes: number | null;
  /** Days that a version which was replaced stays active. It never protects again. */
  readonly overlapDays: number;
  /** Replaced versions that still process; older ones are retired. Null keeps all of them. */
  readonly keepVersions: number | null;
}

/** What a key may be used for beyond its purpose. Each change of it is a leaf. */
export interface KeyPolicy {
  /** Unix milliseconds: no version is used before, or protects at or after. Null is unbounded. */
  readonly notBeforeMilliseconds: number | null;
  readonly notAfterMilliseconds: number | null;
  /** Limits of one version, in protecting operations and in bytes that they took. */
  readonly maximumOperations: number | null;
  readonly maximumBytes: number | null;
  /** Whether a suspended version still decrypts and verifies. */
  readonly processSuspended: boolean;
  readonly rotation: RotationPolicy;
}

/** An hour. Each version is rows and leaves for ever, whoever set the policy, and there are 10,000 of them. */
export const SHORTEST_PERIOD_DAYS = 1 / 24;

export const DEFAULT_ROTATION: RotationPolicy = {
  everyDays: null,
  maximumOperations: null,
  maximumBytes: null,
  overlapDays: 0,
  keepVersions: null,
};

export const DEFAULT_POLICY: KeyPolicy = {
  notBeforeMilliseconds: null,
  notAfterMilliseconds: null,
  maximumOperations: null,
  maximumBytes: null,
  processSuspended: true,
  rotation: DEFAULT_ROTATION,
};

/** What of a policy can never hold; null for a sound one. Ranges of single fields are the schema's. */
export function policyFault(policy: KeyPolicy): string | null {
  const { notBeforeMilliseconds: from, notAfterMilliseconds: to, rotation } = policy;
  if (from !== null && to !== null && from >= to) return "notBefore is not before notAfter";
  if (rotation.everyDays !== null && rotation.everyDays < SHORTEST_PERIOD_DAYS)
    return "rotation.everyDays is less than an hour";
  const pairs = [
    ["maximumOperations", policy.maximumOperations, rotation.maximumOperations],
    ["maximumBytes", policy.maximumBytes, rotation.maximumBytes],
  ] as const;
  for (const [name, limit, rotate] of pairs)
    if (limit !== null && rotate !== null && rotate > limit)
      return `rotation.${name} is above ${name}, so the version would stop before it is replaced`;
  return null;
}
