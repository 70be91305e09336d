import { setImmediate } from "node:timers/promises";
import { SpringhouseError } from "../../port/errors.ts";
import type { Row, Store, Write } from "../../store/store.ts";
import type { LockedBytes } from "./lockedMemory.ts";
import { rewrapKeys, WRAPPED_BYTES } from "./rewrapKeys.ts";

export interface EpochKey {
  readonly epoch: number;
  readonly key: LockedBytes;
}

/** Key, version, wrapped key as it was and as it is, both in hexadecimal. */
type Moved = readonly [string, number, string, string];

/** Rows of one read, and of one statement of the transaction. */
const PAGE_ROWS = 2000;
/** A millisecond or two of wrapping until the event loop has its turn. */
const SLICE_ROWS = 500;

/**
 * The key-encryption keys of every key version, taken from one epoch to the next. What they wrap is
 * not touched. Collect as often as there may be new rows; only what is new is worked on.
 */
export class Rewrap {
  readonly #store: Store;
  readonly #from: EpochKey;
  readonly #to: EpochKey;
  /** What was found wrapped, by key and version: hexadecimal, as the statement takes it. */
  readonly #done = new Map<string, string>();
  readonly #writes: Write[] = [];

  constructor(store: Store, from: EpochKey, to: EpochKey) {
    this.#store = store;
    this.#from = from;
    this.#to = to;
  }

  get materials(): number {
    return this.#done.size;
  }

  /** One statement a page; all of them belong into one transaction. */
  get writes(): readonly Write[] {
    return this.#writes;
  }

  /** @throws SpringhouseError `material_damaged` naming the row, `store_failed` */
  async collect(): Promise<void> {
    let after: readonly [string, number] = ["", -1];
    for (;;) {
      const parameters = [this.#from.epoch, ...after, PAGE_ROWS];
      const rows = await this.#store.read("keyMaterial.page", parameters);
      const page: Moved[] = [];
      for (let from = 0; from < rows.length; from += SLICE_ROWS) {
        page.push(...this.#slice(rows.slice(from, from + SLICE_ROWS)));
        await setImmediate();
      }
      const last = rows.at(-1);
      if (last) after = [String(last["key"]), Number(last["version"])];
      if (page.length > 0)
        this.#writes.push({
          statement: "keyMaterial.rewrap",
          parameters: [this.#to.epoch, JSON.stringify(page), this.#from.epoch],
        });
      if (rows.length < PAGE_ROWS) return;
    }
  }

  #slice(rows: readonly Row[]): Moved[] {
    const news = rows.filter((row) => this.#done.get(nameOf(row)) !== hexOf(row));
    const wrapped = Buffer.concat(news.map((row) => row["wrapped_key"] as Uint8Array));
    const whole = news.every((row) => (row["wrapped_key"] as Uint8Array).length === WRAPPED_BYTES);
    const moved = whole
      ? this.#from.key.use((from) => this.#to.key.use((to) => rewrapKeys(from, to, wrapped)))
      : news.findIndex((row) => (row["wrapped_key"] as Uint8Array).length !== WRAPPED_BYTES);
    if (typeof moved === "number")
      throw new SpringhouseError(
        "material_damaged",
        `Material ${nameOf(news[moved]!)} is damaged.`,
      );
    const text = Buffer.from(moved.buffer).toString("hex");
    return news.map((row, index): Moved => {
      const at = index * WRAPPED_BYTES * 2;
      this.#done.set(nameOf(row), hexOf(row));
      const is = text.slice(at, at + WRAPPED_BYTES * 2);
      return [String(row["key"]), Number(row["version"]), hexOf(row), is];
    });
  }
}

const nameOf = (row: Row): string => `${String(row["key"])} ${Number(row["version"])}`;
const hexOf = (row: Row): string => Buffer.from(row["wrapped_key"] as Uint8Array).toString("hex");
