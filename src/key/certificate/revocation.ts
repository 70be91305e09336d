import type { KeptEvent } from "../../port/event.ts";
import { KEY_TRANSITIONS, type KeyState } from "../../port/key.ts";

/** RFC 5280 5.3.1, those that somebody gives; the number is what CRLs and OCSP have. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
} as const;
export type RevocationReason = keyof typeof REVOCATION_REASONS;

export interface Revocation {
  readonly serial: string;
  readonly reason: RevocationReason;
  readonly atMilliseconds: number;
}

/**
 * What a state of a key says of the certificates over it: they are revoked by it, and a suspension
 * that is taken back takes them off the list again.
 */
const REASON_OF_STATE: Readonly<Partial<Record<KeyState, RevocationReason>>> = {
  suspended: "certificateHold",
  deactivated: "cessationOfOperation",
  compromised: "keyCompromise",
  destroyed: "cessationOfOperation",
  "destroyed-compromised": "keyCompromise",
};

/** What is known of a certificate that was issued. */
export interface Standing {
  readonly serial: string;
  readonly revoked: Omit<Revocation, "serial"> | null;
  /** Of the key of this service that it is over; null for one that is kept elsewhere. */
  readonly key: { readonly state: KeyState; readonly sinceMilliseconds: number } | null;
}

/** Null for a certificate that stands. */
export function revocationOf({ serial, revoked, key }: Standing): Revocation | null {
  const reason = key && REASON_OF_STATE[key.state];
  const byKey = key && reason ? { serial, reason, atMilliseconds: key.sinceMilliseconds } : null;
  // A hold is the mildest: what is for good goes before it.
  if (revoked && byKey?.reason !== "keyCompromise") return { serial, ...revoked };
  return byKey;
}

/** Whether an event may have changed what stands: a key's state moved, or a certificate was revoked. */
export function changesStanding({ kind, data }: Pick<KeptEvent, "kind" | "data">): boolean {
  const moved = kind === "key_changed" && KEY_TRANSITIONS.some((one) => one === data["op"]);
  return moved || kind === "certificate_revoked";
}
