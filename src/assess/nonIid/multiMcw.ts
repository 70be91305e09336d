import type { Dataset } from "./dataset.ts";
import { predictionEstimate, type Predictions, type Predictor } from "./prediction.ts";

const WINDOWS = [63, 255, 1023, 4095] as const;
const LEAST_SAMPLES = 4096;

/** Multi Most Common in Window prediction, SP 800-90B 6.3.7. */
export function multiMcw(dataset: Dataset): Predictor<"multiMcw"> {
  const { symbols, alphabet } = dataset;
  if (symbols.length < LEAST_SAMPLES) {
    const notApplicable = `needs ${LEAST_SAMPLES} samples`;
    return { estimator: "multiMcw", minEntropy: null, notApplicable };
  }
  const predictions = alphabet === 2 ? predictBits(symbols) : predictSymbols(dataset);
  return predictionEstimate("multiMcw", predictions, alphabet);
}

/** Which window's mode is believed, and what it came to. */
class Scoreboard {
  readonly #scores = new Int32Array(WINDOWS.length);
  winner = 0;
  #correct = 0;
  #run = 0;
  #longestRun = 0;

  /** The prediction of the winner so far. */
  judge(isRight: boolean): void {
    if (!isRight) {
      this.#run = 0;
      return;
    }
    this.#correct++;
    this.#run++;
    if (this.#run > this.#longestRun) this.#longestRun = this.#run;
  }

  right(window: number): void {
    const score = ++this.#scores[window]!;
    if (score >= this.#scores[this.winner]!) this.winner = window;
  }

  predictions(length: number): Predictions {
    return { tried: length - WINDOWS[0], correct: this.#correct, longestRun: this.#longestRun };
  }
}

/**
 * The mode of each window is kept up to date. When one of its own leaves, the new one is the most
 * recently seen of the most frequent values: looking back from the present finds it, after as many
 * steps as it is rare, which is about as seldom as this happens.
 */
export function predictSymbols({ symbols, alphabet }: Dataset): Predictions {
  const counts = WINDOWS.map(() => new Int32Array(alphabet));
  // How many values occur so many times.
  const frequencies = WINDOWS.map((size) => new Int32Array(size + 2));
  const modes = new Uint8Array(WINDOWS.length);
  const board = new Scoreboard();
  for (let at = 0; at < symbols.length; at++) {
    const symbol = symbols[at]!;
    if (at >= WINDOWS[0]) {
      board.judge(modes[board.winner] === symbol);
      for (let window = 0; window < WINDOWS.length && at >= WINDOWS[window]!; window++)
        if (modes[window] === symbol) board.right(window);
    }
    for (let window = 0; window < WINDOWS.length; window++) {
      const tally = counts[window]!;
      const frequency = frequencies[window]!;
      const size = WINDOWS[window]!;
      const count = ++tally[symbol]!;
      frequency[count - 1]!--;
      frequency[count]!++;
      // The newest symbol wins a tie: it is the most recently seen.
      if (count >= tally[modes[window]!]!) modes[window] = symbol;
      if (at < size) continue;
      const leaving = symbols[at - size]!;
      const left = --tally[leaving]!;
      frequency[left + 1]!--;
      frequency[left]!++;
      if (leaving !== modes[window]) continue;
      const most = frequency[left + 1]! > 0 ? left + 1 : left;
      let back = at;
      while (tally[symbols[back]!] !== most) back--;
      modes[window] = symbols[back]!;
    }
  }
  return board.predictions(symbols.length);
}

/** Of bits the mode is which is more than half of the window, whose size is odd. */
export function predictBits(symbols: Uint8Array): Predictions {
  const ones = new Int32Array(WINDOWS.length);
  const board = new Scoreboard();
  const isRight = (window: number, bit: number): boolean =>
    (2 * ones[window]! > WINDOWS[window]! ? 1 : 0) === bit;
  for (let at = 0; at < symbols.length; at++) {
    const bit = symbols[at]!;
    if (at >= WINDOWS[0]) {
      board.judge(isRight(board.winner, bit));
      for (let window = 0; window < WINDOWS.length && at >= WINDOWS[window]!; window++)
        if (isRight(window, bit)) board.right(window);
    }
    for (let window = 0; window < WINDOWS.length; window++) {
      const size = WINDOWS[window]!;
      ones[window]! += at < size ? bit : bit - symbols[at - size]!;
    }
  }
  return board.predictions(symbols.length);
}
