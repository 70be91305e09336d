import { expect, test } from "vitest";
import { ALERTS, ruleFile } from "../../../src/telemetry/rules/files.ts";
import { RECORDINGS } from "../../../src/telemetry/rules/recordings.ts";
import type { Feed } from "../../../src/telemetry/rules/rule.ts";
import { runbookDocument } from "../../../scripts/runbook.ts";
import { mentions, scraped, unknown } from "./queries.ts";

/** An alert that stands on a recorded series stands on what that was recorded from. */
const whole = (expr: string): string =>
  RECORDINGS.reduce((text, { name, expr: of }) => text.replaceAll(name, `(${of})`), expr);

function expectFed(expr: string, feed: readonly Feed[]): void {
  const fed = feed.flatMap(({ series }) => mentions(series));
  for (const { name, labels } of fed)
    expect(labels.toSorted(), `${expr}: ${name}`).toEqual(scraped(name).toSorted());
  const asked = mentions(expr).map(({ name }) => name);
  expect(fed.map(({ name }) => name)).toEqual(expect.arrayContaining(asked));
}

test.each(ALERTS)("$name asks for what there is, and is tried on it as it is exported", (alert) => {
  const shown = [...alert.summary.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1]!);
  const expr = whole(alert.expr);
  expect(unknown(expr, mentions(expr).length > 0 ? shown : [])).toEqual([]);
  for (const label of shown) expect({ instance: "", ...alert.labels }).toHaveProperty(label);
  expectFed(expr, alert.fires.feed);
  // A trial that lacks a series would be silent for that reason alone.
  for (const { feed } of [alert.flaps, alert.warmUp, ...(alert.alike ? [alert.alike] : [])])
    expect(feed.map(({ series }) => series.split("{")[0])).toEqual(
      expect.arrayContaining(alert.fires.feed.map(({ series }) => series.split("{")[0])),
    );
});

test.each(ALERTS)("$name fires, is one alert at most, and is silent at a start", (alert) => {
  expect(alert.fires.firing).not.toBeNull();
  expect(alert.warmUp.firing).toBeNull();
  expect(alert.alike?.firing ?? null).toBeNull();
  // What may come and go is held, or is looked at over a time that is longer.
  const mayFlap = alert.flaps.feed.some(({ values }) => !/^\S+x\d+$/.test(values));
  if (mayFlap && alert.flaps.firing !== null) expect(alert.keepFiringFor).toBeDefined();
});

test.each(RECORDINGS)(
  "$name asks for what there is, and is tried on it",
  ({ name, expr, trial }) => {
    expect(name).toMatch(/^[a-z_]+:springhouse_[a-z_]+:[a-z0-9_]+$/);
    expect(unknown(expr, [])).toEqual([]);
    expectFed(expr, trial.feed);
    expect(
      ALERTS.some((alert) => alert.expr.includes(name)),
      "nobody reads it",
    ).toBe(true);
  },
);

test("every alert says what to do, and its link leads to its section of the runbook", () => {
  const { groups } = ruleFile() as {
    groups: { rules: { alert?: string; annotations?: { runbook: string } }[] }[];
  };
  const rules = groups[0]!.rules.filter(({ alert }) => alert !== undefined);
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(ALERTS.length);
  const headings = runbookDocument()
    .split("\n")
    .filter((line) => line.startsWith("## "))
    .map((line) => line.slice(3).toLowerCase());
  for (const { alert, annotations } of rules) {
    const [file, section] = annotations!.runbook.split("#");
    expect(file).toBe("dashboards/runbook.md");
    expect(headings, alert).toContain(section);
  }
  for (const { name, remedy, meaning, steps } of ALERTS) {
    expect(name).toMatch(/^Springhouse[A-Z]\w+$/);
    for (const text of [remedy, meaning, ...steps]) expect(text, name).toMatch(/[.?]$/);
    expect(steps.length, name).toBeGreaterThan(1);
  }
});

test("the issue's list of what must be told is told", () => {
  expect(ALERTS.map(({ name }) => name.replace("Springhouse", ""))).toEqual(
    expect.arrayContaining([
      "NotReady",
      "QuorumAtEdge",
      "SourceFailed",
      "SourceAbsent",
      "MarginShrinking",
      "LiveEntropyLow",
      "AlarmRateHigh",
      "SeedTooOld",
      "SelfTestFailed",
      "Refusing",
      "Slow",
      "DiskLow",
      "CertificateExpires",
      "LogNotAdvancing",
    ]),
  );
});
