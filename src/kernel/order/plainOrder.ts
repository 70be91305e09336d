import type { OrderKernel, Runs, Scale } from "./orderKernel.ts";

/**
 * The plain twin. What comes next in noise cannot be foretold, neither by the processor, so that signs are
 * computed without a branch.
 */
export class PlainOrder implements OrderKernel {
  allocate(length: number): Uint8Array {
    return new Uint8Array(length);
  }

  exchange(symbols: Uint8Array, size: number, words: Uint8Array): number {
    const view = new DataView(words.buffer, words.byteOffset, words.length);
    let left = size;
    for (let at = 0; at < words.length && left > 1; at += 4) {
      // Below 2^53, so that a double holds it: symbols are at most 2^21.
      const product = view.getUint32(at, true) * left;
      const other = (product * 2 ** -32) | 0;
      const low = product - other * 2 ** 32;
      if (low < left && low < 2 ** 32 % left) continue;
      left--;
      const last = symbols[left]!;
      symbols[left] = symbols[other]!;
      symbols[other] = last;
    }
    return left;
  }

  excursion(symbols: Uint8Array, { low, step }: Scale, mean: number): number {
    let sum = 0;
    let greatest = 0;
    for (let index = 0; index < symbols.length; index++) {
      sum += low + step * symbols[index]!;
      const distance = Math.abs(sum - (index + 1) * mean);
      if (distance > greatest) greatest = distance;
    }
    return greatest;
  }

  directionalRuns(symbols: Uint8Array): Runs & { readonly increasesOrDecreases: number } {
    const steps = symbols.length - 1;
    let [changes, begin, longest, downs] = [0, 0, 0, 0];
    let before = (symbols[1]! - symbols[0]!) >>> 31;
    for (let index = 0; index < steps; index++) {
      const down = (symbols[index + 1]! - symbols[index]!) >>> 31;
      const change = down ^ before;
      before = down;
      downs += down;
      changes += change;
      // A change makes this index the run's beginning.
      begin += (index - begin) & -change;
      if (index - begin >= longest) longest = index - begin + 1;
    }
    return { runs: changes + 1, longest, increasesOrDecreases: Math.max(downs, steps - downs) };
  }

  medianRuns(symbols: Uint8Array, upperHalfFrom: number): Runs {
    let [changes, begin, longest] = [0, 0, 0];
    let before = (symbols[0]! - upperHalfFrom) >>> 31;
    for (let index = 0; index < symbols.length; index++) {
      const below = (symbols[index]! - upperHalfFrom) >>> 31;
      const change = below ^ before;
      before = below;
      changes += change;
      begin += (index - begin) & -change;
      if (index - begin >= longest) longest = index - begin + 1;
    }
    return { runs: changes + 1, longest };
  }

  collisions(symbols: Uint8Array): { readonly average: number; readonly greatest: number } {
    // One more than where a symbol was seen last: before `begin` it was in another search.
    const seenAt = new Uint32Array(256);
    let [begin, found, sum, greatest] = [0, 0, 0, 0];
    for (let index = 0; index < symbols.length; index++) {
      const symbol = symbols[index]!;
      const isNew = seenAt[symbol]! <= begin;
      seenAt[symbol] = index + 1;
      if (isNew) continue;
      const length = index - begin + 1;
      sum += length;
      found++;
      if (length > greatest) greatest = length;
      begin = index + 1;
    }
    return { average: found === 0 ? 0 : sum / found, greatest };
  }

  periodicity(symbols: Uint8Array, lag: number): number {
    let equal = 0;
    // 1 for a difference of 0.
    for (let index = lag; index < symbols.length; index++)
      equal += ((symbols[index]! ^ symbols[index - lag]!) - 1) >>> 31;
    return equal;
  }

  covariance(symbols: Uint8Array, lag: number): number {
    let sum = 0;
    for (let index = lag; index < symbols.length; index++)
      sum += symbols[index]! * symbols[index - lag]!;
    return sum;
  }

  onesOfEights(bits: Uint8Array, ones: Uint8Array): void {
    ones.fill(0);
    for (let index = 0; index < bits.length; index++) ones[index >>> 3]! += bits[index]!;
  }

  numbersOfEights(bits: Uint8Array, numbers: Uint8Array): void {
    numbers.fill(0);
    for (let index = 0; index < bits.length; index++)
      numbers[index >>> 3]! |= bits[index]! << (7 - (index & 7));
  }
}
