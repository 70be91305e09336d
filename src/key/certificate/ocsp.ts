import { hash } from "node:crypto";
import { Constructed, Enumerated, fromBER, GeneralizedTime, OctetString, Primitive } from "asn1js";
import type { CertID } from "pkijs";
import {
  Extension,
  OCSPRequest,
  OCSPResponse,
  ResponseBytes,
  ResponseData,
  SingleResponse,
} from "pkijs";
import type { Issuer } from "./certificate.ts";
import { bufferOf, commonName, keyIdentifier, publicKeyInfo, wholeSeconds } from "./names.ts";
import { REVOCATION_REASONS } from "./revocation.ts";
import type { Revocation } from "./revocation.ts";
import { unsigned } from "./signed.ts";
import type { Unsigned } from "./signed.ts";

const BASIC = "1.3.6.1.5.5.7.48.1.1";
/** RFC 6960 4.3: SHA-1, which clients ask by, and SHA-256. */
const HASHES: Readonly<Record<string, "sha1" | "sha256">> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
};

/** RFC 6960 2.3: these carry no signature, so that nobody makes us sign by asking. */
export const OCSP_FAILURES = { malformedRequest: 1, tryLater: 3, unauthorized: 6 } as const;

/** A question after one certificate; its name and key hashes go into the answer as they came. */
export interface OcspQuestion {
  readonly serial: string;
  readonly certificate: CertID;
  /** DER of the extension's value, which comes back as it came; null where there is none. */
  readonly nonce: Uint8Array | null;
}

/** RFC 9654 2.1: `Nonce ::= OCTET STRING(SIZE(1..128))`. */
const NONCE = "1.3.6.1.5.5.7.48.1.2";
const LONGEST_NONCE_BYTES = 128;

/**
 * RFC 6960 4.1.1, of RFC 5019's profile: one certificate a request. Its signature, where it has one, is
 * not looked at.
 * @returns `malformedRequest`, or `unauthorized` for another authority's certificate
 */
export function readOcspRequest(
  der: Uint8Array,
  issuer: Issuer,
): OcspQuestion | "malformedRequest" | "unauthorized" {
  let certificate: CertID;
  let nonce: Uint8Array | null;
  try {
    const { requestList, requestExtensions } = OCSPRequest.fromBER(bufferOf(der)).tbsRequest;
    const [first, ...more] = requestList;
    if (!first || more.length > 0) return "malformedRequest";
    certificate = first.reqCert;
    const given = nonceIn(requestExtensions ?? []);
    if (given === "malformed") return "malformedRequest";
    nonce = given;
  } catch {
    return "malformedRequest";
  }
  const algorithm = HASHES[certificate.hashAlgorithm.algorithmId];
  if (!algorithm || !isOf(certificate, issuer, algorithm)) return "unauthorized";
  const serial = Buffer.from(certificate.serialNumber.valueBlock.valueHexView).toString("hex");
  return { serial, certificate, nonce };
}

function nonceIn(extensions: readonly Extension[]): Uint8Array | null | "malformed" {
  const [extension, ...more] = extensions.filter(({ extnID }) => extnID === NONCE);
  if (!extension) return null;
  const value = new Uint8Array(extension.extnValue.valueBlock.valueHexView);
  const { result, offset } = fromBER(bufferOf(value));
  if (more.length > 0 || offset !== value.length || !(result instanceof OctetString))
    return "malformed";
  const { byteLength } = result.valueBlock.valueHexView;
  return byteLength >= 1 && byteLength <= LONGEST_NONCE_BYTES ? value : "malformed";
}

function isOf(
  { issuerNameHash, issuerKeyHash }: CertID,
  { name, publicKey }: Issuer,
  algorithm: "sha1" | "sha256",
): boolean {
  const dn = new Uint8Array(commonName(name).toSchema().toBER(false));
  const key = publicKeyInfo(publicKey).subjectPublicKey.valueBlock.valueHexView;
  const same = (given: OctetString, bytes: Uint8Array): boolean =>
    hash(algorithm, bytes, "buffer").equals(Buffer.from(given.valueBlock.valueHexView));
  return same(issuerNameHash, dn) && same(issuerKeyHash, key);
}

/** RFC 6960 4.2.1: BasicOCSPResponse, by the authority itself, named by its key. */
export function ocspAnswerOf(
  { certificate, nonce }: OcspQuestion,
  revocation: Revocation | null,
  issuer: Issuer,
  {
    fromMilliseconds,
    nextMilliseconds,
  }: Readonly<Record<"fromMilliseconds" | "nextMilliseconds", number>>,
): Unsigned {
  const thisUpdate = wholeSeconds(fromMilliseconds);
  const identifier = keyIdentifier(publicKeyInfo(issuer.publicKey));
  const data = new ResponseData({
    responderID: new OctetString({ valueHex: bufferOf(identifier) }),
    producedAt: thisUpdate,
    responses: [
      new SingleResponse({
        certID: certificate,
        certStatus: statusOf(revocation),
        thisUpdate,
        nextUpdate: wholeSeconds(nextMilliseconds),
      }),
    ],
    ...(nonce === null ? {} : { responseExtensions: [extensionOf(nonce)] }),
  });
  const { toBeSigned, complete } = unsigned(data.toSchema(true) as never);
  return {
    toBeSigned,
    complete: (signature) => wrapped(complete(signature)),
  };
}

function extensionOf(nonce: Uint8Array): Extension {
  return new Extension({ extnID: NONCE, critical: false, extnValue: bufferOf(nonce) });
}

/** CertStatus: [0] good, [1] revoked. */
function statusOf(revocation: Revocation | null): Primitive | Constructed {
  if (!revocation) return new Primitive({ idBlock: { tagClass: 3, tagNumber: 0 } });
  const code = REVOCATION_REASONS[revocation.reason];
  return new Constructed({
    idBlock: { tagClass: 3, tagNumber: 1 },
    value: [
      new GeneralizedTime({ valueDate: wholeSeconds(revocation.atMilliseconds) }),
      ...(code === 0
        ? []
        : [
            new Constructed({
              idBlock: { tagClass: 3, tagNumber: 0 },
              value: [new Enumerated({ value: code })],
            }),
          ]),
    ],
  });
}

function wrapped(basic: Uint8Array): Uint8Array {
  const response = new OCSPResponse({
    responseStatus: new Enumerated({ value: 0 }),
    responseBytes: new ResponseBytes({
      responseType: BASIC,
      response: new OctetString({ valueHex: bufferOf(basic) }),
    }),
  });
  return new Uint8Array(response.toSchema().toBER(false));
}

export function ocspFailure(failure: keyof typeof OCSP_FAILURES): Uint8Array {
  const response = new OCSPResponse({
    responseStatus: new Enumerated({ value: OCSP_FAILURES[failure] }),
  });
  return new Uint8Array(response.toSchema().toBER(false));
}
