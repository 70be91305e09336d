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
  /** `output` of each, into its own of as many outs, all of the same length. */
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
    const memory = this.#memory;
    const length = lengthOf(outs, this.lanes);
    for (let at = 0; at < length; at += LANE_OUTPUT_BYTES) {
      const bytes = Math.min(length - at, LANE_OUTPUT_BYTES);
      const steps = Math.ceil(bytes / BYTES);
      memory.kernel.chainFour(OUTPUT, steps);
      for (const [lane, out] of outs.entries()) {
        const from = OUTPUT + lane * LANE_OUTPUT_BYTES;
        memory.take(from, bytes === length ? out : out.subarray(at, at + bytes));
        // What the last step gave beyond `out`.
        if (bytes % BYTES > 0) memory.bytes.fill(0, from + bytes, from + steps * BYTES);
      }
    }
    memory.wipeScratch();
  }
}

/** One after another, on kernels that know nothing of each other. */
class SequentialBank implements HmacDrbgBankKernel {
  readonly lanes: readonly HmacDrbgKernel[];

  constructor(hash: HashName) {
    this.lanes = Array.from({ length: LANES }, () => createHmacDrbgKernel(hash));
  }

  output(outs: readonly Uint8Array[]): void {
    lengthOf(outs, this.lanes);
    for (const [i, lane] of this.lanes.entries()) lane.output(outs[i]!);
  }
}

function lengthOf(outs: readonly Uint8Array[], lanes: readonly HmacDrbgKernel[]): number {
  const length = outs[0]?.length ?? 0;
  if (outs.length !== lanes.length || outs.some((out) => out.length !== length))
    throw new RangeError(`${lanes.length} outputs of the same length are needed`);
  return length;
}

/** The fastest bank for a hash, unless another form was asked for (`kernelForm`). */
export function createHmacDrbgBank(hash: HashName): HmacDrbgBankKernel {
  return hash === "sha256" && kernelForm() === "four-lanes"
    ? new LockStepBank()
    : new SequentialBank(hash);
}
