import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StoredOutputs } from "../../../src/lineage/outputRecorder.ts";
import { recall, without } from "../../../src/lineage/recall.ts";
import { createSeedRecorder } from "../../../src/lineage/seedRecorder.ts";
import { decodeLeaf } from "../../../src/log/leaf.ts";
import { RecallDesk } from "../../../src/log/recallDesk.ts";
import { SpringhouseError } from "../../../src/port/errors.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import type { RecalledOutput, RecallLine, RecallOrder } from "../../../src/port/recall.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { openLog } from "../log/logs.ts";
import { BOOT, entropyBlock, material, type Material, outputOf, sampleWindow } from "./records.ts";

interface Part {
  readonly source: string;
  readonly bits: number;
  readonly from: number;
  readonly to: number;
}

/** A seed that draws on one window of each part; a part without bits goes in uncredited. */
function seedOf(n: number, parts: readonly Part[]): Material {
  const windows = parts.map(({ source, from, to }, at) => ({
    ...sampleWindow(`w-${BOOT}-${n * 100 + at}`),
    source,
    fromMilliseconds: from,
    toMilliseconds: to,
  }));
  const blocks = parts.map(({ source, bits }, at) => ({
    ...entropyBlock(`b-${BOOT}-${n * 100 + at}`, [windows[at]!.id]),
    source,
    credited: bits > 0,
  }));
  const ids = (credited: boolean) =>
    blocks.filter((block) => block.credited === credited).map(({ id }) => id);
  const credits = parts
    .filter(({ bits }) => bits > 0)
    .map(({ source, bits }) => ({ source, physical: true, assessedBits: bits, compliantBits: 0 }));
  const { seed } = material(BOOT, n, {
    blocks: ids(true),
    uncreditedBlocks: ids(false),
    credits,
    creditedBits: credits.reduce((sum, { assessedBits }) => sum + assessedBits, 0),
  });
  return { seed, blocks, windows };
}

function rooms() {
  const clock = new FakeClock();
  const store = openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
  const recorder = createSeedRecorder(store);
  const outputs = new StoredOutputs(store, clock);
  const keep = async (
    { seed, blocks, windows }: Material,
    ...requirements: { strength?: number }[]
  ): Promise<void> => {
    await recorder.record(seed, blocks, windows);
    for (const [at, requirement] of requirements.entries())
      await outputs.record(outputOf(seed, at + 1, { requirement }));
  };
  const find = async (order: RecallOrder): Promise<RecalledOutput[]> => {
    const found: RecalledOutput[] = [];
    for await (const one of recall(store, order)) found.push(one);
    return found;
  };
  return { clock, store, keep, find };
}

const of = (source: string, bits: number, from = 1000, to = 1250): Part => ({
  source,
  bits,
  from,
  to,
});
const span = (source: string, from = 0, to = 10_000): RecallOrder => ({
  source,
  fromMilliseconds: from,
  toMilliseconds: to,
});

const asked = (source: string, reason: string | null) => ({
  order: span(source),
  actor: "p-1",
  reason,
  suspend: false,
});

describe("a recall finds", () => {
  test("exactly the outputs whose seed drew on the source then, and what remains to each", async () => {
    const { store, keep, find } = rooms();
    await keep(seedOf(1, [of("a", 256), of("b", 128)]), { strength: 128 }, {}, { strength: 129 });
    await keep(seedOf(2, [of("b", 384)]), {});
    await keep(seedOf(3, [of("a", 0), of("b", 256)]), {});
    await keep(seedOf(4, [of("a", 384, 20_000, 20_250)]), {});
    await keep(seedOf(5, [of("a", 384)]));
    const found = await find(span("a"));
    expect(
      found.map(({ output, creditedBits, sourceBits, remainingBits, strength, holds }) => [
        output.id.slice(-3),
        [creditedBits, sourceBits, remainingBits, strength],
        holds,
      ]),
    ).toEqual([
      ["1.1", [384, 256, 128, 128], true],
      ["1.2", [384, 256, 128, 256], false],
      ["1.3", [384, 256, 128, 129], false],
      ["3.1", [256, 0, 256, 256], true],
    ]);
    expect(await find(span("b"))).toHaveLength(5);
    expect(await find(span("c"))).toEqual([]);
    await store.close();
  });

  test.each([
    [999, 999, 0],
    [999, 1000, 1],
    [1100, 1100, 1],
    [1250, 2000, 1],
    [1251, 2000, 0],
  ])("what a window has in common with %i to %i", async (from, to, expected) => {
    const { store, keep, find } = rooms();
    await keep(seedOf(1, [of("a", 256)]), {});
    expect(await find(span("a", from, to))).toHaveLength(expected);
    await store.close();
  });

  test("what came over more seeds and outputs than a page has", async () => {
    const { store, keep, find } = rooms();
    for (let n = 1; n <= 600; n++)
      await keep(seedOf(n, [of(n % 2 === 0 ? "a" : "b", 256)]), ...(n % 3 === 0 ? [{}] : []));
    await keep(seedOf(601, [of("a", 256)]), ...Array.from({ length: 130 }, () => ({})));
    expect(await find(span("a"))).toHaveLength(100 + 130);
    await store.close();
  });

  test("whatever a plain search of the records finds", async () => {
    const part = fc.record({
      source: fc.constantFrom("a", "b"),
      bits: fc.constantFrom(0, 128, 256),
      from: fc.nat(50),
      to: fc.nat(50),
    });
    const seeds = fc.array(
      fc.tuple(fc.uniqueArray(part, { selector: (p) => p.source }), fc.nat(2)),
    );
    await fc.assert(
      fc.asyncProperty(seeds, fc.nat(50), fc.nat(50), async (all, from, to) => {
        const { store, keep, find } = rooms();
        let expected = 0;
        for (const [n, [parts, outputs]] of all.entries()) {
          const whole = parts.map((one) => ({ ...one, to: one.from + one.to }));
          await keep(seedOf(n + 1, whole), ...Array.from({ length: outputs }, () => ({})));
          if (whole.some((one) => one.source === "a" && one.to >= from && one.from <= to))
            expected += outputs;
        }
        expect(await find(span("a", from, to))).toHaveLength(expected);
        await store.close();
      }),
      { numRuns: 30 },
    );
  });
});

test("in an RBGC the parent's strength remains, whatever was mixed in", () => {
  const parent = { name: "os", securityStrength: 256, bytes: 48 };
  const { seed } = material(BOOT, 1, { parent, credits: [], creditedBits: 0 });
  expect(without("trng", seed, outputOf(seed, 1))).toMatchObject({
    remainingBits: 256,
    sourceBits: 0,
    holds: true,
  });
});

describe("the desk", () => {
  test("tells the lines, then the summary, once event and leaf are kept together", async () => {
    const { clock, store, keep } = rooms();
    await keep(seedOf(1, [of("a", 256), of("b", 128)]), { strength: 128 }, {});
    const log = await openLog(store, clock);
    const events: ServiceEvent[] = [];
    const batches: number[] = [];
    const desk = new RecallDesk({
      clock,
      store,
      log,
      record: async (event, together) => {
        events.push(event);
        batches.push(together.length);
        await store.write(together);
      },
      suspend: () => Promise.reject(new Error("nothing was to be suspended")),
    });
    await clock.run(1000);
    const lines: RecallLine[] = [];
    for await (const line of desk.run(asked("a", "found stuck"))) lines.push(line);
    expect(lines.map(({ record }) => record)).toEqual(["output", "output", "recall"]);
    expect(lines.at(-1)).toEqual({
      record: "recall",
      ...span("a"),
      outputs: 2,
      failing: 1,
      suspended: 0,
      unsuspended: 0,
    });
    expect(events).toMatchObject([
      { kind: "source_recalled", severity: "critical", actor: "p-1", reason: "found stuck" },
    ]);
    expect(batches).toEqual([1]);
    await clock.run(1000);
    const entries = await log.entries(0, 2);
    expect(decodeLeaf(Buffer.from(entries![1]!)).leaf).toMatchObject({
      kind: "recall",
      actor: "p-1",
      source: "a",
      outputs: 2,
      failing: 1,
      reason: "found stuck",
    });
    await log.stop();
    await store.close();
  });

  test("gives no summary where the act cannot be kept", async () => {
    const { clock, store } = rooms();
    const log = await openLog(store, clock);
    const record = () => Promise.reject(new SpringhouseError("store_failed", "full"));
    const suspend = async () => null;
    const desk = new RecallDesk({ clock, store, log, record, suspend });
    const lines: RecallLine[] = [];
    const run = async () => {
      for await (const line of desk.run(asked("a", null))) lines.push(line);
    };
    await expect(run()).rejects.toMatchObject({ code: "store_failed" });
    expect(lines).toEqual([]);
    await log.stop();
    await store.close();
  });
});
