import { sign, verify } from "node:crypto";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { p256, p384 } from "@noble/curves/nist.js";
import { ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { ml_kem768, ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import type { KeyMaterial } from "./material.ts";
import { rsaKeyObject } from "./encode.ts";

/*
 * Every operation here is deterministic, so that no generator but the service's own has a part in a
 * key: Ed25519 (RFC 8032), ECDSA with RFC 6979 nonces, ML-DSA without hedging (FIPS 204 3.4), PKCS #1
 * v1.5, and an encapsulation whose 32 bytes of randomness are a constant: its secret is thrown away.
 */
const MESSAGE = Buffer.from("springhouse pairwise consistency test", "latin1");
const ENCAPSULATION_RANDOMNESS = new Uint8Array(32).fill(0x5a);
const PEER_SCALAR = new Uint8Array(32).fill(0x42);

/**
 * Pairwise consistency test of FIPS 140-3 (IG 10.3.A), with the kind of use the key is for. True for
 * symmetric keys and texts, which are no pairs.
 */
export function isConsistentPair(material: KeyMaterial): boolean {
  switch (material.kind) {
    case "symmetric":
    case "text":
      return true;
    case "okp":
      return material.curve === "Ed25519"
        ? ed25519.verify(ed25519.sign(MESSAGE, material.secret), MESSAGE, material.publicKey)
        : agree(material.secret, material.publicKey);
    case "ec": {
      const curve = material.curve === "P-256" ? p256 : p384;
      const signature = curve.sign(MESSAGE, material.secret, { extraEntropy: false });
      return curve.verify(signature, MESSAGE, material.publicKey);
    }
    case "rsa": {
      const pair = rsaKeyObject(material);
      return verify("sha256", MESSAGE, pair.publicKey, sign("sha256", MESSAGE, pair.privateKey));
    }
    default:
      return isConsistentModuleLattice(material);
  }
}

function agree(secret: Uint8Array, publicKey: Uint8Array): boolean {
  const here = x25519.getSharedSecret(secret, x25519.getPublicKey(PEER_SCALAR));
  const there = x25519.getSharedSecret(PEER_SCALAR, publicKey);
  const same = Buffer.compare(here, there) === 0;
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
