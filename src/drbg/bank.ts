import type { HashName } from "../kernel/hmac.ts";
import type { Requirement } from "../port/lineage.ts";
import { HmacDrbgBank } from "./hmacDrbgBank.ts";
import { DrbgInstance } from "./instance.ts";
import type { Generated, InstanceTerms } from "./instanceTerms.ts";
import { generateBytes } from "./policy.ts";

/** From here on the lock-step is worth more than four updates cost. */
export const BULK_BYTES = 4096;

/**
 * Four instances that generate in lock-step for requests of many bytes, whatever their door. They take
 * seeds only once somebody has asked for so much, so that they cost a service of small requests no
 * noise.
 */
export class Bank {
  readonly instances: readonly DrbgInstance[];
  readonly #drbg: HmacDrbgBank;
  readonly #terms: Omit<InstanceTerms, "id" | "drbg">;
  #wanted = false;

  constructor(hash: HashName, terms: Omit<InstanceTerms, "id" | "drbg">) {
    this.#terms = terms;
    this.#drbg = new HmacDrbgBank(hash);
    this.instances = this.#drbg.lanes.map(
      (drbg, lane) => new DrbgInstance({ ...terms, id: `bulk.${lane + 1}`, drbg }),
    );
  }

  /** The instances that seeds are to be prepared for. */
  get wanting(): readonly DrbgInstance[] {
    return this.#wanted ? this.instances : [];
  }

  /** Somebody asks for much: seeds are to be prepared from now on. */
  want(): void {
    this.#wanted = true;
  }

  /** No lane gives more of one seed, or in one generate. */
  get mostBytes(): number {
    return this.instances.length * generateBytes(this.#terms.limits);
  }

  /** A request of so many bytes would be answered at once. */
  ready(bytes: number, requirement: Requirement): boolean {
    const most = Math.ceil(bytes / this.instances.length);
    return (
      bytes <= this.mostBytes &&
      this.instances.every((instance) => instance.canGive(most, requirement))
    );
  }

  /** Bytes at once, or null when a lane cannot give its part from one seed: all or nothing. */
  draw(bytes: number, requirement: Requirement, into?: Uint8Array): Generated | null {
    if (!this.ready(bytes, requirement)) return null;
    const out = into ?? new Uint8Array(bytes);
    const outs: Uint8Array[] = [];
    for (let at = 0, lanes = this.instances.length; lanes > 0; lanes--) {
      const part = out.subarray(at, at + Math.ceil((bytes - at) / lanes));
      outs.push(part);
      at += part.length;
    }
    if (!this.instances.every((instance, i) => instance.reserve(outs[i]!.length, requirement))) {
      // Time passed between the question and here, or the quorum went.
      return null;
    }
    const pieces = this.instances.map((instance, i) => instance.charge(outs[i]!.length));
    try {
      if (this.#drbg.generate(outs) !== "done") throw new Error("the reseed interval is over");
    } catch (error) {
      this.#terms.broken();
      throw error;
    }
    return { bytes: out, pieces };
  }
}
