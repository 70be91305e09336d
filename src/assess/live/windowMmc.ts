import type { Predictions } from "../nonIid/prediction.ts";
import { PairTable } from "./pairTable.ts";

const ORDERS = 16;
const ROOT = 0;

/**
 * MultiMMC (SP 800-90B 6.3.9) for windows below 100,000 samples, where no order ever has as many
 * pairs as the standard allows: the same predictions as `nonIid/multiMmc.ts`, in a fifth of the time
 * and a tenth of the memory, since it is to run for as long as the service does.
 *
 * A tree of contexts from their last symbol to their first. A context that occurred once knows all
 * longer ones of the same place, so it is a leaf with that place, and is only unfolded, by one order,
 * when it occurs again: noise makes about two nodes a sample and not sixteen.
 */
export class WindowMmc {
  /** Children of a node; and how often a symbol followed on an unfolded node. */
  readonly #children: PairTable;
  readonly #counts: PairTable;
  /** Of a leaf, the place of the symbol that followed; -1 once it is unfolded. */
  #place: Int32Array;
  /** Of an unfolded node, the most counted symbol, of several the largest; and its count. */
  #best: Uint8Array;
  #bestCount: Int32Array;
  #nodes = 1;

  /** @param samples of a usual window; longer ones grow it */
  constructor(samples: number) {
    const slots = 2 ** Math.ceil(Math.log2(samples * 4));
    this.#children = new PairTable(slots);
    this.#counts = new PairTable(slots);
    this.#place = new Int32Array(samples * 2);
    this.#best = new Uint8Array(samples * 2);
    this.#bestCount = new Int32Array(samples * 2);
  }

  /** @param symbols 3 to 99,999; overwrites what it kept of them */
  predict(symbols: Uint8Array): Predictions {
    const scores = new Int32Array(ORDERS);
    let winner = 0;
    let correct = 0;
    let run = 0;
    let longestRun = 0;
    for (let at = 1; at < symbols.length; at++) {
      const symbol = symbols[at]!;
      const predicting = winner;
      let node = ROOT;
      // The longest, of all samples before, cannot have occurred: it is counted, never predicted from.
      for (let order = 0; order < ORDERS && order < at; order++) {
        const child = this.#children.get(node, symbols[at - 1 - order]!);
        if (child === 0) {
          this.#addLeaf(node, symbols[at - 1 - order]!, at);
          break;
        }
        const place = this.#place[child]!;
        const isRight = (place < 0 ? this.#best[child] : symbols[place]) === symbol;
        if (order === predicting) {
          if (isRight) {
            correct++;
            run++;
            if (run > longestRun) longestRun = run;
          } else run = 0;
        }
        if (isRight && ++scores[order]! >= scores[winner]!) winner = order;
        if (place >= 0) this.#unfold(child, order, symbols);
        this.#count(child, symbol);
        node = child;
      }
    }
    this.#wipe();
    return { tried: symbols.length - 2, correct, longestRun };
  }

  #unfold(leaf: number, order: number, symbols: Uint8Array): void {
    const place = this.#place[leaf]!;
    this.#place[leaf] = -1;
    this.#bestCount[leaf] = 0;
    this.#count(leaf, symbols[place]!);
    const front = place - 2 - order;
    if (order + 1 < ORDERS && front >= 0) this.#addLeaf(leaf, symbols[front]!, place);
  }

  #addLeaf(parent: number, symbol: number, place: number): void {
    const node = this.#nodes++;
    if (node >= this.#place.length) this.#grow();
    this.#place[node] = place;
    this.#children.add(parent, symbol, node);
  }

  #count(node: number, symbol: number): void {
    const count = this.#counts.add(node, symbol, 1);
    const most = this.#bestCount[node]!;
    if (count > most || (count === most && symbol > this.#best[node]!)) {
      this.#best[node] = symbol;
      this.#bestCount[node] = count;
    }
  }

  #grow(): void {
    const length = this.#place.length * 2;
    const [place, best, bestCount] = [this.#place, this.#best, this.#bestCount];
    this.#place = new Int32Array(length);
    this.#best = new Uint8Array(length);
    this.#bestCount = new Int32Array(length);
    this.#place.set(place);
    this.#best.set(best);
    this.#bestCount.set(bestCount);
    for (const old of [place, best, bestCount]) old.fill(0);
  }

  #wipe(): void {
    this.#children.wipe();
    this.#counts.wipe();
    for (const array of [this.#place, this.#best, this.#bestCount]) array.fill(0);
    this.#nodes = 1;
  }
}
