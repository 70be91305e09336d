import type { ConditioningComponent } from "../conditioning/component.ts";
import { packSymbols } from "../conditioning/packing.ts";
import { blockArithmetic, samplesForEntropy, type BlockArithmetic } from "./claim.ts";
import type { OpenWindow } from "./window.ts";

/** One conditioned block, before it has a name. */
export interface ConditionedBlock {
  readonly bytes: Uint8Array;
  readonly arithmetic: BlockArithmetic;
  /** The windows that it draws on, in order, each once. */
  readonly windows: readonly OpenWindow[];
}

export interface AccumulatorTerms {
  readonly bitsPerSample: number;
  /** H a sample that is claimed, greater than 0, at most `bitsPerSample`. */
  readonly claimedEntropy: number;
  readonly component: ConditioningComponent;
}

/** 2^22 samples of a byte are 4 MiB: a source so poor that it needs more a block is refused. */
const MAXIMUM_BLOCK_SAMPLES = 2 ** 22;

/**
 * Collects usable samples until they hold the entropy that the component needs for full entropy, then
 * conditions them. What is left over stays for the next block: each sample is in exactly one block.
 */
export class Accumulator {
  readonly #terms: AccumulatorTerms;
  readonly #arithmetic: BlockArithmetic;
  readonly #buffer: Uint8Array;
  #filled = 0;
  #windows: OpenWindow[] = [];

  /** @throws RangeError when the claim is impossible or too low to ever fill a block */
  constructor(terms: AccumulatorTerms) {
    const { bitsPerSample, claimedEntropy, component } = terms;
    if (!(claimedEntropy > 0 && claimedEntropy <= bitsPerSample)) {
      throw new RangeError(`H = ${claimedEntropy} is not in (0, ${bitsPerSample}]`);
    }
    const samples = samplesForEntropy(component.requiredInputEntropyBits, claimedEntropy);
    if (samples > MAXIMUM_BLOCK_SAMPLES) {
      throw new RangeError(`H = ${claimedEntropy} needs ${samples} samples a block`);
    }
    this.#terms = terms;
    this.#arithmetic = blockArithmetic(samples, bitsPerSample, claimedEntropy, component);
    this.#buffer = new Uint8Array(samples);
  }

  get samplesPerBlock(): number {
    return this.#buffer.length;
  }

  /** Samples that wait for the rest of their block. */
  get held(): number {
    return this.#filled;
  }

  /** @returns the blocks that these samples completed, oldest first */
  add(symbols: Uint8Array, window: OpenWindow): ConditionedBlock[] {
    const blocks: ConditionedBlock[] = [];
    let from = 0;
    while (from < symbols.length) {
      const to = Math.min(symbols.length, from + this.#buffer.length - this.#filled);
      this.#buffer.set(symbols.subarray(from, to), this.#filled);
      this.#filled += to - from;
      if (this.#windows.at(-1) !== window) this.#windows.push(window);
      if (this.#filled === this.#buffer.length) blocks.push(this.#condition());
      from = to;
    }
    return blocks;
  }

  /** Overwrites what is held. @returns how many samples that were */
  discard(): number {
    const held = this.#filled;
    this.#buffer.fill(0);
    this.#filled = 0;
    this.#windows = [];
    return held;
  }

  #condition(): ConditionedBlock {
    const packed = packSymbols(this.#buffer, this.#terms.bitsPerSample);
    try {
      const bytes = this.#terms.component.condition(packed);
      return { bytes, arithmetic: this.#arithmetic, windows: this.#windows };
    } finally {
      packed.fill(0);
      this.discard();
    }
  }
}
