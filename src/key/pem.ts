import type { KeyMaterial, ModuleLatticeAlgorithm } from "./material.ts";

type PemMaterial = Extract<KeyMaterial, { readonly kind: "okp" | "ec" | "akp" }>;

/** What PKCS#8 needs to know: the public key is left out where it is not known yet. */
interface PrivatePart {
  readonly kind: PemMaterial["kind"];
  readonly curve?: "Ed25519" | "X25519" | "P-256" | "P-384";
  readonly algorithm?: ModuleLatticeAlgorithm;
  readonly secret: Uint8Array;
  readonly publicKey?: Uint8Array;
}

/*
 * AlgorithmIdentifiers in DER, without parameters but for EC's named curve: RFC 8410 3 (id-Ed25519,
 * id-X25519), RFC 5480 2.1.1 (ecPublicKey with prime256v1 or secp384r1), RFC 9935 and RFC 9881
 * (id-alg-ml-kem-*, id-ml-dsa-*).
 */
const ALGORITHM_IDENTIFIER = {
  Ed25519: "300506032b6570",
  X25519: "300506032b656e",
  "P-256": "301306072a8648ce3d020106082a8648ce3d030107",
  "P-384": "301006072a8648ce3d020106052b81040022",
  "ML-KEM-768": "300b0609608648016503040402",
  "ML-KEM-1024": "300b0609608648016503040403",
  "ML-DSA-65": "300b0609608648016503040312",
  "ML-DSA-87": "300b0609608648016503040313",
} as const;

const SEQUENCE = 0x30;
const OCTET_STRING = 0x04;
const BIT_STRING = 0x03;
const SEED = 0x80; // [0] IMPLICIT OCTET STRING
const PUBLIC_KEY = 0xa1; // [1] EXPLICIT
const INTEGER_0 = Buffer.from("020100", "hex");
const INTEGER_1 = Buffer.from("020101", "hex");

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  const header = length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets];
  return Buffer.concat([Buffer.from(header), ...parts]);
}

/** What stands inside PKCS#8's privateKey OCTET STRING. */
function privateKeyField({ kind, secret, publicKey }: PrivatePart): Buffer {
  switch (kind) {
    case "okp": // RFC 8410 7: CurvePrivateKey
      return der(OCTET_STRING, secret);
    case "ec": // RFC 5915 3: ECPrivateKey, its curve named by the algorithm identifier
      return der(
        SEQUENCE,
        INTEGER_1,
        der(OCTET_STRING, secret),
        ...(publicKey ? [der(PUBLIC_KEY, der(BIT_STRING, Buffer.of(0), publicKey))] : []),
      );
    default: // RFC 9935 6, RFC 9881 6: the seed of the three choices
      return der(SEED, secret);
  }
}

function algorithmIdentifier({ curve, algorithm }: PrivatePart): Buffer {
  return Buffer.from(ALGORITHM_IDENTIFIER[(curve ?? algorithm)!], "hex");
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g)!;
  bytes.fill(0);
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** PKCS#8 version 0 (RFC 5208 5) in DER. The caller overwrites it. */
export function privateKeyDer(material: PrivatePart): Buffer {
  const field = privateKeyField(material);
  const wrapped = der(OCTET_STRING, field);
  field.fill(0);
  const whole = der(SEQUENCE, INTEGER_0, algorithmIdentifier(material), wrapped);
  wrapped.fill(0);
  return whole;
}

export function privateKeyPem(material: PemMaterial): string {
  return pem("PRIVATE KEY", privateKeyDer(material));
}

/** SubjectPublicKeyInfo (RFC 5280 4.1). */
export function publicKeyPem(material: PemMaterial): string {
  const bits = der(BIT_STRING, Buffer.of(0), material.publicKey);
  return pem("PUBLIC KEY", der(SEQUENCE, algorithmIdentifier(material), bits));
}
