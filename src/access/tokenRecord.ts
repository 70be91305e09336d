import type { ServiceEvent } from "../port/event.ts";
import { ROLES, type Quota, type Role } from "../port/principal.ts";

/** A token as it is kept: who, and a hash to know it by. */
export interface TokenRecord {
  /** `token-` and 16 hex digits; also the id of the principal. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly quota: Quota;
  /** SHA-256 of the token's text, hex. */
  readonly digest: string;
  readonly createdMilliseconds: number;
  /** The principal that created it. */
  readonly createdBy: string;
  readonly expiresMilliseconds: number | null;
  /** UTC day, `YYYY-MM-DD`: a day is enough to find unused tokens, and costs one write a day. */
  readonly lastUsedDay: string | null;
  readonly revokedMilliseconds: number | null;
}

/** What may be told of a token. */
export type TokenDescription = Omit<TokenRecord, "digest">;

/** Where tokens are kept. What is put is durable when the promise resolves. */
export interface TokenRepository {
  put(record: TokenRecord): Promise<void>;
  /** The record and the event that tells of it: both or neither. */
  putWithEvent(record: TokenRecord, event: ServiceEvent): Promise<void>;
  all(): Promise<readonly TokenRecord[]>;
}

export function describeToken({ digest: _digest, ...description }: TokenRecord): TokenDescription {
  return description;
}

const isNumberOrNull = (value: unknown): value is number | null =>
  value === null || (typeof value === "number" && Number.isFinite(value));

const isTextOrNull = (value: unknown): value is string | null =>
  value === null || typeof value === "string";

/** A stored record again, or null when it is not one: a damaged record must not open a door. */
export function parseTokenRecord(value: unknown): TokenRecord | null {
  if (typeof value !== "object" || value === null) return null;
  const record = value as Record<string, unknown>;
  const quota = record["quota"] as Record<string, unknown> | null | undefined;
  const sound =
    typeof record["id"] === "string" &&
    typeof record["name"] === "string" &&
    typeof record["digest"] === "string" &&
    /^[0-9a-f]{64}$/.test(record["digest"]) &&
    typeof record["createdBy"] === "string" &&
    typeof record["createdMilliseconds"] === "number" &&
    isNumberOrNull(record["expiresMilliseconds"]) &&
    isNumberOrNull(record["revokedMilliseconds"]) &&
    isTextOrNull(record["lastUsedDay"]) &&
    Array.isArray(record["roles"]) &&
    record["roles"].every((role) => (ROLES as readonly unknown[]).includes(role)) &&
    typeof quota === "object" &&
    quota !== null &&
    isNumberOrNull(quota["requestsPerSecond"]) &&
    isNumberOrNull(quota["bytesPerSecond"]);
  return sound ? (value as TokenRecord) : null;
}
