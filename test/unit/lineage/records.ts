import * as fc from "fast-check";
import type { PendingOutputs } from "../../../src/port/draw.ts";
import { EVENT_KINDS } from "../../../src/port/event.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import { HEALTH_TESTS, SEVERITIES } from "../../../src/port/health.ts";
import { DOORS, RESEED_REASONS } from "../../../src/port/lineage.ts";
import type { EntropyBlock, Output, SampleWindow, Seed } from "../../../src/port/lineage.ts";

export interface Material {
  readonly seed: Seed;
  readonly blocks: readonly EntropyBlock[];
  readonly windows: readonly SampleWindow[];
}

export const BOOT = "00000000000000b0";

export function sampleWindow(id: string): SampleWindow {
  return {
    id,
    source: "trng",
    firstSequence: 0,
    lastSequence: 1023,
    fromMilliseconds: 1000,
    toMilliseconds: 1500,
    samples: 1024,
    claimedEntropy: 0.5,
    configurationVersion: "0123456789abcdef",
    firmware: null,
    verdict: "passed",
    alarms: [],
    margins: { repetition_count: 30 },
  };
}

export function entropyBlock(id: string, windows: readonly string[]): EntropyBlock {
  return {
    id,
    source: "trng",
    windows,
    component: "HMAC-SHA-256",
    inputBits: 1024,
    inputEntropy: 512,
    outputBits: 256,
    outputEntropy: 256,
    fullEntropy: true,
    credited: true,
    toMilliseconds: 1500,
  };
}

/** A seed of one block of its own with two windows of its own. */
export function material(boot: string, n: number, more: Partial<Seed> = {}): Material {
  const windows = [sampleWindow(`w-${boot}-${2 * n}`), sampleWindow(`w-${boot}-${2 * n + 1}`)];
  const block = entropyBlock(
    `b-${boot}-${n}`,
    windows.map(({ id }) => id),
  );
  const seed: Seed = {
    id: `s-${boot}-${n}`,
    instance: "http",
    shape: "RBG2(P)",
    kind: "reseed",
    reason: "output_limit",
    atMilliseconds: 2000 + n,
    materialFromMilliseconds: 1500,
    blocks: [block.id],
    uncreditedBlocks: [],
    credits: [{ source: "trng", physical: true, assessedBits: 256, compliantBits: 0 }],
    creditedBits: 256,
    strengthWithoutBest: [256, 0],
    parent: null,
    counterLimit: 4096,
    ...more,
  };
  return { seed, blocks: [block], windows };
}

export function outputOf(seed: Seed, counter: number, more: Partial<Output> = {}): Output {
  return {
    id: `${seed.id}.${counter}`,
    seed: seed.id,
    instance: seed.instance,
    counter,
    principal: "p-1",
    door: "keys",
    purpose: "key:p-256",
    bytes: 64,
    requirement: {},
    atMilliseconds: seed.atMilliseconds + 1,
    ...more,
  };
}

/** As a draw gives them that leaves the record to who asked. */
export const pendingOutputs = (...outputs: Output[]): PendingOutputs => ({
  outputs,
  refusal: () => null,
});

const text = fc.string({ unit: "grapheme", maxLength: 20 }).filter((s) => s.isWellFormed());
const name = text.filter((s) => s !== "" && !s.includes("\0"));
const bits = fc.double({ min: 0, max: 1e9, noNaN: true }).map((x) => (x === 0 ? 0 : x));
const time = fc.oneof(fc.integer({ min: 0, max: 2e12 }), bits);
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

const alarm = fc.record({
  test: fc.constantFrom(...HEALTH_TESTS),
  severity: fc.constantFrom(...SEVERITIES),
  sequence: count,
  observed: bits,
  cutoff: bits,
  detail: text,
});
const margins = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...HEALTH_TESTS), bits), { selector: ([key]) => key })
  .map((pairs) => Object.fromEntries(pairs) as SampleWindow["margins"]);

const windowBody = fc.record({
  source: name,
  firstSequence: count,
  lastSequence: count,
  fromMilliseconds: time,
  toMilliseconds: time,
  samples: count,
  claimedEntropy: bits,
  configurationVersion: name,
  firmware: fc.option(name),
  verdict: fc.constantFrom("passed" as const, "alarmed" as const),
  alarms: fc.array(alarm, { maxLength: 3 }),
  margins,
});
const blockBody = fc.record({
  source: name,
  component: name,
  inputBits: count,
  inputEntropy: bits,
  outputBits: count,
  outputEntropy: bits,
  fullEntropy: fc.boolean(),
  credited: fc.boolean(),
  toMilliseconds: time,
});
const seedBody = fc.record({
  instance: name,
  shape: fc.constantFrom("RBG2(P)" as const, "RBG2(NP)" as const, "RBGC" as const),
  kind: fc.constantFrom("instantiate" as const, "reseed" as const),
  reason: fc.constantFrom(...RESEED_REASONS),
  atMilliseconds: time,
  materialFromMilliseconds: time,
  credits: fc.array(
    fc.record({ source: name, physical: fc.boolean(), assessedBits: bits, compliantBits: bits }),
    { maxLength: 3 },
  ),
  creditedBits: bits,
  strengthWithoutBest: fc.array(bits, { maxLength: 4 }),
  parent: fc.option(fc.record({ name, securityStrength: bits, bytes: count })),
  counterLimit: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
});

/** Any seed whatever, with blocks that share windows; `n` makes its ids its own. */
export function anyMaterial(n: number): fc.Arbitrary<Material> {
  return fc
    .record({
      seed: seedBody,
      windows: fc.array(windowBody, { maxLength: 4 }),
      blocks: fc.array(fc.tuple(blockBody, fc.array(fc.nat(3), { maxLength: 4 }), fc.boolean()), {
        maxLength: 4,
      }),
    })
    .map(({ seed, windows: bodies, blocks: parts }) => {
      const all = bodies.map((body, k) => ({ id: `w-${BOOT}-${n * 10 + k}`, ...body }));
      const blocks = parts.map(([body, picks, entered], k) => ({
        entered,
        block: {
          id: `b-${BOOT}-${n * 10 + k}`,
          ...body,
          windows: [...new Set(picks)].flatMap((pick) => all[pick]?.id ?? []),
        },
      }));
      const ids = (entered: boolean) =>
        blocks.filter((one) => one.entered === entered).map(({ block }) => block.id);
      const used = new Set(blocks.flatMap(({ block }) => block.windows));
      return {
        seed: {
          id: `s-${BOOT}-${n}`,
          ...seed,
          blocks: ids(true),
          uncreditedBlocks: ids(false),
        },
        blocks: blocks.map(({ block }) => block),
        windows: all.filter(({ id }) => used.has(id)),
      };
    });
}

export const anyOutputBody: fc.Arbitrary<Partial<Output>> = fc.record({
  principal: name,
  door: fc.constantFrom(...DOORS),
  purpose: name,
  bytes: count,
  atMilliseconds: time,
  requirement: fc.record(
    { strength: bits, sources: bits, maxSeedAgeSeconds: bits, fresh: fc.boolean() },
    { requiredKeys: [] },
  ),
});

export const anyEvent: fc.Arbitrary<ServiceEvent> = fc.record({
  kind: fc.constantFrom(...EVENT_KINDS),
  atMilliseconds: time,
  source: fc.option(name),
  severity: fc.constantFrom("info" as const, "warning" as const, "critical" as const),
  actor: fc.option(name),
  reason: fc.option(name),
  detail: name,
  data: fc.dictionary(
    name.filter((key) => key !== "__proto__"),
    fc.oneof(name, bits, fc.boolean(), fc.constant(null)),
    { noNullPrototype: true },
  ),
});
