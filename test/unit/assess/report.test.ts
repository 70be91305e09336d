import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assessmentOf } from "../../../src/assess/assessment.ts";
import { nonIidSuite } from "../../../src/assess/nonIid/suite.ts";
import { nonIid } from "../../../src/assess/nonIid/nonIid.ts";
import { page } from "../../../src/assess/report/page.ts";
import { linearScale, logarithmicScale } from "../../../src/assess/report/scale.ts";
import type { Samples } from "../../../src/assess/samples.ts";

function samplesOf(count: number, bitsPerSymbol: number): Samples {
  let state = 1;
  const symbols = Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> (32 - bitsPerSymbol);
  });
  return { symbols, bitsPerSymbol };
}

function written(
  samples: Samples,
  { name = "noise.bin", claim = null as number | null, atMilliseconds = 1.7e12 } = {},
): string {
  const file = {
    name,
    sha256: "ab".repeat(32),
    samples: samples.symbols.length,
    bitsPerSample: samples.bitsPerSymbol,
    manifest: null,
  };
  const parameters = { claimedEntropy: claim, seed: null, constants: null, conditioning: null };
  const circumstances = { atMilliseconds, springhouse: "1.2.3", node: "v24.0.0" };
  const { assessment, findings } = assessmentOf(
    nonIidSuite,
    nonIid(samples),
    samples,
    file,
    parameters,
    circumstances,
  );
  return page({ assessment, findings, samples });
}

const BYTES = samplesOf(20_000, 8);

test("two pages of the same samples are the same but for the time", () => {
  const [one, other] = [written(BYTES), written(BYTES, { atMilliseconds: 1.8e12 })];
  expect(one).not.toBe(other);
  const dated = /<dt>assessed<\/dt><dd>[^<]+/;
  expect(one.replace(dated, "")).toBe(other.replace(dated, ""));
});

test("a page needs nothing else, and holds what repeats it", () => {
  const html = written(BYTES, { claim: 4 });
  expect(html).not.toMatch(/<script|<link|<iframe|@import|https?:|url\(|src="(?!data:)| on\w+=/i);
  for (const said of [
    "ab".repeat(32),
    "springhouse 1.2.3, Node.js v24.0.0",
    "springhouse assess noise.bin --bits 8 --h 4",
  ])
    expect(html).toContain(said);
  // The claim is a line at its place in every bar, and a word below.
  expect(html.match(/class="claim" style="left:50\.00%"/g)).toHaveLength(17);
  expect(html).toContain("<b>claim 4</b>");
  expect(html.match(/<li class="least">/g)).toHaveLength(1);
});

test("each picture has its axes, its text for those who cannot see it, and says what good is", () => {
  const html = written(BYTES);
  const figures = html.match(/<figure>[^]*?<\/figure>/g) ?? [];
  expect(figures).toHaveLength(5);
  for (const figure of figures) {
    expect(figure).toMatch(/(?:aria-label|alt)="[^"]+Here [^"]+"/);
    expect(figure).toMatch(/<figcaption><b>[^<]+<\/b> [^<]{40,}<span class="here">Here /);
    if (figure.includes("<svg"))
      expect(figure.match(/<text class="label"[^>]*>[^<]+/g)).toHaveLength(2);
  }
});

test("a file's name is a name, whatever is in it", () => {
  const html = written(BYTES, { name: '"><img src=x onerror=alert(1)>&' });
  expect(html).not.toContain("<img src=x");
  expect(html).toContain("&quot;&gt;&lt;img src=x");
});

describe("samples that say little give a page, and no figure that is none", () => {
  test.each<[string, Samples]>([
    ["two alike", { symbols: Uint8Array.of(3, 3), bitsPerSymbol: 2 }],
    ["two", { symbols: Uint8Array.of(0, 1), bitsPerSymbol: 1 }],
    ["all the same", { symbols: new Uint8Array(5000).fill(7), bitsPerSymbol: 3 }],
    ["a counter", { symbols: Uint8Array.from({ length: 5000 }, (_, at) => at), bitsPerSymbol: 8 }],
    ["bits", samplesOf(3000, 1)],
    ["five bits", samplesOf(3000, 5)],
  ])("%s", (_what, samples) => {
    const html = written(samples);
    expect(html).not.toMatch(/NaN|Infinity|undefined|null/);
    expect(html).toContain("</html>");
    for (const [, height] of html.matchAll(/height="(-?[\d.]+)"/g))
      expect(Number(height)).toBeGreaterThanOrEqual(0);
  });
});

test("an axis has some round ticks, each at its place and within its ends", () => {
  const size = fc.double({ min: 1e-6, max: 1e12, noNaN: true });
  fc.assert(
    fc.property(size, fc.constantFrom(0, -1), (high, low) => {
      const { ticks, place } = linearScale(low * high, high);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(6);
      const places = ticks.map(place);
      expect(places).toEqual(places.toSorted((a, b) => a - b));
    }),
  );
  const { ticks, place } = logarithmicScale(220_000);
  expect(ticks).toEqual([0, 10, 100, 1000, 10_000, 100_000]);
  expect([place(0), place(220_000), place(1e9)]).toEqual([0, 1, 1]);
  expect(place(1000)).toBeCloseTo(Math.log(1001) / Math.log(220_001), 12);
});
