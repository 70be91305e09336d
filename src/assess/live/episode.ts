/** Good windows in a row that end an episode: one could be luck where a source hovers at the bound. */
const GOOD_WINDOWS = 3;

/** From the first window that refutes the claim until some in a row do not: told once each. */
export class Episode {
  #low = false;
  #good = 0;

  get low(): boolean {
    return this.#low;
  }

  /** @returns what is to be told; null for nothing new */
  window(isLow: boolean): "began" | "ended" | null {
    if (isLow) {
      this.#good = 0;
      if (this.#low) return null;
      this.#low = true;
      return "began";
    }
    if (!this.#low || ++this.#good < GOOD_WINDOWS) return null;
    this.#low = false;
    return "ended";
  }
}
