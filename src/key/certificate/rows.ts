import { X509Certificate } from "node:crypto";
import { KEY_STATES } from "../../port/key.ts";
import type { Row, Write } from "../../store/store.ts";
import { Fields } from "../../lineage/fields.ts";
import { CERTIFICATE_PURPOSES } from "./certificate.ts";
import type { CertificatePurpose } from "./certificate.ts";
import { REVOCATION_REASONS, revocationOf } from "./revocation.ts";
import type { Revocation, RevocationReason } from "./revocation.ts";

/** A certificate that was issued. */
export interface IssuedCertificate {
  readonly serial: string;
  /** Serial of the authority. */
  readonly authority: string;
  readonly name: string;
  readonly purpose: CertificatePurpose | "authority";
  /** The key of this service that it is over; null for one that is kept elsewhere. */
  readonly key: string | null;
  readonly version: number | null;
  readonly fromMilliseconds: number;
  readonly toMilliseconds: number;
  /** Of an authority: what its certificates say where to ask. */
  readonly url: string | null;
  readonly der: Uint8Array;
}

export function certificateWrite(one: IssuedCertificate): Write {
  const { serial, authority, name, purpose, key, version, url, der } = one;
  return {
    statement: "certificate.insert",
    parameters: [
      serial,
      authority,
      name,
      purpose,
      key,
      version,
      one.fromMilliseconds,
      one.toMilliseconds,
      url,
      der,
    ],
  };
}

export function toCertificate(row: Row): IssuedCertificate {
  const fields = new Fields(row, `certificate ${String(row["serial"])}`);
  return {
    serial: fields.text("serial"),
    authority: fields.text("authority"),
    name: fields.text("name"),
    purpose: fields.oneOf("purpose", [...CERTIFICATE_PURPOSES, "authority"] as const),
    key: fields.textOrNull("key"),
    version: row["version"] === null ? null : fields.integer("version"),
    fromMilliseconds: fields.number("from_ms"),
    toMilliseconds: fields.number("to_ms"),
    url: fields.textOrNull("url"),
    der: row["der"] as Uint8Array,
  };
}

const REASONS = Object.keys(REVOCATION_REASONS) as RevocationReason[];

/** Of a row that was joined with the version of its key. */
export function toRevocation(row: Row): Revocation | null {
  const fields = new Fields(row, `certificate ${String(row["serial"])}`);
  return revocationOf({
    serial: fields.text("serial"),
    revoked:
      row["revoked_ms"] === null
        ? null
        : { atMilliseconds: fields.number("revoked_ms"), reason: fields.oneOf("reason", REASONS) },
    key:
      row["state"] === null
        ? null
        : {
            state: fields.oneOf("state", KEY_STATES),
            sinceMilliseconds: fields.number("changed_ms"),
          },
  });
}

/** DER, SubjectPublicKeyInfo. */
export function publicKeyOf({ der }: Pick<IssuedCertificate, "der">): Uint8Array {
  return new X509Certificate(der).publicKey.export({ format: "der", type: "spki" });
}
