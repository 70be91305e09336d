import type { EntropyBlock, SampleWindow } from "../port/lineage.ts";
import { ageMilliseconds, type Instant } from "./instant.ts";
import type { Ledger } from "./ledger.ts";

/** A block with its bytes, as it waits for a seed. */
export interface PooledBlock {
  readonly block: EntropyBlock;
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly windows: readonly SampleWindow[];
  /** Bits that the assessment credits, and a certificate; both 0 for an uncredited block. */
  readonly bits: number;
  readonly compliantBits: number;
  readonly lastSample: Instant;
}

/** 64 blocks of 512 bits are 4 KiB: 64 seeds, or a second of demand at 16 KiB a seed and 1 MB/s. */
export const DEFAULT_BLOCKS_PER_SOURCE = 64;

/**
 * Blocks of every source until a seed takes them, oldest first. Bounded: a full source loses its
 * oldest block. Every block leaves once, and its bytes are overwritten when it does.
 */
export class Pool {
  readonly #ledger: Ledger;
  readonly #limit: number;
  readonly #blocks = new Map<string, PooledBlock[]>();

  constructor(ledger: Ledger, blocksPerSource: number = DEFAULT_BLOCKS_PER_SOURCE) {
    if (!Number.isSafeInteger(blocksPerSource) || blocksPerSource < 1) {
      throw new RangeError("a pool has room for at least one block");
    }
    this.#ledger = ledger;
    this.#limit = blocksPerSource;
  }

  /** When the source's room is full, its oldest block is overwritten and given up for it. */
  add(pooled: PooledBlock): void {
    let blocks = this.#blocks.get(pooled.source);
    if (!blocks) this.#blocks.set(pooled.source, (blocks = []));
    blocks.push(pooled);
    if (blocks.length > this.#limit) this.#overwrite(blocks.shift()!);
  }

  /** Overwrites every block of the source. */
  discard(source: string): void {
    const blocks = this.#blocks.get(source) ?? [];
    this.#blocks.delete(source);
    for (const pooled of blocks) this.#overwrite(pooled);
  }

  count(source: string): number {
    return this.#blocks.get(source)?.length ?? 0;
  }

  /**
   * Blocks of a source, without taking them: oldest first, or where an age is demanded those within
   * it, newest first, so that the seed is as young as can be.
   */
  candidates(
    source: string,
    credited: boolean,
    maximumAgeMilliseconds: number | null,
    now: Instant,
  ): readonly PooledBlock[] {
    const blocks = (this.#blocks.get(source) ?? []).filter(
      ({ block }) => block.credited === credited,
    );
    if (maximumAgeMilliseconds === null) return blocks;
    return blocks
      .filter(({ lastSample }) => ageMilliseconds(lastSample, now) <= maximumAgeMilliseconds)
      .toReversed();
  }

  /**
   * Takes these blocks out for one seed.
   * @returns their bytes, concatenated in a fresh array; the pool's own are overwritten
   * @throws Error when one is not in the pool (any more): a block is used once
   */
  take(chosen: readonly PooledBlock[]): Uint8Array {
    const input = new Uint8Array(chosen.reduce((sum, { bytes }) => sum + bytes.length, 0));
    let at = 0;
    for (const pooled of chosen) {
      const blocks = this.#blocks.get(pooled.source) ?? [];
      const index = blocks.indexOf(pooled);
      if (index < 0) throw new Error(`${pooled.block.id} is not in the pool`);
      blocks.splice(index, 1);
      this.#ledger.spend(pooled.block);
      input.set(pooled.bytes, at);
      at += pooled.bytes.length;
      pooled.bytes.fill(0);
    }
    return input;
  }

  #overwrite(pooled: PooledBlock): void {
    pooled.bytes.fill(0);
    this.#ledger.discardBlock(pooled.block);
  }
}
