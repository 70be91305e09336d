import { createPrivateKey, createPublicKey } from "node:crypto";
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
  const kind = curve === "P-256" || curve === "P-384" ? "ec" : "okp";
  const der = privateKeyDer({ kind, curve, secret });
  try {
    const privateKey = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const { x, y } = createPublicKey(privateKey).export({ format: "jwk" });
    const coordinates = [x!, ...(y === undefined ? [] : [y])];
    const bytes = coordinates.map((coordinate) => Buffer.from(coordinate, "base64url"));
    return new Uint8Array(Buffer.concat(kind === "ec" ? [Buffer.of(4), ...bytes] : bytes));
  } finally {
    der.fill(0);
  }
}
