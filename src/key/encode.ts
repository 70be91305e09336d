import { createPrivateKey, createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { invert } from "@noble/curves/abstract/modular.js";
import type { KeyMaterial, RsaNumbers } from "./material.ts";
import { privateKeyPem, publicKeyPem } from "./pem.ts";
import type { JsonWebKey, KeyFormat } from "./types.ts";

/** A key in the form in which it is answered. */
export interface EncodedKey {
  readonly key: JsonWebKey | string;
  readonly publicKey?: JsonWebKey | string;
}

/** @throws Error for a format that the kind of key does not have; `FORMATS_OF` is checked before */
export function encodeKey(material: KeyMaterial, format: KeyFormat): EncodedKey {
  switch (format) {
    case "jwk":
      return encodeJwk(material);
    case "pem":
      return encodePem(material);
    default:
      return encodeRaw(material);
  }
}

const unsupported = (material: KeyMaterial, format: KeyFormat): Error =>
  new Error(`a key of kind ${material.kind} has no ${format}`);

const base64url = (bytes: Uint8Array): string => view(bytes).toString("base64url");
const base64 = (bytes: Uint8Array): string => view(bytes).toString("base64");

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function encodeJwk(material: KeyMaterial): EncodedKey {
  switch (material.kind) {
    case "symmetric": {
      const { algorithm, secret } = material;
      // RFC 7518 6.4. `alg` only where it is certain: an AES key may be for GCM, KW or CBC.
      return {
        key: {
          kty: "oct",
          k: base64url(secret),
          ...(algorithm === null ? {} : { alg: algorithm }),
        },
      };
    }
    case "okp": {
      // RFC 8037 2
      const publicKey = { kty: "OKP", crv: material.curve, x: base64url(material.publicKey) };
      return { key: { ...publicKey, d: base64url(material.secret) }, publicKey };
    }
    case "ec": {
      // RFC 7518 6.2: coordinates and d are as long as the field and the order, never shorter.
      const coordinate = material.secret.length;
      const publicKey = {
        kty: "EC",
        crv: material.curve,
        x: base64url(material.publicKey.subarray(1, 1 + coordinate)),
        y: base64url(material.publicKey.subarray(1 + coordinate)),
      };
      return { key: { ...publicKey, d: base64url(material.secret) }, publicKey };
    }
    case "rsa":
      return encodeRsaJwk(material);
    case "akp": {
      // RFC 9964 3 (ML-DSA): kty AKP, `alg` required, `priv` is the seed. ML-KEM has no RFC: the
      // same shape with `priv` = d || z, as draft-ietf-jose-pqc-kem-05 had it and Node imports it.
      const publicKey = { kty: "AKP", alg: material.algorithm, pub: base64url(material.publicKey) };
      return { key: { ...publicKey, priv: base64url(material.secret) }, publicKey };
    }
    default:
      throw unsupported(material, "jwk");
  }
}

/** RFC 7518 6.3: Base64urlUInt, the shortest big-endian form. */
function integer(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), "0"), "hex").toString("base64url");
}

function encodeRsaJwk({ n, e, d, p, q }: RsaNumbers): {
  readonly key: JsonWebKey;
  readonly publicKey: JsonWebKey;
} {
  const publicKey = { kty: "RSA", n: integer(n), e: integer(e) };
  const key = {
    ...publicKey,
    d: integer(d),
    p: integer(p),
    q: integer(q),
    dp: integer(d % (p - 1n)),
    dq: integer(d % (q - 1n)),
    qi: integer(invert(q, p)),
  };
  return { key, publicKey };
}

/** The platform's form of an RSA pair, for PKCS#8 and the pairwise consistency test. */
export function rsaKeyObject(numbers: RsaNumbers): {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
} {
  const { key, publicKey } = encodeRsaJwk(numbers);
  return {
    privateKey: createPrivateKey({ key, format: "jwk" }),
    publicKey: createPublicKey({ key: publicKey, format: "jwk" }),
  };
}

function encodePem(material: KeyMaterial): EncodedKey {
  if (material.kind === "rsa") {
    const { privateKey, publicKey } = rsaKeyObject(material);
    return {
      key: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
      publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(),
    };
  }
  if (material.kind === "symmetric" || material.kind === "text") throw unsupported(material, "pem");
  return { key: privateKeyPem(material), publicKey: publicKeyPem(material) };
}

function encodeRaw(material: KeyMaterial): EncodedKey {
  switch (material.kind) {
    case "rsa":
      throw unsupported(material, "raw");
    case "text":
      return { key: material.text };
    case "symmetric":
      return { key: base64(material.secret) };
    default:
      return { key: base64(material.secret), publicKey: base64(material.publicKey) };
  }
}
