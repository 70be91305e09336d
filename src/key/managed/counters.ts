import type { Refusal } from "../../port/errors.ts";
import { FIXED_FIELD_BYTES } from "../operation/nonce.ts";
import { nextRange, overLimit } from "../policy/limits.ts";
import type { Amount } from "../policy/limits.ts";

/** Makes a reservation durable, and brings the fixed field of its nonces. */
export type Reserve = (reserved: Amount) => Promise<Uint8Array | Refusal>;

/** One protecting operation that was counted: the number it has, for its nonce. */
export interface Invocation {
  /** 0 for the first of the version. */
  readonly number: number;
  readonly fixedField: Uint8Array;
}

/**
 * Counts what one version protects. Nothing is counted that is not reserved durably first, so that
 * no nonce and no allowance is ever given twice, however the process ends.
 */
export class Counter {
  #used: Amount;
  #reserved: Amount;
  #fixedField: Uint8Array = new Uint8Array(FIXED_FIELD_BYTES);
  #rangeOperations = 0;
  #reserving: Promise<Refusal | null> | null = null;

  /** @param used what was reserved before; all of it counts as used */
  constructor(used: Amount) {
    this.#used = used;
    this.#reserved = used;
  }

  get used(): Amount {
    return this.#used;
  }

  /** What a crash now would lose. */
  get unused(): Amount {
    return {
      operations: this.#reserved.operations - this.#used.operations,
      bytes: this.#reserved.bytes - this.#used.bytes,
    };
  }

  /**
   * Counts an operation over so many bytes.
   * @returns null when a range has to be reserved first (`reserve`), or `key_limit_reached`
   */
  take(bytes: number, limit: Amount): Invocation | Refusal | null {
    const over = overLimit(this.#used, bytes, limit);
    if (over) return over;
    const { operations, bytes: usedBytes } = this.#used;
    if (
      operations >= this.#reserved.operations ||
      usedBytes + bytes > this.#reserved.bytes ||
      this.#reserving !== null
    )
      return null;
    this.#used = { operations: operations + 1, bytes: usedBytes + bytes };
    return { number: operations, fixedField: this.#fixedField };
  }

  /** Reserves a range that has room for so many bytes; whoever comes meanwhile waits for the same. */
  async reserve(bytes: number, limit: Amount, reserve: Reserve): Promise<Refusal | null> {
    this.#reserving ??= this.#reserve(bytes, limit, reserve).finally(
      () => (this.#reserving = null),
    );
    return await this.#reserving;
  }

  async #reserve(bytes: number, limit: Amount, reserve: Reserve): Promise<Refusal | null> {
    const range = nextRange(this.#used, this.#rangeOperations, bytes, limit);
    const reserved = {
      operations: Math.max(this.#reserved.operations, this.#used.operations + range.operations),
      bytes: Math.max(this.#reserved.bytes, this.#used.bytes + range.bytes),
    };
    const fixedField = await reserve(reserved);
    if ("ok" in fixedField) return fixedField;
    this.#reserved = reserved;
    this.#fixedField = fixedField;
    this.#rangeOperations = range.operations;
    return null;
  }
}
