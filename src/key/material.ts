/** A key between its derivation and its encoding. The bytes in it are overwritten by `wipe`. */
export type KeyMaterial =
  | { readonly kind: "symmetric"; readonly algorithm: string | null; readonly secret: Uint8Array }
  | {
      readonly kind: "okp";
      readonly curve: "Ed25519" | "X25519";
      /** 32 bytes: the seed of RFC 8032 5.1.5, the scalar of RFC 7748 5 before clamping. */
      readonly secret: Uint8Array;
      readonly publicKey: Uint8Array;
    }
  | {
      readonly kind: "ec";
      readonly curve: "P-256" | "P-384";
      /** The scalar d, big-endian, as long as the curve's order. */
      readonly secret: Uint8Array;
      /** Uncompressed point, SEC 1 2.3.3: 04 || x || y. */
      readonly publicKey: Uint8Array;
    }
  | ({ readonly kind: "rsa" } & RsaNumbers)
  | {
      readonly kind: "akp";
      readonly algorithm: ModuleLatticeAlgorithm;
      /** ML-KEM: d || z, 64 bytes; ML-DSA: xi, 32 bytes. */
      readonly secret: Uint8Array;
      readonly publicKey: Uint8Array;
    }
  | { readonly kind: "text"; readonly text: string };

/** A pair with one secret: all but RSA. */
export type PairMaterial = Extract<KeyMaterial, { readonly publicKey: Uint8Array }>;

export type ModuleLatticeAlgorithm = "ML-KEM-768" | "ML-KEM-1024" | "ML-DSA-65" | "ML-DSA-87";

/** FIPS 186-5 A.1: n = pq, d = e^-1 mod lcm(p-1, q-1). */
export interface RsaNumbers {
  readonly modulusBits: number;
  readonly n: bigint;
  readonly e: bigint;
  readonly d: bigint;
  readonly p: bigint;
  readonly q: bigint;
}

/** Overwrites what can be: byte arrays. BigInts and strings stay until the collector reuses them. */
export function wipe(material: KeyMaterial): void {
  if ("secret" in material) material.secret.fill(0);
}
