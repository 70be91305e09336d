import { expect, test } from "vitest";
import { COMMAND_OPERATIONS } from "../../../src/port/approval.ts";
import { DESTRUCTION_ENDS, INTENT_ACTS } from "../../../src/port/custody.ts";
import { ERRORS, type ErrorCode } from "../../../src/port/errors.ts";
import { HEALTH_TESTS, SEVERITIES, SOURCE_STATES } from "../../../src/port/health.ts";
import { KEY_STATES, KEY_USAGES } from "../../../src/port/key.ts";
import { LIVE_ESTIMATORS } from "../../../src/port/liveEstimate.ts";
import { DOORS, RESEED_REASONS } from "../../../src/port/lineage.ts";
import { SLOT_KINDS } from "../../../src/port/seal.ts";
import { INSTANCE_STATES } from "../../../src/port/snapshot.ts";
import { CATALOGUE } from "../../../src/telemetry/catalogue.ts";
import { parseExposition, picture, render, source } from "./picture.ts";

/** What bounds each label's values. A label that is not here must say what bounds it first. */
const BOUNDS: Readonly<Record<string, readonly string[] | "configuration" | "build" | "quotas">> = {
  source: "configuration",
  witness: "configuration",
  // The first hundred: see access/clientUses.ts.
  client: "quotas",
  quota: ["requests", "bytes"],
  file: ["certificate", "client_authority"],
  version: "build",
  configuration: "build",
  shape: ["RBG2(P)", "RBG2(NP)", "RBGC"],
  validated: ["true", "false"],
  state: [...SOURCE_STATES, ...INSTANCE_STATES, ...KEY_STATES],
  test: [...HEALTH_TESTS, "HMAC_DRBG", "conditioning"],
  severity: SEVERITIES,
  estimator: LIVE_ESTIMATORS,
  bound: ["lower", "estimate", "upper"],
  kind: SLOT_KINDS,
  usage: KEY_USAGES,
  outcome: ["estimated", "broken", "lost", ...DESTRUCTION_ENDS],
  operation: COMMAND_OPERATIONS,
  act: INTENT_ACTS,
  instance: DOORS,
  door: DOORS,
  reason: [...RESEED_REASONS, ...Object.keys(ERRORS)],
  code: [101, 200, ...Object.values(ERRORS).map(({ status }) => status)].map(String),
};

test("every label is bounded, and its values stay within the bound", () => {
  const { snapshot, tally, clients } = picture();
  for (const { name, labels, read } of CATALOGUE) {
    for (const label of labels) expect(BOUNDS, `${name}: ${label}`).toHaveProperty(label);
    for (const [values] of read(snapshot, tally, clients)) {
      expect(values, name).toHaveLength(labels.length);
      for (const [index, label] of labels.entries()) {
        const bound = BOUNDS[label]!;
        if (Array.isArray(bound)) expect(bound, `${name}: ${label}`).toContain(values[index]);
      }
    }
  }
});

test("names are in base units with the unit last, and _total is on counters alone", () => {
  for (const { name, type, help } of CATALOGUE) {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
    expect(name).not.toMatch(/milliseconds|minutes|bits|kilo|percent/);
    expect(help, name).toMatch(/^[A-Z0-9].*\.$/);
  }
});

test("a thousand seeds, outputs, principals and details make no series more", async () => {
  const changed = picture();
  const before = [...(await render(changed)).keys()];
  for (const instance of changed.snapshot.instances) {
    instance.seed = "s-ffffffffffffffff-9";
    instance.requestsSinceSeed = 1000;
  }
  for (const one of changed.snapshot.sources) one.detail = "another! detail";
  for (let i = 0; i < 1000; i++) changed.tally.answered("http", 200, 0.001, 32);
  const after = [...(await render(changed)).keys()];
  expect(after).toEqual(before);
  // The texts that are nobody's business but status's all end with this mark.
  expect(after.join("\n")).not.toContain("!");
});

test("refusals have a reason for each error of HTTP, from 0 on", async () => {
  const changed = picture();
  const codes = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => ERRORS[code].status !== null);
  const ofRefusals = async () =>
    [...(await render(changed))].filter(([key]) => key.startsWith("refusals_total"));
  expect(await ofRefusals()).toHaveLength(codes.length);
  for (let round = 0; round < 3; round++) for (const code of codes) changed.tally.refused(code);
  const series = await ofRefusals();
  expect(series).toHaveLength(codes.length);
  expect(series.find(([key]) => key.includes('"unmet"'))?.[1]).toBe(4);
});

test("a hostile id stays one label value on one line", async () => {
  const hostile = 'a"} 1\nspringhouse_ready 0\n# \\';
  const changed = picture();
  changed.snapshot.sources.push(source(hostile) as (typeof changed.snapshot.sources)[number]);
  const series = await render(changed);
  expect(series.get("ready")).toBe(1);
  const escaped = String.raw`a\"} 1\nspringhouse_ready 0\n# \\`;
  expect(series.get(`pool_blocks{source="${escaped}"}`)).toBe(7);
  expect(series.size).toBe((await render(picture())).size + (await perSource()));
});

/** How many series one more source makes. */
async function perSource(): Promise<number> {
  const more = picture();
  more.snapshot.sources.push(source("three") as (typeof more.snapshot.sources)[number]);
  return (await render(more)).size - (await render(picture())).size;
}

test("the parser of these tests takes no line that is not of the format", () => {
  expect(() => parseExposition("springhouse_ready")).toThrow("no line");
  expect(() => parseExposition("springhouse_ready 1\nspringhouse_ready 1")).toThrow("twice");
});
