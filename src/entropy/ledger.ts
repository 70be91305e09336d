import type { ConditioningComponent } from "../conditioning/component.ts";
import type { EntropyBlock } from "../port/lineage.ts";
import { outputEntropy } from "../standard/outputEntropy.ts";

/** A source's books. Samples move from `held` to exactly one of the others; bits follow samples. */
export interface LedgerAccount {
  readonly source: string;
  readonly testedSamples: number;
  readonly heldSamples: number;
  readonly divertedSamples: number;
  /** Thrown away before they were conditioned. */
  readonly discardedSamples: number;
  readonly conditionedSamples: number;
  /** Of the conditioned ones, those in blocks that were overwritten unused. */
  readonly discardedBlockSamples: number;
  /** samples x H that went into blocks, and min-entropy that came out of them. */
  readonly blockInputBits: number;
  readonly blockOutputBits: number;
  readonly blocksHeld: number;
  readonly blocksSpent: number;
  readonly blocksDiscarded: number;
  /** Of credited blocks only: made, given to seeds, and thrown away. */
  readonly creditedMadeBits: number;
  readonly creditedSpentBits: number;
  readonly creditedDiscardedBits: number;
}

/** What a source's blocks may be made of; fixed when its account is opened. */
export interface AccountTerms {
  readonly source: string;
  readonly claimedEntropy: number;
  readonly bitsPerSample: number;
  readonly component: ConditioningComponent;
}

type Sums = { -readonly [K in keyof LedgerAccount]: LedgerAccount[K] };

interface Entry {
  readonly samples: number;
  readonly bits: number;
  readonly credited: boolean;
}

interface Account {
  readonly terms: AccountTerms;
  readonly sums: Sums;
  /** Blocks that exist and are in no seed yet. */
  readonly blocks: Map<string, Entry>;
}

/** The books do not balance: a defect, never a condition of operation. */
export class LedgerError extends Error {
  constructor(detail: string) {
    super(`entropy ledger: ${detail}`);
    this.name = "LedgerError";
  }
}

/** Sums of many rounded products may differ in their last digits; nothing else may. */
const RELATIVE_ROUNDING = 1e-9;

function exceeds(amount: number, limit: number): boolean {
  return amount > limit + RELATIVE_ROUNDING * Math.max(1, Math.abs(limit));
}

/**
 * Double-entry books of samples and credit. Every movement checks that nothing is counted twice and
 * that credit never grows: bits out of a block <= min(Output_Entropy, h_in), h_in <= samples x H.
 * Each method throws LedgerError on a violation.
 */
export class Ledger {
  readonly #accounts = new Map<string, Account>();

  open(terms: AccountTerms): void {
    const { source } = terms;
    if (this.#accounts.has(source)) throw new LedgerError(`${source} has an account already`);
    const sums: Sums = {
      source,
      testedSamples: 0,
      heldSamples: 0,
      divertedSamples: 0,
      discardedSamples: 0,
      conditionedSamples: 0,
      discardedBlockSamples: 0,
      blockInputBits: 0,
      blockOutputBits: 0,
      blocksHeld: 0,
      blocksSpent: 0,
      blocksDiscarded: 0,
      creditedMadeBits: 0,
      creditedSpentBits: 0,
      creditedDiscardedBits: 0,
    };
    this.#accounts.set(source, { terms, sums, blocks: new Map() });
  }

  account(source: string): LedgerAccount {
    return { ...this.#of(source).sums };
  }

  accounts(): readonly LedgerAccount[] {
    return [...this.#accounts.values()].map(({ sums }) => ({ ...sums }));
  }

  /** Samples passed through the health tests; they are held until they go elsewhere. */
  test(source: string, samples: number): void {
    const { sums } = this.#of(source);
    count(samples);
    sums.testedSamples += samples;
    sums.heldSamples += samples;
  }

  /** They left by a tap. */
  divert(source: string, samples: number): void {
    const { sums } = this.#of(source);
    release(sums, samples);
    sums.divertedSamples += samples;
  }

  /** They were overwritten. */
  discard(source: string, samples: number): void {
    const { sums } = this.#of(source);
    release(sums, samples);
    sums.discardedSamples += samples;
  }

  /** `samples` held samples became `block`. */
  condition(block: EntropyBlock, samples: number): void {
    const { terms, sums, blocks } = this.#of(block.source);
    const { bitsPerSample, component } = terms;
    if (blocks.has(block.id)) throw new LedgerError(`${block.id} is there already`);
    if (block.inputBits !== samples * bitsPerSample) {
      throw new LedgerError(`${block.id}: n_in is not samples x bits`);
    }
    if (exceeds(block.inputEntropy, samples * terms.claimedEntropy)) {
      throw new LedgerError(`${block.id}: h_in is above samples x H`);
    }
    const { inputBits, inputEntropy } = block;
    const { outputBits, narrowestWidthBits } = component;
    const limit = outputEntropy({ inputBits, inputEntropy, outputBits, narrowestWidthBits });
    if (!(block.outputEntropy <= Math.min(limit, inputEntropy, outputBits))) {
      throw new LedgerError(`${block.id}: h_out is above Output_Entropy or h_in`);
    }
    release(sums, samples);
    sums.conditionedSamples += samples;
    sums.blockInputBits += inputEntropy;
    sums.blockOutputBits += block.outputEntropy;
    sums.blocksHeld += 1;
    if (block.credited) sums.creditedMadeBits += block.outputEntropy;
    blocks.set(block.id, { samples, bits: block.outputEntropy, credited: block.credited });
    if (exceeds(sums.blockOutputBits, sums.conditionedSamples * terms.claimedEntropy)) {
      throw new LedgerError(`${block.source}: more credit out than in`);
    }
  }

  /** The block went into a seed. A second time throws, and so does a discarded one. */
  spend(block: EntropyBlock): void {
    const { sums, bits, credited } = this.#close(block);
    sums.blocksSpent += 1;
    if (credited) sums.creditedSpentBits += bits;
    if (exceeds(sums.creditedSpentBits + sums.creditedDiscardedBits, sums.creditedMadeBits)) {
      throw new LedgerError(`${block.source}: more credit spent than made`);
    }
  }

  /** The block was overwritten unused. */
  discardBlock(block: EntropyBlock): void {
    const { sums, samples, bits, credited } = this.#close(block);
    sums.blocksDiscarded += 1;
    sums.discardedBlockSamples += samples;
    if (credited) sums.creditedDiscardedBits += bits;
  }

  #close(block: EntropyBlock): Entry & { readonly sums: Sums } {
    const { sums, blocks } = this.#of(block.source);
    const entry = blocks.get(block.id);
    if (!entry) throw new LedgerError(`${block.id} is spent, discarded or was never made`);
    if (entry.credited !== block.credited || entry.bits !== block.outputEntropy) {
      throw new LedgerError(`${block.id} changed since it was made`);
    }
    blocks.delete(block.id);
    sums.blocksHeld -= 1;
    return { sums, ...entry };
  }

  #of(source: string): Account {
    const account = this.#accounts.get(source);
    if (!account) throw new LedgerError(`${source} has no account`);
    return account;
  }
}

function count(samples: number): void {
  if (!Number.isSafeInteger(samples) || samples < 0) {
    throw new LedgerError(`${samples} is no number of samples`);
  }
}

function release(sums: Sums, samples: number): void {
  count(samples);
  if (samples > sums.heldSamples) {
    throw new LedgerError(`${sums.source}: ${samples} samples leave, ${sums.heldSamples} are held`);
  }
  sums.heldSamples -= samples;
}
