import { createECDH, createPrivateKey, createPublicKey } from "node:crypto";
import { privateKeyDer } from "../pem.ts";

/**
 * The public key of an elliptic-curve private key, by OpenSSL: constant-time C, where arithmetic on
 * BigInts is not, and no copies of the secret in strings and BigInts that nobody can overwrite.
 *
 * @returns RFC 8032's or RFC 7748's 32 bytes, or SEC 1's uncompressed point
 */
export function platformPublicKey(
  curve: "Ed25519" | "X25519" | "P-256" | "P-384",
  secret: Uint8Array,
): Uint8Array {
  return curve === "P-256" || curve === "P-384"
    ? pointOf(curve, secret)
    : montgomeryOrEdwards(curve, secret);
}

/** By the key of an agreement, which node takes as it is: a key of PKCS#8 has to be decoded first. */
function pointOf(curve: "P-256" | "P-384", secret: Uint8Array): Uint8Array {
  const ecdh = createECDH(curve === "P-256" ? "prime256v1" : "secp384r1");
  ecdh.setPrivateKey(secret);
  return new Uint8Array(ecdh.getPublicKey());
}

function montgomeryOrEdwards(curve: "Ed25519" | "X25519", secret: Uint8Array): Uint8Array {
  const der = privateKeyDer({ kind: "okp", curve, secret });
  try {
    const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const { x } = createPublicKey(privateKey).export({ format: "jwk" });
    return new Uint8Array(Buffer.from(x!, "base64url"));
  } finally {
    der.fill(0);
  }
}
