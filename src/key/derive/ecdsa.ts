import type { KeyMaterial } from "../material.ts";
import { platformPublicKey } from "./platformPublicKey.ts";
import { openSeededDrbg } from "./seededDrbg.ts";

/** The order n of the base point (SP 800-186 3.2.1.3, 3.2.1.4), big-endian. */
export const ORDER = {
  "P-256": Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex"),
  "P-384": Buffer.from(
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    "hex",
  ),
} as const;

/**
 * An EC key pair by C2SP det-keygen, which is FIPS 186-5 A.2.2 (rejection sampling) with HMAC_DRBG
 * over SHA-256 as its random bit generator.
 *
 * A.2.2 takes N bits c, refuses c > n - 2 and returns d = c + 1; refusing d = 0 and d >= n without
 * the addition is the equivalent process that the clause allows. It may happen for P-256 (2^-32),
 * so there one further draw is made; a second refusal, or any for P-384 (2^-194), is a broken machine.
 *
 * @param seed at least 16 bytes; 48 (384 bits, 3s/2 for s = 256) are drawn for it
 * @throws Error when no scalar in range comes
 */
export function deriveEc(
  curve: "P-256" | "P-384",
  seed: Uint8Array,
): KeyMaterial & { readonly kind: "ec" } {
  const order = ORDER[curve];
  const drbg = openSeededDrbg(seed, Buffer.from(`det ECDSA key gen ${curve}`, "latin1"));
  try {
    for (let draws = 0; draws < (curve === "P-256" ? 2 : 1); draws++) {
      const secret = drbg.generate(order.length);
      if (Buffer.compare(secret, order) < 0 && secret.some((byte) => byte !== 0))
        return { kind: "ec", curve, secret, publicKey: platformPublicKey(curve, secret) };
      secret.fill(0);
    }
  } finally {
    drbg.wipe();
  }
  throw new Error(`${curve}: no scalar in range`);
}
