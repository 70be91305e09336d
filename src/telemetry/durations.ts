/** Upper bounds in seconds: a 32-byte draw takes tens of microseconds, an RSA search seconds. */
const BOUNDS: readonly number[] = [
  5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 0.05, 0.25, 1, 5,
];
const SECONDS = BOUNDS.length + 1;
export const DURATION_CELLS = SECONDS + 1;

/**
 * How long requests took, in buckets. prom-client's histogram looks its labels up and makes objects
 * at each observation, which cost a tenth of a whole request; this adds to two numbers.
 */
export class Durations {
  /** Requests above the bound before and within this one; then above all of them; then seconds. */
  readonly #cells: Float64Array;

  /** @param cells DURATION_CELLS of them, where another thread is to read them */
  constructor(cells: Float64Array = new Float64Array(DURATION_CELLS)) {
    this.#cells = cells;
  }

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket++;
    this.#cells[bucket]! += 1;
    this.#cells[SECONDS]! += seconds;
  }

  /** Adds what was observed elsewhere. */
  absorb(cells: Float64Array): void {
    for (let at = 0; at < DURATION_CELLS; at++) this.#cells[at]! += cells[at]!;
  }

  /** Series of a Prometheus histogram: how the name goes on, `le` of a bucket, value. */
  series(): { readonly suffix: string; readonly le: string | null; readonly value: number }[] {
    let total = 0;
    const buckets = [...this.#cells.subarray(0, SECONDS)].map((count, index) => {
      total += count;
      return { suffix: "_bucket", le: String(BOUNDS[index] ?? "+Inf"), value: total };
    });
    return [
      ...buckets,
      { suffix: "_sum", le: null, value: this.#cells[SECONDS]! },
      { suffix: "_count", le: null, value: total },
    ];
  }
}
