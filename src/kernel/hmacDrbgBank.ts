import type { HmacDrbgKernel } from "./hmacDrbgKernel.ts";
import { HmacDrbgWasm } from "./hmacDrbgWasm.ts";
import { kernelForm } from "./kernelForm.ts";
import { HASH_OUTPUT_BYTES, type HashName } from "./hmac.ts";
import { createHmacDrbgKernel } from "./createHmacDrbgKernel.ts";
import { Sha256Lanes } from "./sha256Lanes.ts";
import { LANE_OUTPUT_BYTES, LANES, OUTPUT } from "./wasm/layout.ts";

const BYTES = HASH_OUTPUT_BYTES.sha256;

/** Four kernels, each with its own K and V, that can give output in one go. */
export interface HmacDrbgBankKernel {
  readonly lanes: readonly HmacDrbgKernel[];
  /** `output` of each, into its own of as many outs: in one go as far as the shortest. */
  output(outs: readonly Uint8Array[]): void;
}

/** In lock-step: four lanes of 32 bits in each register. */
class LockStepBank implements HmacDrbgBankKernel {
  readonly lanes: readonly HmacDrbgWasm[];
  readonly #memory = new Sha256Lanes();

  constructor() {
    this.lanes = Array.from({ length: LANES }, (_, lane) => new HmacDrbgWasm(this.#memory, lane));
  }

  output(outs: readonly Uint8Array[]): void {
    checkOuts(outs, this.lanes);
    const memory = this.#memory;
    const steps = Math.min(...outs.map(({ length }) => Math.ceil(length / BYTES)));
    const together = steps * BYTES;
    for (let at = 0; at < together; at += LANE_OUTPUT_BYTES) {
      const bytes = Math.min(together - at, LANE_OUTPUT_BYTES);
      memory.kernel.chainFour(OUTPUT, bytes / BYTES);
      for (const [lane, out] of outs.entries()) {
        const from = OUTPUT + lane * LANE_OUTPUT_BYTES;
        const part = out.subarray(at, at + bytes);
        memory.take(from, part);
        // What the last step gave beyond `out`.
        memory.bytes.fill(0, from + part.length, from + bytes);
      }
    }
    memory.wipeScratch();
    for (const [i, out] of outs.entries())
      if (out.length > together) this.lanes[i]!.output(out.subarray(together));
  }
}

/** One after another, on kernels that know nothing of each other. */
class SequentialBank implements HmacDrbgBankKernel {
  readonly lanes: readonly HmacDrbgKernel[];

  constructor(hash: HashName) {
    this.lanes = Array.from({ length: LANES }, () => createHmacDrbgKernel(hash));
  }

  output(outs: readonly Uint8Array[]): void {
    checkOuts(outs, this.lanes);
    for (const [i, lane] of this.lanes.entries()) lane.output(outs[i]!);
  }
}

function checkOuts(outs: readonly Uint8Array[], lanes: readonly HmacDrbgKernel[]): void {
  if (outs.length !== lanes.length) throw new RangeError(`${lanes.length} outputs are needed`);
}

/** The fastest bank for a hash, unless another form was asked for (`kernelForm`). */
export function createHmacDrbgBank(hash: HashName): HmacDrbgBankKernel {
  return hash === "sha256" && kernelForm() === "four-lanes"
    ? new LockStepBank()
    : new SequentialBank(hash);
}
