import { createHmacKernel } from "./createHmacKernel.ts";
import type { HashName } from "./hmac.ts";
import type { HmacDrbgKernel } from "./hmacDrbgKernel.ts";
import { HmacDrbgPlain } from "./hmacDrbgPlain.ts";
import { HmacDrbgWasm } from "./hmacDrbgWasm.ts";
import { kernelForm } from "./kernelForm.ts";

/** The fastest kernel for a hash, by the measurement in README.md, unless another form was asked for. */
export function createHmacDrbgKernel(hash: HashName): HmacDrbgKernel {
  return hash === "sha256" && kernelForm() !== "noble"
    ? new HmacDrbgWasm()
    : new HmacDrbgPlain(createHmacKernel(hash));
}
