import {
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  sign,
  verify,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import { ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { ml_kem768, ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import { isEd25519Pair } from "./ed25519.ts";
import { rsaKeyObject } from "./encode.ts";
import type { KeyMaterial } from "./material.ts";
import { signatureOfNonceOne } from "./nonceOne.ts";
import { privateKeyDer, publicKeyPem } from "./pem.ts";

/*
 * Every operation here is deterministic, so that no generator but the service's own has a part in a
 * key: Ed25519 (RFC 8032), ECDSA with a nonce that is no secret, ML-DSA without hedging (FIPS 204 3.4),
 * PKCS #1 v1.5, and an encapsulation whose 32 bytes of randomness are a constant: its secret is thrown
 * away.
 */
const MESSAGE = Buffer.from("springhouse pairwise consistency test", "latin1");
const digestOf = (hash: "sha256" | "sha384") => ({
  hash,
  digest: createHash(hash).update(MESSAGE).digest(),
});
const DIGESTS = { "P-256": digestOf("sha256"), "P-384": digestOf("sha384") } as const;
const ENCAPSULATION_RANDOMNESS = new Uint8Array(32).fill(0x5a);

/** A peer for X25519: its private key may be known to all, only agreement counts. */
const PEER = createPrivateKey({
  key: Buffer.concat([
    Buffer.from("302e020100300506032b656e04220420", "hex"),
    Buffer.alloc(32, 0x42),
  ]),
  format: "der",
  type: "pkcs8",
});
const PEER_PUBLIC = createPublicKey(PEER);

/**
 * Pairwise consistency test of FIPS 140-3 (IG 10.3.A), with a use that the key is for. True for
 * symmetric keys and texts, which are no pairs.
 */
export function isConsistentPair(material: KeyMaterial): boolean {
  switch (material.kind) {
    case "symmetric":
    case "text":
      return true;
    case "okp": {
      if (material.curve === "Ed25519")
        return isEd25519Pair(material.secret, material.publicKey, MESSAGE);
      const { privateKey, publicKey } = keyObjects(material);
      return agree(privateKey, publicKey);
    }
    case "ec": {
      const { curve, secret } = material;
      const { hash, digest } = DIGESTS[curve];
      const signature = signatureOfNonceOne(curve, secret, digest);
      try {
        // OpenSSL reads a key from PEM in a third of the time that it takes from DER.
        return verify(hash, MESSAGE, publicKeyPem(material), signature);
      } finally {
        signature.fill(0);
      }
    }
    case "rsa": {
      const { privateKey, publicKey } = rsaKeyObject(material);
      return verify("sha256", MESSAGE, publicKey, sign("sha256", MESSAGE, privateKey));
    }
    default:
      return isConsistentModuleLattice(material);
  }
}

interface KeyObjects {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

function keyObjects(material: KeyMaterial & { readonly kind: "okp" }): KeyObjects {
  const der = privateKeyDer(material);
  const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  const x = Buffer.from(material.publicKey).toString("base64url");
  const key = { kty: "OKP", crv: material.curve, x };
  return { privateKey, publicKey: createPublicKey({ key, format: "jwk" }) };
}

function agree(privateKey: KeyObject, publicKey: KeyObject): boolean {
  const here = diffieHellman({ privateKey, publicKey: PEER_PUBLIC });
  const there = diffieHellman({ privateKey: PEER, publicKey });
  const same = here.equals(there);
  here.fill(0);
  there.fill(0);
  return same;
}

function isConsistentModuleLattice({
  algorithm,
  secret,
  publicKey,
}: KeyMaterial & { readonly kind: "akp" }): boolean {
  if (algorithm === "ML-DSA-65" || algorithm === "ML-DSA-87") {
    const scheme = algorithm === "ML-DSA-65" ? ml_dsa65 : ml_dsa87;
    const expanded = scheme.keygen(secret).secretKey;
    const signature = scheme.sign(MESSAGE, expanded, { extraEntropy: false });
    expanded.fill(0);
    return scheme.verify(signature, MESSAGE, publicKey);
  }
  const scheme = algorithm === "ML-KEM-768" ? ml_kem768 : ml_kem1024;
  const { cipherText, sharedSecret } = scheme.encapsulate(publicKey, ENCAPSULATION_RANDOMNESS);
  const expanded = scheme.keygen(secret).secretKey;
  const decapsulated = scheme.decapsulate(cipherText, expanded);
  const same = Buffer.compare(sharedSecret, decapsulated) === 0;
  for (const bytes of [expanded, sharedSecret, decapsulated]) bytes.fill(0);
  return same;
}
