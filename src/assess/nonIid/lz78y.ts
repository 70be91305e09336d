import type { Dataset } from "./dataset.ts";
import { Dictionary, LONGEST } from "./dictionary.ts";
import { predictionEstimate, type Predictions, type Predictor } from "./prediction.ts";

/** LZ78Y prediction, SP 800-90B 6.3.10. */
export function lz78y(dataset: Dataset): Predictor<"lz78y"> {
  const { symbols, alphabet } = dataset;
  if (symbols.length < LONGEST + 3) {
    const notApplicable = `needs ${LONGEST + 3} samples`;
    return { estimator: "lz78y", minEntropy: null, notApplicable };
  }
  return predictionEstimate("lz78y", predict(dataset), alphabet);
}

export function predict({ symbols, alphabet }: Dataset): Predictions {
  const predictor = new ShortestContexts(symbols, alphabet);
  predictor.count(LONGEST);
  let correct = 0;
  let run = 0;
  let longestRun = 0;
  for (let at = LONGEST + 1; at < symbols.length; at++) {
    if (predictor.prediction(at) === symbols[at]) {
      correct++;
      run++;
      if (run > longestRun) longestRun = run;
    } else run = 0;
    predictor.count(at);
  }
  return { tried: symbols.length - LONGEST - 1, correct, longestRun };
}

/**
 * The dictionary's prediction is that of the highest count at any of the 16 contexts, of equal counts
 * the longest context's, then the largest symbol. A context is counted from its first occurrence on,
 * and each occurrence is one of its last symbol alone: so no count is higher than at the context of one
 * symbol, and longer ones only decide ties. Such a tie means that every occurrence of the pair (last
 * symbol, next symbol) had the longer context before it, and how long a context all of them share is
 * known without counting.
 */
class ShortestContexts {
  readonly #symbols: Uint8Array;
  readonly #alphabet: number;
  readonly #dictionary: Dictionary;
  /** By pair: how often, where first, and how many symbols before the next one are the same each time. */
  readonly #counts: Int32Array;
  readonly #firsts: Int32Array;
  readonly #shared: Uint8Array;
  /** By pair: how many of those are known as contexts, without what the last one to be added brought. */
  readonly #known: Uint8Array;
  /** By last symbol: the highest count, and the next symbols that have it. */
  readonly #most: Int32Array;
  readonly #leaders: Uint8Array;
  readonly #leaderCounts: Int32Array;
  /** The symbol that is no context itself but ends the longer ones that still found room; -1 without. */
  #orphan = -1;

  constructor(symbols: Uint8Array, alphabet: number) {
    this.#symbols = symbols;
    this.#alphabet = alphabet;
    this.#dictionary = new Dictionary(symbols);
    const pairs = alphabet * alphabet;
    this.#counts = new Int32Array(pairs);
    this.#firsts = new Int32Array(pairs);
    this.#shared = new Uint8Array(pairs);
    this.#known = new Uint8Array(pairs);
    this.#most = new Int32Array(alphabet);
    this.#leaders = new Uint8Array(pairs);
    this.#leaderCounts = new Int32Array(alphabet);
  }

  /** -1 where there is none. */
  prediction(at: number): number {
    const last = this.#symbols[at - 1]!;
    if (this.#most[last] === 0 || !this.#isContext(last, at)) return -1;
    const from = last * this.#alphabet;
    const count = this.#leaderCounts[last]!;
    if (count === 1) return this.#leaders[from]!;
    let best = -1;
    let longest = 0;
    for (let index = from; index < from + count; index++) {
      const symbol = this.#leaders[index]!;
      const length = this.#tiedLength(from + symbol, at);
      if (length < longest || (length === longest && symbol < best)) continue;
      best = symbol;
      longest = length;
    }
    return best;
  }

  /** Counts sample `at`, after its prediction. */
  count(at: number): void {
    const dictionary = this.#dictionary;
    if (dictionary.fullAt === Infinity) dictionary.add(at);
    const [symbol, last] = [this.#symbols[at]!, this.#symbols[at - 1]!];
    if (at >= dictionary.fullAt) {
      if (
        at === dictionary.fullAt &&
        this.#most[last] === 0 &&
        dictionary.shortestAtFull <= LONGEST
      )
        this.#orphan = last;
      else if (this.#most[last] === 0) return;
      if (!this.#isContext(last, at)) return;
    }
    const pair = last * this.#alphabet + symbol;
    const count = ++this.#counts[pair]!;
    if (count === 1) {
      this.#firsts[pair] = at;
      this.#shared[pair] = LONGEST;
      this.#known[pair] = at < dictionary.fullAt ? LONGEST : dictionary.knownLength(at);
    } else if (this.#shared[pair]! > 1)
      this.#shared[pair] = this.#sameBefore(at, this.#firsts[pair]!, this.#shared[pair]!);
    if (count < this.#most[last]!) return;
    if (count > this.#most[last]!) this.#leaderCounts[last] = 0;
    this.#most[last] = count;
    this.#leaders[last * this.#alphabet + this.#leaderCounts[last]!++] = symbol;
  }

  /** Whether anything that ends in `last` is counted here. */
  #isContext(last: number, at: number): boolean {
    const { fullAt, shortestAtFull } = this.#dictionary;
    return last !== this.#orphan || this.#sameBefore(at, fullAt, shortestAtFull) === shortestAtFull;
  }

  /** The longest context before `at` that has counted the pair as often as the shortest one has. */
  #tiedLength(pair: number, at: number): number {
    const same = this.#sameBefore(at, this.#firsts[pair]!, this.#shared[pair]!);
    const known = this.#known[pair]!;
    if (same <= known) return same;
    const { fullAt, shortestAtFull } = this.#dictionary;
    const added = this.#sameBefore(at, fullAt, same);
    return added >= shortestAtFull ? added : known;
  }

  /** How many symbols before the two samples are the same, at most `most`. */
  #sameBefore(one: number, other: number, most: number): number {
    const symbols = this.#symbols;
    let same = 0;
    while (same < most && symbols[one - 1 - same] === symbols[other - 1 - same]) same++;
    return same;
  }
}
