import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StoredLineage } from "../../../src/lineage/lineageReader.ts";
import { StoredOutputs } from "../../../src/lineage/outputRecorder.ts";
import { createSeedRecorder } from "../../../src/lineage/seedRecorder.ts";
import type { LineageLine } from "../../../src/port/service.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { temporaryState } from "../../support/temporaryState.ts";
import { anyMaterial, anyOutputBody, BOOT, material, outputOf } from "./records.ts";

function rooms(settings = { directory: IN_MEMORY, maximumBytes: null as number | null }) {
  const clock = new FakeClock();
  const store = openSqliteStore(settings, clock);
  return {
    clock,
    store,
    seeds: createSeedRecorder(store),
    outputs: new StoredOutputs(store, clock),
    reader: new StoredLineage(store),
  };
}

async function all(lines: AsyncIterable<LineageLine>): Promise<LineageLine[]> {
  const list: LineageLine[] = [];
  for await (const line of lines) list.push(line);
  return list;
}

test("every record comes back as it went in", async () => {
  const { store, seeds, outputs, reader } = rooms();
  let n = 0;
  await fc.assert(
    fc.asyncProperty(anyMaterial(0), anyOutputBody, async (drawn, body) => {
      // Ids of their own for each run, in the one database.
      const own = JSON.parse(
        JSON.stringify(drawn).replaceAll(BOOT, (++n).toString(16).padStart(16, "0")),
      ) as typeof drawn;
      const counter = own.seed.counterLimit;
      const output = outputOf(own.seed, counter, body);
      await seeds.record(own.seed, own.blocks, own.windows);
      await outputs.record(output);
      const story = await reader.output(output.id);
      expect(story?.seed).toEqual(own.seed);
      expect(story?.output).toEqual(output);
      expect(story).toMatchObject({ id: output.id, counter });
      const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
      expect([...story!.blocks].sort(byId)).toEqual([...own.blocks].sort(byId));
      expect([...story!.windows].sort(byId)).toEqual([...own.windows].sort(byId));
    }),
    { numRuns: 300 },
  );
  await store.close();
});

test("an output resolves for 1 <= counter <= counterLimit, and for nothing else", async () => {
  const { store, seeds, reader } = rooms();
  const { seed, blocks, windows } = material(BOOT, 1);
  await seeds.record(seed, blocks, windows);
  expect(await reader.output(`${seed.id}.1`)).toMatchObject({ counter: 1, output: null });
  expect(await reader.output(`${seed.id}.4096`)).toMatchObject({ counter: 4096 });
  for (const counter of ["0", "4097", "01", "-1", "1.0", "1e3", "+1", " 1", "9".repeat(16), ""]) {
    expect([counter, await reader.output(`${seed.id}.${counter}`)]).toEqual([counter, undefined]);
  }
  await store.close();
});

test("hostile ids never throw", async () => {
  const { store, reader } = rooms();
  const hostile = fc.oneof(
    fc.anything(),
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.constantFrom("' OR 1=1 --.1", "\0.1", "s-\ud800.1", "x".repeat(1e6), "a.1".repeat(1e5)),
  );
  await fc.assert(
    fc.asyncProperty(hostile, async (id) => {
      expect(await reader.output(id as string)).toBeUndefined();
    }),
  );
  await store.close();
});

test("windows and uncredited blocks may be shared; a credited block goes into one seed only", async () => {
  const { store, seeds, reader } = rooms();
  const first = material(BOOT, 1);
  const shared = { ...first.blocks[0]!, id: `b-${BOOT}-50` };
  const second = material(BOOT, 2, { uncreditedBlocks: [shared.id] });
  const third = material(BOOT, 3, { uncreditedBlocks: [shared.id] });
  await seeds.record(first.seed, first.blocks, first.windows);
  for (const { seed, blocks, windows } of [second, third]) {
    await seeds.record(seed, [...blocks, shared], [...windows, ...first.windows]);
  }
  expect((await reader.output(`${third.seed.id}.1`))?.windows).toHaveLength(4);
  const thief = { ...material(BOOT, 4).seed, blocks: first.seed.blocks };
  await expect(seeds.record(thief, first.blocks, first.windows)).rejects.toMatchObject({
    code: "internal",
  });
  expect(await reader.output(`${thief.id}.1`)).toBeUndefined();
  await store.close();
});

test("a seed without one of its blocks or windows is refused whole", async () => {
  const { store, seeds, reader } = rooms();
  const { seed, blocks, windows } = material(BOOT, 1);
  for (const [b, w] of [
    [[], windows],
    [blocks, windows.slice(1)],
  ] as const) {
    await expect(seeds.record(seed, b, w)).rejects.toMatchObject({ code: "internal" });
    expect(await reader.output(`${seed.id}.1`)).toBeUndefined();
  }
  await seeds.record(seed, blocks, windows);
  await store.close();
});

test("lines come by time, each seed with what belongs to it, over many pages", async () => {
  const { store, seeds, outputs, reader } = rooms();
  const many = Array.from({ length: 150 }, (_, n) =>
    material(BOOT, n + 1, { atMilliseconds: 1000 + Math.floor(n / 2) }),
  );
  await Promise.all(many.toReversed().map((m) => seeds.record(m.seed, m.blocks, m.windows)));
  const { seed } = many[2]!;
  for (let counter = 1; counter <= 130; counter++) await outputs.record(outputOf(seed, counter));
  for (let n = 0; n < 130; n++) outputs.count(seed.id, `p-${n}`, "http", "random", 32);
  await outputs.flush();

  const lines = await all(reader.lines(1001, 1074));
  const ids = lines.flatMap((line) => (line.record === "seed" ? [line.id] : []));
  const expected = many.slice(2, 148).map((m) => m.seed);
  expected.sort((a, b) => a.atMilliseconds - b.atMilliseconds || (a.id < b.id ? -1 : 1));
  expect(ids).toEqual(expected.map(({ id }) => id));
  const start = lines.findIndex((line) => line.record === "seed" && line.id === seed.id);
  const records = lines.slice(start, start + 4 + 260).map(({ record }) => record);
  expect(records).toEqual([
    "seed",
    "block",
    "window",
    "window",
    ...Array.from({ length: 130 }, () => "output"),
    ...Array.from({ length: 130 }, () => "count"),
  ]);
  expect(lines).toHaveLength(146 * 4 + 260);
  expect(await all(reader.lines(1001, 1074))).toEqual(lines);
  expect(await all(reader.lines(5, 5))).toEqual([]);
  await store.close();
});

test("counts are added up once a second, and at stop", async () => {
  const { clock, store, seeds, outputs, reader } = rooms();
  const { seed, blocks, windows } = material(BOOT, 1);
  await seeds.record(seed, blocks, windows);
  const counts = async () =>
    (await all(reader.lines(0, 1e13))).filter(({ record }) => record === "count");
  for (let n = 0; n < 10; n++) outputs.count(seed.id, "p", "http", "random", 32);
  outputs.count(seed.id, "p", "stream", "random", 100);
  await clock.run(999);
  expect(await counts()).toEqual([]);
  await clock.run(1);
  expect(await counts()).toMatchObject([
    { door: "http", requests: 10, bytes: 320 },
    { door: "stream", requests: 1, bytes: 100 },
  ]);
  outputs.count(seed.id, "p", "http", "random", 1);
  await outputs.stop();
  expect((await counts())[0]).toMatchObject({ requests: 11, bytes: 321 });
  await store.close();
  expect(clock.pending).toBe(0);
});

test("counts of more principals than are remembered are added up all the same", async () => {
  const { clock, store, seeds, outputs, reader } = rooms();
  const { seed, blocks, windows } = material(BOOT, 1);
  await seeds.record(seed, blocks, windows);
  for (let round = 0; round < 3; round++)
    for (let n = 0; n < 20; n++) outputs.count(seed.id, `p-${n}`, "http", "random", n + 1);
  await clock.run(1000);
  const counts = (await all(reader.lines(0, 1e13))).filter((line) => line.record === "count");
  const told = new Map(
    counts.map(({ principal, requests, bytes }) => [principal, [requests, bytes]]),
  );
  const expected = Array.from({ length: 20 }, (_, n) => [`p-${n}`, [3, 3 * (n + 1)]] as const);
  expect(told).toEqual(new Map(expected));
  await outputs.stop();
  await store.close();
});

test("counts survive a store that fails for a while", async () => {
  await using state = await temporaryState();
  const { clock, store, seeds, outputs, reader } = rooms({
    directory: state.directory,
    maximumBytes: 600_000,
  });
  const { seed, blocks, windows } = material(BOOT, 1);
  await seeds.record(seed, blocks, windows);
  // Fill it to the last page.
  for (let n = 0; n < 1000; n++) {
    const body = "x".repeat(n < 5 ? 90_000 : 3_000);
    const write = { statement: "document.put", parameters: ["f", String(n), body, 0] } as const;
    if (
      await store.write([write]).then(
        () => false,
        () => true,
      )
    )
      break;
  }
  expect(store.health().ok).toBe(false);
  for (let n = 0; n < 3000; n++) outputs.count(seed.id, `p-${n}`.padEnd(60, "."), "http", "r", 1);
  await clock.run(3000);
  const total = async () =>
    (await all(reader.lines(0, 1e13))).reduce(
      (sum, line) => sum + (line.record === "count" ? line.requests : 0),
      0,
    );
  expect(await total()).toBeLessThan(3000);
  for (let n = 0; n < 1000; n++) {
    await store.write([{ statement: "document.remove", parameters: ["f", String(n)] }]);
  }
  await clock.run(2000);
  expect(await total()).toBe(3000);
  await outputs.stop();
  await store.close();
});
