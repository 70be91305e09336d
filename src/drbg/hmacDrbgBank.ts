import type { HashName } from "../kernel/hmac.ts";
import { createHmacDrbgBank } from "../kernel/hmacDrbgBank.ts";
import { type GenerateResult, HmacDrbg } from "./hmacDrbg.ts";

/**
 * Four instances of HMAC_DRBG that can generate at the same time. Each is one by itself: it is seeded
 * and reseeded alone, has its own limits, and nothing of its state is seen by another.
 */
export class HmacDrbgBank {
  readonly lanes: readonly HmacDrbg[];
  readonly #kernel;

  constructor(hash: HashName) {
    this.#kernel = createHmacDrbgBank(hash);
    this.lanes = this.#kernel.lanes.map((kernel) => new HmacDrbg(hash, { kernel }));
  }

  /**
   * Generate_function (SP 800-90A 9.3) in each lane, without additional input.
   * @param outs one for each lane, filled with 1 to 65,536 bytes each when the result is `done`
   */
  generate(outs: readonly Uint8Array[]): GenerateResult {
    // Steps 1. and 2.
    for (const [i, lane] of this.lanes.entries()) lane.checkGenerate(outs[i]?.length ?? 0);
    // 10.1.2.5 step 1.
    if (this.lanes.some((lane) => lane.reseedRequired)) return "reseedRequired";
    try {
      // 10.1.2.5 steps 3. to 5.
      this.#kernel.output(outs);
      // 10.1.2.5 steps 6. and 7.
      for (const lane of this.lanes) lane.concludeGenerate();
    } catch (error) {
      for (const out of outs) out.fill(0);
      for (const lane of this.lanes) lane.fail();
      throw error;
    }
    return "done";
  }
}
