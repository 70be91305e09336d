import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseTilePath, rangeOf, tilePath, tilesOf } from "../../../src/log/tile.ts";

test.each([
  [{ level: 0, index: 0, width: 256 }, "tile/0/000"],
  [{ level: 1, index: 67, width: 17 }, "tile/1/067.p/17"],
  [{ level: 0, index: 1234067, width: 256 }, "tile/0/x001/x234/067"],
  [{ level: "entries", index: 1000, width: 1 }, "tile/entries/x001/000.p/1"],
] as const)("C2SP tlog-tiles: %j is %s", (tile, path) => {
  expect(tilePath(tile)).toBe(path);
  expect(parseTilePath(path)).toEqual(tile);
});

test.each([
  "tile/0/0",
  "tile/0/1000",
  "tile/0/x000/001",
  "tile/0/001/002",
  "tile/0/x001",
  "tile/0/000.p/0",
  "tile/0/000.p/256",
  "tile/0/000.p/01",
  "tile/0/000.p/",
  "tile/64/000",
  "tile/00/000",
  "tile/data/000",
  "tile/0/../../etc",
  "tile/0/x999/x999/x999/x999/x999/x999/999",
  "",
])("%j is no path of a tile", (path) => expect(parseTilePath(path)).toBeNull());

test("every path that is read is written the same", () => {
  const level = fc.oneof(fc.integer({ min: 0, max: 63 }), fc.constant("entries" as const));
  fc.assert(
    fc.property(level, fc.nat(1e15), fc.integer({ min: 1, max: 256 }), (at, index, width) => {
      const tile = { level: at, index, width };
      expect(parseTilePath(tilePath(tile))).toEqual(tile);
    }),
  );
});

test("the tiles of a log are those of each level, the last one partial", () => {
  expect([...tilesOf(0)]).toEqual([]);
  expect([...tilesOf(70_000)].map(tilePath).filter((path) => path.includes(".p/"))).toEqual([
    "tile/entries/273.p/112",
    "tile/0/273.p/112",
    "tile/1/001.p/17",
    "tile/2/000.p/1",
  ]);
  expect([...tilesOf(256)].map(tilePath)).toEqual([
    "tile/entries/000",
    "tile/0/000",
    "tile/1/000.p/1",
  ]);
});

test("a subtree is a run of entries within one tile", () => {
  expect(rangeOf({ level: 0, index: 300 })).toEqual({ level: 0, from: 300, count: 1 });
  expect(rangeOf({ level: 7, index: 3 })).toEqual({ level: 0, from: 384, count: 128 });
  expect(rangeOf({ level: 8, index: 3 })).toEqual({ level: 1, from: 3, count: 1 });
});
