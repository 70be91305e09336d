import type { HashName, HmacKernel } from "./hmac.ts";
import { HmacNode } from "./hmacNode.ts";
import { HmacSha256 } from "./hmacSha256.ts";

/** The fastest kernel for a hash, by the measurement in README.md. */
export function createHmacKernel(hash: HashName): HmacKernel {
  return hash === "sha256" ? new HmacSha256() : new HmacNode(hash);
}
