import { BitString, OctetString } from "asn1js";
import {
  AccessDescription,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  CRLDistributionPoints,
  DistributionPoint,
  ExtKeyUsage,
  Extension,
  GeneralName,
  GeneralNames,
  InfoAccess,
} from "pkijs";
import {
  bufferOf,
  commonName,
  keyIdentifier,
  publicKeyInfo,
  serialNumber,
  timeOf,
} from "./names.ts";
import { signatureAlgorithm, toBeSignedOf, unsigned } from "./signed.ts";
import type { Unsigned } from "./signed.ts";

/** What a certificate is for. `key`: a key of this service, whose purpose is its own. */
export const CERTIFICATE_PURPOSES = ["client", "server", "key"] as const;
export type CertificatePurpose = (typeof CERTIFICATE_PURPOSES)[number];

/** Who signs, as its certificates name it. */
export interface Issuer {
  readonly name: string;
  /** DER, SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** Where the service is asked for the CRL and by OCSP; null: certificates do not say. */
  readonly url: string | null;
}

export interface CertificateTerms {
  readonly serial: string;
  readonly subject: string;
  /** DER, SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly purpose: CertificatePurpose | "authority";
  /** Whether the key agrees on keys instead of signing. */
  readonly agreement: boolean;
  readonly hosts: readonly string[];
  readonly notBeforeMilliseconds: number;
  readonly notAfterMilliseconds: number;
}

const OID = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  crlDistributionPoints: "2.5.29.31",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  authorityInfoAccess: "1.3.6.1.5.5.7.1.1",
  ocsp: "1.3.6.1.5.5.7.48.1",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

const DNS_NAME = 2;
const URI = 6;

/** RFC 5280 4.2.1.3: bits from the left, and how many of the last octet are unused. */
const USAGE = {
  digitalSignature: [0x80, 7],
  keyAgreement: [0x08, 3],
  // keyCertSign and cRLSign, and digitalSignature for OCSP.
  authority: [0x86, 1],
} as const;

/** RFC 5280 4.1: version 3. */
export function certificateOf(terms: CertificateTerms, issuer: Issuer): Unsigned {
  const info = publicKeyInfo(terms.publicKey);
  const certificate = new Certificate({
    version: 2,
    serialNumber: serialNumber(terms.serial),
    signature: signatureAlgorithm(),
    signatureAlgorithm: signatureAlgorithm(),
    issuer: commonName(issuer.name),
    subject: commonName(terms.subject),
    notBefore: timeOf(terms.notBeforeMilliseconds),
    notAfter: timeOf(terms.notAfterMilliseconds),
    subjectPublicKeyInfo: info,
    extensions: [
      extension(OID.basicConstraints, true, constraintsOf(terms)),
      extension(OID.keyUsage, true, usageOf(terms)),
      extension(OID.subjectKeyIdentifier, false, octets(keyIdentifier(info))),
      extension(OID.authorityKeyIdentifier, false, authorityKey(issuer)),
      ...purposeOf(terms),
      ...placesOf(terms, issuer),
    ],
  });
  return unsigned(toBeSignedOf(certificate));
}

const octets = (bytes: Uint8Array): OctetString => new OctetString({ valueHex: bufferOf(bytes) });

interface Encodable {
  toBER(sizeOnly?: boolean): ArrayBuffer;
}

export function extension(extnID: string, critical: boolean, value: Encodable): Extension {
  return new Extension({ extnID, critical, extnValue: value.toBER(false) });
}

export function authorityKey({ publicKey }: Issuer): Encodable {
  const keyId = octets(keyIdentifier(publicKeyInfo(publicKey)));
  return new AuthorityKeyIdentifier({ keyIdentifier: keyId }).toSchema();
}

function constraintsOf({ purpose }: CertificateTerms): Encodable {
  // An authority signs certificates of keys and clients, and no further authorities.
  const authority = purpose === "authority";
  return new BasicConstraints(authority ? { cA: true, pathLenConstraint: 0 } : {}).toSchema();
}

function usageOf({ purpose, agreement }: CertificateTerms): Encodable {
  const [bits, unusedBits] =
    purpose === "authority"
      ? USAGE.authority
      : agreement
        ? USAGE.keyAgreement
        : USAGE.digitalSignature;
  return new BitString({ valueHex: bufferOf(Uint8Array.of(bits)), unusedBits });
}

function purposeOf({ purpose, hosts }: CertificateTerms): Extension[] {
  const keyPurpose =
    purpose === "client" ? OID.clientAuth : purpose === "server" ? OID.serverAuth : null;
  const names = hosts.map((value) => new GeneralName({ type: DNS_NAME, value }));
  return [
    ...(keyPurpose === null
      ? []
      : [
          extension(
            OID.extKeyUsage,
            false,
            new ExtKeyUsage({ keyPurposes: [keyPurpose] }).toSchema(),
          ),
        ]),
    ...(names.length === 0
      ? []
      : [extension(OID.subjectAltName, false, new GeneralNames({ names }).toSchema())]),
  ];
}

/** Where to ask whether it is revoked; an authority's own certificate is not. */
function placesOf({ purpose }: CertificateTerms, { url }: Issuer): Extension[] {
  if (url === null || purpose === "authority") return [];
  const at = (path: string): GeneralName => new GeneralName({ type: URI, value: `${url}${path}` });
  const points = new CRLDistributionPoints({
    distributionPoints: [
      new DistributionPoint({ distributionPoint: [at("/v1/certificates/crl")] }),
    ],
  });
  const access = new InfoAccess({
    accessDescriptions: [
      new AccessDescription({
        accessMethod: OID.ocsp,
        accessLocation: at("/v1/certificates/ocsp"),
      }),
    ],
  });
  return [
    extension(OID.crlDistributionPoints, false, points.toSchema()),
    extension(OID.authorityInfoAccess, false, access.toSchema()),
  ];
}
