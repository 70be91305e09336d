import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { platformPublicKey } from "./derive/platformPublicKey.ts";
import { privateKeyDer, publicKeyPem } from "./pem.ts";
import { loadSodium, type Sodium } from "./sodium.ts";

/*
 * Ed25519 (RFC 8032 5.1) for keys that are used once. libsodium takes a third of the time: node has
 * OpenSSL decode each key first, which costs more than what is done with it. Where there is no libsodium
 * OpenSSL does the same.
 */

const SEED_BYTES = 32;

let loaded: Sodium | null | undefined;
const sodiumOf = (): Sodium | null => (loaded ??= loadSodium());

/** @param seed 32 bytes */
export function ed25519PublicKey(seed: Uint8Array, sodium = sodiumOf()): Uint8Array {
  if (sodium === null) return platformPublicKey("Ed25519", seed);
  const publicKey = new Uint8Array(SEED_BYTES);
  const secretKey = new Uint8Array(2 * SEED_BYTES);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  secretKey.fill(0);
  return publicKey;
}

/** Whether what the seed signs is the public key's signature. */
export function isEd25519Pair(
  seed: Uint8Array,
  publicKey: Uint8Array,
  message: Uint8Array,
  sodium = sodiumOf(),
): boolean {
  if (sodium === null) return isPlatformPair(seed, publicKey, message);
  const signature = new Uint8Array(2 * SEED_BYTES);
  const secretKey = new Uint8Array(2 * SEED_BYTES);
  secretKey.set(seed);
  secretKey.set(publicKey, SEED_BYTES);
  sodium.crypto_sign_detached(signature, message, secretKey);
  secretKey.fill(0);
  return sodium.crypto_sign_verify_detached(signature, message, publicKey);
}

function isPlatformPair(secret: Uint8Array, publicKey: Uint8Array, message: Uint8Array): boolean {
  const material = { kind: "okp", curve: "Ed25519", secret, publicKey } as const;
  const key = privateKeyDer(material);
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  key.fill(0);
  const publicPart = createPublicKey(publicKeyPem(material));
  return verify(null, message, publicPart, sign(null, message, privateKey));
}
