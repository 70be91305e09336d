import type { SampleSink } from "../port/source.ts";

/**
 * How a device's bytes hold its samples. No vendor of a serial TRNG documents this for its raw
 * modes, so it is configuration, and whoever sets it answers for it.
 */
export interface Framing {
  /** Width of a symbol, 1 to 8. */
  readonly bitsPerSample: number;
  /**
   * - `byte`: a byte is a sample of 8 bits.
   * - `bits-msb-first`, `bits-lsb-first`: a byte holds 8, 4 or 2 samples of 1, 2 or 4 bits, the
   *   earliest in the highest, or in the lowest, bits.
   * - `low-bits`: a byte or a word is one sample, of which the low bits are kept.
   */
  readonly mapping: "byte" | "bits-msb-first" | "bits-lsb-first" | "low-bits";
  /** 2 with `low-bits` only: a sample is a 16-bit word. Default 1. */
  readonly bytesPerSample?: 1 | 2;
  /** Of a word. Default `little`. */
  readonly byteOrder?: "little" | "big";
  /**
   * How many of a word's highest bits the device always sends as 0, 1 to 8 (a 12-bit ADC: 4). A
   * word says nowhere else where it begins, so without such bits its alignment would be a guess.
   */
  readonly zeroBits?: number;
}

export const BYTES: Framing = { bitsPerSample: 8, mapping: "byte" };

/** A false alignment is taken for a true one with probability 2^-32: 32 / zeroBits words in a row. */
const ALIGNMENT_BITS = 32;

type Receiver = Pick<SampleSink, "samples" | "gap">;

/**
 * Bytes to symbols. The array that `samples` gets is reused: it is allocated once, for the largest
 * chunk, and never for a sample.
 */
export interface SymbolMapper {
  push(bytes: Uint8Array, receiver: Receiver): void;
  /** Overwrites what is kept of samples. */
  wipe(): void;
}

/**
 * @param largestChunkBytes the most that one `push` will get
 * @throws RangeError when the framing contradicts itself; the message names the member
 */
export function createSymbolMapper(framing: Framing, largestChunkBytes: number): SymbolMapper {
  checkFraming(framing);
  if (framing.mapping === "byte") {
    return { push: (bytes, receiver) => receiver.samples(bytes), wipe() {} };
  }
  const perByte = framing.mapping === "low-bits" ? 1 : 8 / framing.bitsPerSample;
  const symbols = new Uint8Array(largestChunkBytes * perByte);
  const wipe = (): void => void symbols.fill(0);
  if (framing.bytesPerSample === 2) {
    const words = new WordMapper(framing, symbols);
    return { push: (bytes, receiver) => words.push(bytes, receiver), wipe: () => words.wipe() };
  }
  const mask = 2 ** framing.bitsPerSample - 1;
  if (perByte === 1) {
    return {
      push(bytes, receiver) {
        for (let at = 0; at < bytes.length; at++) symbols[at] = bytes[at]! & mask;
        receiver.samples(symbols.subarray(0, bytes.length));
      },
      wipe,
    };
  }
  const shifts = Array.from({ length: perByte }, (_, index) => index * framing.bitsPerSample);
  if (framing.mapping === "bits-msb-first") shifts.reverse();
  return {
    push(bytes, receiver) {
      let length = 0;
      for (const byte of bytes) {
        for (const shift of shifts) symbols[length++] = (byte >> shift) & mask;
      }
      receiver.samples(symbols.subarray(0, length));
    },
    wipe,
  };
}

/** @throws RangeError, naming the member that is wrong */
export function checkFraming(framing: Framing): void {
  const { bitsPerSample, mapping, bytesPerSample = 1, zeroBits = 0 } = framing;
  const fail = (member: string, allowed: string): never => {
    throw new RangeError(`framing.${member} must be ${allowed} with mapping ${mapping}`);
  };
  if (mapping === "byte" && bitsPerSample !== 8) fail("bitsPerSample", "8");
  if (mapping.startsWith("bits-") && ![1, 2, 4].includes(bitsPerSample)) {
    fail("bitsPerSample", "1, 2 or 4");
  }
  if (!Number.isInteger(bitsPerSample) || bitsPerSample < 1 || bitsPerSample > 8) {
    fail("bitsPerSample", "1 to 8");
  }
  if (bytesPerSample !== 1 && mapping !== "low-bits") fail("bytesPerSample", "1");
  if (bytesPerSample === 2 && !(Number.isInteger(zeroBits) && zeroBits >= 1 && zeroBits <= 8)) {
    fail("zeroBits", "1 to 8 where bytesPerSample is 2, and");
  }
}

/** 16-bit words. Looks for their alignment first, and again after a word that cannot be one. */
class WordMapper {
  readonly #symbols: Uint8Array;
  readonly #mask: number;
  readonly #zeroMask: number;
  readonly #little: boolean;
  readonly #wordsToAlign: number;
  /** Valid words in a row; samples are delivered from #wordsToAlign on. */
  #valid = 0;
  /** The first byte of a word whose second has not come; -1 for none. */
  #half = -1;

  constructor({ bitsPerSample, byteOrder = "little", zeroBits = 0 }: Framing, symbols: Uint8Array) {
    this.#symbols = symbols;
    this.#mask = 2 ** bitsPerSample - 1;
    this.#zeroMask = 0x100 - 2 ** (8 - zeroBits);
    this.#little = byteOrder === "little";
    this.#wordsToAlign = Math.ceil(ALIGNMENT_BITS / zeroBits);
  }

  push(bytes: Uint8Array, receiver: Receiver): void {
    let length = 0;
    for (const byte of bytes) {
      if (this.#half < 0) {
        this.#half = byte;
        continue;
      }
      const high = this.#little ? byte : this.#half;
      const low = this.#little ? this.#half : byte;
      if (high & this.#zeroMask) {
        // This byte may be the first of a word: the alignment moves on by one.
        this.#half = byte;
        if (this.#valid >= this.#wordsToAlign) {
          if (length > 0) receiver.samples(this.#symbols.subarray(0, length));
          length = 0;
          receiver.gap(0, "a word has bits set that are always 0: bytes were lost; aligning again");
        }
        this.#valid = 0;
        continue;
      }
      this.#half = -1;
      if (this.#valid < this.#wordsToAlign) this.#valid++;
      else this.#symbols[length++] = low & this.#mask;
    }
    if (length > 0) receiver.samples(this.#symbols.subarray(0, length));
  }

  wipe(): void {
    this.#symbols.fill(0);
    this.#half = -1;
    this.#valid = 0;
  }
}
