/** Names records `<letter>-<boot>-<n>`: unique over all starts without a write (port/lineage.ts). */
export class Identifiers {
  readonly #boot: string;
  #windows = 0;
  #blocks = 0;

  /** @param boot 16 hex digits, chosen at random at each start */
  constructor(boot: string) {
    if (!/^[0-9a-f]{16}$/.test(boot)) throw new RangeError("boot is 16 hex digits");
    this.#boot = boot;
  }

  window(): string {
    return `w-${this.#boot}-${++this.#windows}`;
  }

  block(): string {
    return `b-${this.#boot}-${++this.#blocks}`;
  }
}
