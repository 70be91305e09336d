import type { HashName, HmacKernel } from "./hmac.ts";
import { HmacNoble } from "./hmacNoble.ts";
import { HmacNode } from "./hmacNode.ts";
import { HmacWasm } from "./hmacWasm.ts";
import { kernelForm } from "./kernelForm.ts";

/** The fastest HMAC for a hash, by the measurement in README.md, unless another form was asked for. */
export function createHmacKernel(hash: HashName): HmacKernel {
  if (kernelForm() === "noble") return new HmacNoble(hash);
  return hash === "sha256" ? new HmacWasm() : new HmacNode(hash);
}
