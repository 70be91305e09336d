import { expect, test } from "vitest";
import { isReached, quotients, ratioOf } from "../../../bench/ratio.ts";
import { isLoaded, mergeResults, type BenchResult } from "../../../bench/results.ts";
import { alignedTable } from "../../../bench/table.ts";
import { benchmarksDocument, headlines } from "../../../scripts/benchmarksDocument.ts";
import { replaceSection } from "../../../scripts/markdown.ts";

const QUIET = {
  processor: "a processor",
  cores: 2,
  node: "v24",
  date: "2026-11-27",
  loadAverage: 0.1,
};

const ratio = (what: string, ratios: readonly number[], goal: number | null = null) =>
  ratioOf({ what, baseline: "the other", goal, figure: "7 us" }, ratios);

const result = (...whats: readonly string[]): BenchResult => ({
  conditions: QUIET,
  ratios: whats.map((what) => ratio(what, [2, 1, 4])),
});

test("a run of some benches replaces their rows and nobody else's", () => {
  const before = { one: result("a", "b"), two: result("c") };
  const merged = mergeResults(before, { one: result("a anew") }, ["one", "two"]);
  expect(merged).toEqual({ one: result("a anew"), two: result("c") });
});

test("results keep the order of the benches, whichever was run first", () => {
  const merged = mergeResults({ two: result("c") }, { one: result("a") }, ["one", "two"]);
  expect(Object.keys(merged)).toEqual(["one", "two"]);
});

test("a bench that measured nothing replaces nothing", () => {
  const before = { one: result("a") };
  expect(mergeResults(before, { one: result() }, ["one"])).toEqual(before);
  expect(mergeResults({}, { one: result() }, ["one"])).toEqual({});
});

test("a bench that is no more leaves the results", () => {
  expect(mergeResults({ gone: result("a") }, {}, ["one"])).toEqual({});
});

test("a ratio is the median of its rounds, and reached by the side that is better", () => {
  const more = ratio("more", quotients([6, 2, 9], [2, 2, 3]), 3);
  expect(more).toMatchObject({ median: 3, lowest: 1, highest: 3, rounds: 3 });
  expect(isReached(more)).toBe(true);
  expect(isReached({ ...more, median: 2.9 })).toBe(false);
  expect(isReached({ ...more, better: "less", median: 2.9 })).toBe(true);
  expect(isReached({ ...more, better: "less", median: 3.1 })).toBe(false);
  expect(isReached({ ...more, goal: null })).toBe(null);
});

test("the table of a terminal is aligned, and names goals and spreads", () => {
  const text = alignedTable([
    ratio("short", [12.34, 10, 150], 2),
    ratioOf(
      { what: "much longer", baseline: "b", goal: 5, better: "less", unit: "MB", figure: "x" },
      [-7.5],
    ),
    ratioOf({ what: "time", baseline: "b", goal: null, better: "less", figure: "y" }, [1, 2, 3]),
  ]);
  expect(text).toBe(
    [
      "what            ratio  spread        goal               beside     figure",
      "short            12.3  10.0 to 150   ≥ 2.00 reached     the other  7 us",
      "much longer  -7.50 MB  one round     ≤ 5.00 MB reached  b          x",
      "time             2.00  1.00 to 3.00  less is better     b          y",
      "",
    ].join("\n"),
  );
});

test("the document has a section for each bench, with where it was run and every row", () => {
  const document = benchmarksDocument({
    drbg: { conditions: QUIET, ratios: [ratio("64 | KiB", [2, 1, 4], 2.5)] },
    log: result("leaves"),
  });
  expect(document).toContain(
    "## HMAC_DRBG with SHA-256, processor time\n\n`drbg`: 2026-11-27, a processor, 2 cores, Node v24, load average 0.1 before it.\n\n" +
      "| what | ratio | spread | goal | beside | figure |\n| --- | --- | --- | --- | --- | --- |\n" +
      "| 64 \\| KiB | 2.00 | 1.00 to 4.00 | ≥ 2.50 missed | the other | 7 us |\n",
  );
  expect(document).toContain("| leaves | 2.00 | 1.00 to 4.00 |  | the other | 7 us |\n");
  expect(document).not.toContain("busy");
});

test("a run on a busy machine is shown as such", () => {
  const busy = { ...QUIET, loadAverage: 12 };
  expect([isLoaded(QUIET), isLoaded(busy)]).toEqual([false, true]);
  const document = benchmarksDocument({ log: { ...result("leaves"), conditions: busy } });
  expect(document).toContain("**The machine was busy with something else**");
});

test("without results the documents say so", () => {
  expect(benchmarksDocument({})).toContain("Nothing was measured yet");
  expect(headlines({})).toContain("Nothing was measured yet");
});

test("the README shows a handful of rows, and none silently fewer", () => {
  const drbg = result("64 KiB, four lanes", "64 KiB, one instance", "32 bytes, one instance");
  const text = headlines({ drbg, log: result("leaves") });
  expect(text).toContain("| 64 KiB, four lanes | 2.00 | the other |\n");
  expect(text).toContain("| 32 bytes, one instance | 2.00 | the other |\n");
  expect(text).not.toMatch(/64 KiB, one instance|leaves/);
  expect(() => headlines({ drbg: result("64 KiB, four lanes") })).toThrow("32 bytes");
});

test("a section is replaced between its marks, again and again", () => {
  const text = "before\n<!-- it -->\n<!-- /it -->\nafter\n";
  const once = replaceSection(text, "it", "new\n");
  expect(once).toBe("before\n<!-- it -->\n\nnew\n\n<!-- /it -->\nafter\n");
  expect(replaceSection(once, "it", "newer\n")).toBe(once.replace("new", "newer"));
  expect(() => replaceSection(text, "other", "new\n")).toThrow("no section other");
});
