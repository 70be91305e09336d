import type { Signer, Verifier } from "../../log/signer.ts";
import { KEY_STATES } from "../../port/key.ts";
import type { KeyState } from "../../port/key.ts";

/** A version that does not protect: whoever relies on it has to look. */
export interface KeyStatus {
  readonly key: string;
  readonly version: number;
  readonly state: KeyState;
  /** Of the last transition; Unix milliseconds. */
  readonly since: number;
  readonly reason?: string;
  /** When its material became known to others, as far as is known. */
  readonly compromised?: number;
}

/** What is signed: a JWT (RFC 7519), so that every library of JWTs refuses it once it is stale. */
export interface StatusList {
  /** The log's name. */
  readonly iss: string;
  /** Unix seconds. */
  readonly iat: number;
  readonly exp: number;
  /** By key and version. Every version that is not in here is pre-activation or active, or none of ours. */
  readonly keys: readonly KeyStatus[];
}

export const STATUS_LIST_TYPE = "springhouse-key-status+jwt";
/** Who cannot reach the service for so long has to take every key for untrusted. */
export const STATUS_LIST_SECONDS = 120;
/** A list from the future is as little to be trusted as a stale one; clocks differ by less. */
const CLOCK_SKEW_SECONDS = 60;

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** RFC 7515 7.1, EdDSA (RFC 8037 3.1) with the log's key, whose id is `kid`. */
export function signStatusList(
  signer: Signer,
  keys: readonly KeyStatus[],
  atMilliseconds: number,
): string {
  const { name, keyId } = signer.verifier;
  const iat = Math.floor(atMilliseconds / 1000);
  const list: StatusList = { iss: name, iat, exp: iat + STATUS_LIST_SECONDS, keys };
  const header = { alg: "EdDSA", typ: STATUS_LIST_TYPE, kid: keyId.toString("hex") };
  const input = `${encode(header)}.${encode(list)}`;
  return `${input}.${Buffer.from(signer.sign(Buffer.from(input))).toString("base64url")}`;
}

export type ReadStatusList =
  | { readonly fault: null; readonly list: StatusList }
  | { readonly fault: "malformed" | "signature" | "stale" | "early" };

/**
 * Reads a list as somebody who relies on keys: whatever is wrong with it, no key is to be trusted.
 * @param nowMilliseconds of the reader's own clock
 */
export function readStatusList(
  token: string,
  verifier: Verifier,
  nowMilliseconds: number,
): ReadStatusList {
  const parts = token.trim().split(".");
  const [header, list, signature] = parts;
  if (parts.length !== 3 || header === undefined || list === undefined || signature === undefined)
    return { fault: "malformed" };
  // Before anything is read: what is not signed is not parsed.
  if (!verifier.verify(Buffer.from(`${header}.${list}`), Buffer.from(signature, "base64url")))
    return { fault: "signature" };
  const { alg, typ } = decode(header) as { alg?: unknown; typ?: unknown };
  const read = decode(list);
  if (alg !== "EdDSA" || typ !== STATUS_LIST_TYPE || !isStatusList(read, verifier.name))
    return { fault: "malformed" };
  if (nowMilliseconds >= read.exp * 1000) return { fault: "stale" };
  if (nowMilliseconds < (read.iat - CLOCK_SKEW_SECONDS) * 1000) return { fault: "early" };
  return { fault: null, list: read };
}

function decode(part: string): object {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}

function isStatusList(value: object, name: string): value is StatusList {
  const { iss, iat, exp, keys } = value as Record<string, unknown>;
  return (
    iss === name &&
    Number.isSafeInteger(iat) &&
    Number.isSafeInteger(exp) &&
    Array.isArray(keys) &&
    keys.every(isKeyStatus)
  );
}

function isKeyStatus(value: unknown): value is KeyStatus {
  if (typeof value !== "object" || value === null) return false;
  const { key, version, state, since } = value as Record<string, unknown>;
  return (
    typeof key === "string" &&
    Number.isSafeInteger(version) &&
    KEY_STATES.some((known) => known === state) &&
    typeof since === "number"
  );
}
