import type { KeyMaterial } from "../material.ts";

/**
 * RFC 9562 5.4: 122 random bits, version 4 and variant 10.
 * @param seed 16 bytes
 */
export function deriveUuid(seed: Uint8Array): KeyMaterial & { readonly kind: "text" } {
  const bytes = Buffer.from(seed);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  bytes.fill(0);
  const text = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
  return { kind: "text", text };
}
