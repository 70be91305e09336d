import { Compile } from "typebox/compile";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { birthOf, lineageDigest } from "../../../src/log/birth.ts";
import { BIRTH } from "../../../src/log/leaves/birth.ts";
import { anyMaterial, BOOT, material, outputOf, sampleWindow } from "../lineage/records.ts";

const MAKER = { configuration: "0123456789abcdef", build: "0".repeat(64) };
const schema = Compile(BIRTH);

test("a birth sums the windows of each source, and credits what the seed credits", () => {
  const { seed, blocks, windows } = material(BOOT, 1);
  const os = {
    ...sampleWindow("w-os"),
    source: "os",
    fromMilliseconds: 1400,
    toMilliseconds: 1900,
    margins: { adaptive_proportion: 100 },
  };
  const close = { ...windows[1]!, toMilliseconds: 1700, margins: { repetition_count: 12 } };
  const story = {
    id: `${seed.id}.7`,
    seed,
    counter: 7,
    blocks,
    windows: [windows[0]!, close, os],
    output: outputOf(seed, 7),
  };
  const birth = birthOf(story, MAKER);
  expect(birth).toMatchObject({
    output: `${seed.id}.7`,
    seed: seed.id,
    creditedBits: 256,
    parent: null,
    sources: [
      { source: "os", bits: 0, compliantBits: 0, windows: 1, from: 1400, to: 1900 },
      {
        source: "trng",
        physical: true,
        bits: 256,
        windows: 2,
        from: 1000,
        to: 1700,
        alarmed: 0,
        margins: { repetition_count: 12 },
      },
    ],
    ...MAKER,
  });
  expect(birth.sources[0]).not.toHaveProperty("physical");
  expect(birth.lineage).toBe(lineageDigest(story));
  expect(lineageDigest({ ...story, windows: [windows[0]!, os, close] })).not.toBe(birth.lineage);
});

test("the birth of any output whatever is what its schema allows", () => {
  fc.assert(
    fc.property(anyMaterial(1), ({ seed, blocks, windows }) => {
      const named = seed.id.length + seed.instance.length;
      fc.pre(named < 256 && windows.every(({ source }) => source.length <= 256));
      const story = { id: `${seed.id}.1`, seed, counter: 1, blocks, windows, output: null };
      const birth = birthOf(story, MAKER);
      expect([...schema.Errors(birth)]).toEqual([]);
    }),
  );
});
