/** Upper bounds in seconds: a 32-byte draw takes tens of microseconds, an RSA search seconds. */
const BOUNDS: readonly number[] = [
  5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 0.05, 0.25, 1, 5,
];

/**
 * How long requests took, in buckets. prom-client's histogram looks its labels up and makes objects
 * at each observation, which cost a tenth of a whole request; this adds to two numbers.
 */
export class Durations {
  /** Requests above the bound before and within this one; the last: above all of them. */
  readonly #counts = new Float64Array(BOUNDS.length + 1);
  #seconds = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > BOUNDS[bucket]!) bucket++;
    this.#counts[bucket]! += 1;
    this.#seconds += seconds;
  }

  /** Series of a Prometheus histogram: how the name goes on, `le` of a bucket, value. */
  series(): { readonly suffix: string; readonly le: string | null; readonly value: number }[] {
    let total = 0;
    const buckets = [...this.#counts].map((count, index) => {
      total += count;
      return { suffix: "_bucket", le: String(BOUNDS[index] ?? "+Inf"), value: total };
    });
    return [
      ...buckets,
      { suffix: "_sum", le: null, value: this.#seconds },
      { suffix: "_count", le: null, value: total },
    ];
  }
}
