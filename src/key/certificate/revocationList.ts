import { Enumerated, Integer } from "asn1js";
import { CertificateRevocationList, Extensions, RevokedCertificate } from "pkijs";
import { authorityKey, extension } from "./certificate.ts";
import type { Issuer } from "./certificate.ts";
import { commonName, serialNumber, timeOf } from "./names.ts";
import { REVOCATION_REASONS } from "./revocation.ts";
import type { Revocation } from "./revocation.ts";
import { signatureAlgorithm, toBeSignedOf, unsigned } from "./signed.ts";
import type { Unsigned } from "./signed.ts";

const CRL_NUMBER = "2.5.29.20";
const REASON_CODE = "2.5.29.21";
const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";

/**
 * RFC 5280 5.1: a full list, version 2.
 * @param number greater than that of every list before
 */
export function revocationListOf(
  revoked: readonly Revocation[],
  issuer: Issuer,
  {
    number,
    fromMilliseconds,
    nextMilliseconds,
  }: {
    readonly number: number;
    readonly fromMilliseconds: number;
    readonly nextMilliseconds: number;
  },
): Unsigned {
  const list = new CertificateRevocationList({
    version: 1,
    signature: signatureAlgorithm(),
    signatureAlgorithm: signatureAlgorithm(),
    issuer: commonName(issuer.name),
    thisUpdate: timeOf(fromMilliseconds),
    nextUpdate: timeOf(nextMilliseconds),
    crlExtensions: new Extensions({
      extensions: [
        extension(AUTHORITY_KEY_IDENTIFIER, false, authorityKey(issuer)),
        extension(CRL_NUMBER, false, Integer.fromBigInt(BigInt(number))),
      ],
    }),
  });
  // RFC 5280 5.1.2.6: where nothing is revoked, the member is left out.
  if (revoked.length > 0) list.revokedCertificates = revoked.map(entryOf);
  return unsigned(toBeSignedOf(list));
}

function entryOf({ serial, reason, atMilliseconds }: Revocation): RevokedCertificate {
  const code = REVOCATION_REASONS[reason];
  return new RevokedCertificate({
    userCertificate: serialNumber(serial),
    revocationDate: timeOf(atMilliseconds),
    // 5.3.1: unspecified is said by leaving it out.
    ...(code === 0
      ? {}
      : {
          crlEntryExtensions: new Extensions({
            extensions: [extension(REASON_CODE, false, new Enumerated({ value: code }))],
          }),
        }),
  });
}
