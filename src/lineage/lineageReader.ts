import type { EntropyBlock, OutputStory, SampleWindow, Seed } from "../port/lineage.ts";
import type { LineageLine, LineageReader } from "../port/service.ts";
import type { Query, Row, Store, Value } from "../store/store.ts";
import { Fields } from "./fields.ts";
import { formatOutputId, parseOutputId } from "./ids.ts";
import { toBlock, toOutput, toSeed, toWindow } from "./rows.ts";

/** Rows asked for at a time: enough to make the round trip cheap, little enough to hold. */
const PAGE = 64;

/** Reads lineage from a Store. Rejects with `store_failed` when the database cannot be read. */
export class StoredLineage implements LineageReader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * @param id anything at all; what is not `seed.counter` of a kept seed is undefined
   * @returns also a story for a counter that is reserved and was not handed out: only keys and
   * receipted outputs have a record each
   */
  async output(id: string): Promise<OutputStory | undefined> {
    const parsed = parseOutputId(id);
    if (!parsed) return undefined;
    const { seed: seedId, counter } = parsed;
    const [seeds, blocks, windows, outputs] = await this.#store.readTogether([
      { statement: "seed.byId", parameters: [seedId] },
      ...materialOf(seedId),
      { statement: "output.one", parameters: [seedId, counter] },
    ]);
    const row = seeds?.[0];
    if (!row) return undefined;
    const material = assemble(row, blocks ?? [], windows ?? []);
    if (counter > material.seed.counterLimit) return undefined;
    const output = outputs?.[0];
    return {
      id: formatOutputId(parsed),
      counter,
      ...material,
      output: output ? toOutput(output) : null,
    };
  }

  /**
   * By time, then id; for each seed: the seed, its blocks (credited first, in the order they went
   * in), their windows, its kept outputs by counter, its counts. A window that several seeds share
   * comes with each of them.
   */
  async *lines(fromMilliseconds: number, toMilliseconds: number): AsyncGenerator<LineageLine> {
    // An id is never empty, so the first page starts before every seed of `fromMilliseconds`.
    let after: readonly [number, string] = [fromMilliseconds, ""];
    for (;;) {
      const page = await this.#store.read("seed.page", [...after, toMilliseconds, PAGE]);
      for (const row of page) yield* this.#linesOf(row);
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      const fields = new Fields(last, "seed");
      after = [fields.number("at_ms"), fields.text("id")];
    }
  }

  async *#linesOf(row: Row): AsyncGenerator<LineageLine> {
    const id = new Fields(row, "seed").text("id");
    const [seeds, blockRows, windowRows] = await this.#store.readTogether([
      { statement: "seed.byId", parameters: [id] },
      ...materialOf(id),
    ]);
    const current = seeds?.[0];
    // The retention policy removed it since the page was read.
    if (!current) return;
    const { seed, blocks, windows } = assemble(current, blockRows ?? [], windowRows ?? []);
    yield { record: "seed", ...seed };
    for (const block of blocks) yield { record: "block", ...block };
    for (const window of windows) yield { record: "window", ...window };
    for await (const output of this.#pages("output.page", [id], [0], ["counter"])) {
      yield { record: "output", ...toOutput(output) };
    }
    const key = ["principal", "door", "purpose"];
    for await (const count of this.#pages("count.page", [id], ["", "", ""], key)) {
      yield toCount(count);
    }
  }

  /** Every row after `start`, a page at a time, ordered by the columns of `key`. */
  async *#pages(
    statement: "output.page" | "count.page",
    fixed: readonly Value[],
    start: readonly Value[],
    key: readonly string[],
  ): AsyncGenerator<Row> {
    let after = start;
    for (;;) {
      const page = await this.#store.read(statement, [...fixed, ...after, PAGE]);
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      after = key.map((column) => last[column] ?? null);
    }
  }
}

function materialOf(seed: string): [Query, Query] {
  return [
    { statement: "block.ofSeed", parameters: [seed] },
    { statement: "window.ofSeed", parameters: [seed] },
  ];
}

function assemble(
  seedRow: Row,
  blockRows: readonly Row[],
  windowRows: readonly Row[],
): {
  readonly seed: Seed;
  readonly blocks: readonly EntropyBlock[];
  readonly windows: readonly SampleWindow[];
} {
  const windows = new Map<string, SampleWindow>();
  const ofBlock = new Map<string, string[]>();
  for (const row of windowRows) {
    const fields = new Fields(row, "window");
    const [block, id] = [fields.text("of_block"), fields.text("id")];
    ofBlock.set(block, [...(ofBlock.get(block) ?? []), id]);
    if (!windows.has(id)) windows.set(id, toWindow(row));
  }
  const blocks = blockRows.map((row) => toBlock(row, ofBlock.get(String(row["id"])) ?? []));
  return { seed: toSeed(seedRow, blockRows), blocks, windows: [...windows.values()] };
}

function toCount(row: Row): LineageLine {
  const fields = new Fields(row, `count of ${String(row["seed"])}`);
  return {
    record: "count",
    seed: fields.text("seed"),
    principal: fields.text("principal"),
    door: fields.text("door"),
    purpose: fields.text("purpose"),
    requests: fields.integer("requests"),
    bytes: fields.integer("bytes"),
  };
}
