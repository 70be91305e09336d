import { createPrivateKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { privateKeyDer } from "../pem.ts";
import type { PublicAlgorithm } from "./publicKey.ts";

/** The platform's form of a secret. Its copy is in OpenSSL's memory and freed, not overwritten by us. */
export function privateKeyObject(algorithm: PublicAlgorithm, secret: Uint8Array): KeyObject {
  const der = privateKeyDer(privatePart(algorithm, secret));
  try {
    return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}

function privatePart(algorithm: PublicAlgorithm, secret: Uint8Array) {
  switch (algorithm) {
    case "Ed25519":
    case "X25519":
      return { kind: "okp", curve: algorithm, secret } as const;
    case "P-256":
      return { kind: "ec", curve: algorithm, secret } as const;
    default:
      return { kind: "akp", algorithm, secret } as const;
  }
}
