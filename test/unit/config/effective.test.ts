import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseConfiguration } from "../../../src/config/parse.ts";
import { claimedEntropy, isCredited } from "../../../src/entropy/claim.ts";
import { HealthMonitor } from "../../../src/health/monitor.ts";
import { openNoiseSource } from "../../../src/noiseSources.ts";
import type { DeviceDescription } from "../../../src/port/source.ts";
import { shapeOf, sourceOptions } from "../../../src/service/plan.ts";
import type { ServicePorts } from "../../../src/service/ports.ts";
import { aprioriCutoff } from "./cutoff.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { assessed, EVIDENCE, faults, source } from "./read.ts";

/** What is configured, as the rooms get it. */
function effective(given: object) {
  const configuration = parseConfiguration(JSON.stringify(given));
  const ports: Partial<ServicePorts> = {
    clock: new FakeClock(),
    openSource: openNoiseSource,
    osFill: () => {},
  };
  const [os, ...own] = sourceOptions(configuration, ports as ServicePorts);
  return { shape: shapeOf(configuration), os: os!, own };
}

const device = (rawConfirmed: boolean): DeviceDescription => ({
  location: "here",
  vendorId: null,
  productId: null,
  serialNumber: null,
  firmware: null,
  mode: "m",
  rawConfirmed,
  caveats: [],
});

const KINDS = [
  ["serial-truerngpro", {}, true],
  ["serial-onerng", {}, true],
  ["serial-generic", {}, true],
  ["character-device", {}, false],
  ["character-device", { physical: true }, true],
  ["program", {}, false],
  ["program", { physical: true }, true],
] as const;

describe.each([
  ["RBGC", null, false],
  ["RBG2(NP)", 2.5, false],
  ["RBG2(P)", 2.5, true],
] as const)("in the shape %s", (shape, entropy, physicalOnly) => {
  test.each(KINDS)(
    "the figures of %s %o reach tests, blocks and credit",
    (kind, more, physical) => {
      const framing =
        kind === "serial-onerng" ? {} : { framing: { bitsPerSample: 4, mapping: "low-bits" } };
      const claim =
        entropy === null
          ? { testedEntropy: 1.5 }
          : { assessed: assessed(entropy), compliant: { entropy: 1, certificate: "E1" } };
      // Another source that counts, so that the quorum can be met when this one does not.
      const other = source("serial-generic", {
        id: "other",
        raw: EVIDENCE,
        ...(entropy === null ? {} : { assessed: assessed(1) }),
      });
      const built = effective({
        construction: { physicalOnly },
        sources: [source(kind, { ...more, ...framing, ...claim, raw: EVIDENCE }), other],
      });
      expect(built.shape).toBe(shape);
      const options = built.own[0]!;
      const h = entropy ?? 1.5;
      expect(options.testedEntropy).toBe(h);
      expect(options.health.minEntropyPerSample).toBe(h);
      expect(options.assessed?.entropy ?? null).toBe(entropy);
      expect(options.compliant?.entropy ?? null).toBe(entropy === null ? null : 1);
      expect(claimedEntropy(options)).toBe(h);
      const width = kind === "serial-onerng" ? 8 : 4;
      expect([options.source.bitsPerSample, options.health.bitsPerSample]).toEqual([width, width]);
      const repetition = new HealthMonitor(options.health)
        .snapshot()
        .tests.find(({ test: name }) => name === "repetition_count")!;
      expect(repetition.cutoffIntermittent).toBe(aprioriCutoff(h, 40));

      expect(options.source.physical).toBe(physical);
      const credited = entropy !== null && (physical || !physicalOnly);
      expect(isCredited(options.source, options, device(true), physicalOnly)).toBe(credited);
      expect(isCredited(options.source, options, device(false), physicalOnly)).toBe(false);
      expect(isCredited(options.source, options, null, physicalOnly)).toBe(false);
      expect(
        isCredited(built.os.source, { ...built.os, assessed: assessed(8) }, device(true), false),
      ).toBe(false);
    },
  );
});

test("rates follow the framing, and what is dropped begins at twice of it", () => {
  const rate = (kind: string, more: object) => effective({ sources: [source(kind, more)] }).own[0]!;
  const bits = { framing: { bitsPerSample: 2, mapping: "bits-lsb-first" } };
  const words = {
    framing: { bitsPerSample: 8, mapping: "low-bits", bytesPerSample: 2, zeroBits: 4 },
  };
  expect(rate("program", {}).health.samplesPerSecond).toBe(50_000);
  expect(rate("program", bits).health.samplesPerSecond).toBe(200_000);
  expect(rate("serial-truerngpro", words).health.samplesPerSecond).toBe(206_250);
  expect(rate("program", { samplesPerSecond: 7, ...bits }).health.samplesPerSecond).toBe(7);
  expect(rate("program", { samplesPerSecond: 7 }).budgetSamplesPerSecond).toBe(14);
});

test("every example in the README parses", () => {
  const text = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1]!);
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) expect(faults(example), example).toEqual([]);
});
