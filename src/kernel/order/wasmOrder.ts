import type { OrderKernel, Runs, Scale } from "./orderKernel.ts";
import {
  EXCURSION_BLOCK,
  MOST_COVARIANCE,
  orderModule,
  VECTOR,
  type OrderExports,
} from "./orderModule.ts";
import { PlainOrder } from "./plainOrder.ts";

const PAGE = 65_536;
/** What is read behind the last symbol, and never looked at: bits are made for words of 64. */
const BEHIND = 64;
const MOST_ARRAYS = 12;

/** The statistics by vectors of sixteen symbols; the few behind the last whole vector in the plain way. */
export class WasmOrder implements OrderKernel {
  readonly #exports: OrderExports;
  readonly #plain = new PlainOrder();
  readonly #seenAt: Uint8Array;
  /** A bit for each symbol. */
  readonly #bits: Uint8Array;
  #taken = 0;

  /**
   * @param octets that are allocated in all, in up to ten arrays: a bit for each is made besides
   */
  constructor(octets: number) {
    const own = 256 * 4 + Math.ceil(octets / 8);
    const pages = Math.ceil((own + octets + MOST_ARRAYS * 2 * BEHIND) / PAGE);
    const module = new WebAssembly.Module(orderModule(pages));
    this.#exports = new WebAssembly.Instance(module).exports as OrderExports;
    this.#seenAt = this.allocate(256 * 4);
    this.#bits = this.allocate(Math.ceil(octets / 8));
  }

  allocate(length: number): Uint8Array {
    const { buffer } = this.#exports.memory;
    const from = this.#taken;
    const to = from + length + BEHIND;
    if (to > buffer.byteLength) throw new RangeError("no room is left in the kernel's memory");
    this.#taken = VECTOR * Math.ceil(to / VECTOR);
    return new Uint8Array(buffer, from, length);
  }

  /** @throws Error for symbols that are elsewhere: an address would be of something else */
  #addressOf(symbols: Uint8Array): number {
    if (symbols.buffer !== this.#exports.memory.buffer)
      throw new Error("symbols are not in the kernel's memory");
    return symbols.byteOffset;
  }

  exchange(symbols: Uint8Array, size: number, words: Uint8Array): number {
    const from = this.#addressOf(words);
    return this.#exports.exchange(this.#addressOf(symbols), size, from, from + words.length);
  }

  excursion(symbols: Uint8Array, { low, step, most }: Scale, mean: number): number {
    const furthest = Math.max(Math.abs(mean - low), Math.abs(low + step * most - mean));
    // Sums are whole and below 2^53; a product with the mean is off by far less than 1.
    const reach = EXCURSION_BLOCK * furthest + 1;
    const address = this.#addressOf(symbols);
    return this.#exports.excursion(address, symbols.length, low, step, mean, reach);
  }

  directionalRuns(symbols: Uint8Array): Runs & { readonly increasesOrDecreases: number } {
    const steps = symbols.length - 1;
    const bits = this.#bits.byteOffset;
    this.#exports.downs(this.#addressOf(symbols), steps, 0, bits);
    const [down, runs, longest] = this.#exports.runs(bits, steps);
    return { runs, longest, increasesOrDecreases: Math.max(down, steps - down) };
  }

  medianRuns(symbols: Uint8Array, upperHalfFrom: number): Runs {
    const bits = this.#bits.byteOffset;
    this.#exports.below(this.#addressOf(symbols), symbols.length, upperHalfFrom, bits);
    const [, runs, longest] = this.#exports.runs(bits, symbols.length);
    return { runs, longest };
  }

  collisions(symbols: Uint8Array): { readonly average: number; readonly greatest: number } {
    this.#seenAt.fill(0);
    const [found, sum, greatest] = this.#exports.collisions(
      this.#addressOf(symbols),
      symbols.length,
      this.#seenAt.byteOffset,
    );
    return { average: found === 0 ? 0 : sum / found, greatest };
  }

  periodicity(symbols: Uint8Array, lag: number): number {
    const whole = wholeVectors(symbols.length - lag);
    const equal = this.#exports.periodicity(this.#addressOf(symbols), whole, lag);
    return equal + this.#plain.periodicity(symbols.subarray(whole), lag);
  }

  covariance(symbols: Uint8Array, lag: number): number {
    const address = this.#addressOf(symbols);
    const whole = wholeVectors(symbols.length - lag);
    let sum = this.#plain.covariance(symbols.subarray(whole), lag);
    for (let from = 0; from < whole; from += MOST_COVARIANCE)
      sum += this.#exports.covariance(address + from, Math.min(MOST_COVARIANCE, whole - from), lag);
    return sum;
  }

  onesOfEights(bits: Uint8Array, ones: Uint8Array): void {
    const whole = bits.length >>> 3;
    this.#exports.onesOfEights(this.#addressOf(bits), whole, this.#addressOf(ones));
    this.#plain.onesOfEights(bits.subarray(8 * whole), ones.subarray(whole));
  }

  numbersOfEights(bits: Uint8Array, numbers: Uint8Array): void {
    const whole = bits.length >>> 3;
    this.#exports.numbersOfEights(this.#addressOf(bits), whole, this.#addressOf(numbers));
    this.#plain.numbersOfEights(bits.subarray(8 * whole), numbers.subarray(whole));
  }
}

const wholeVectors = (length: number): number => Math.max(0, length - (length % VECTOR));
