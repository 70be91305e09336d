import { describe, expect, test } from "vitest";
import { CATALOGUE } from "../../../src/telemetry/catalogue.ts";
import { dashboard, expressions, ROWS } from "../../../src/telemetry/dashboard.ts";
import { ALERTS } from "../../../src/telemetry/rules.ts";

const HISTOGRAM = "springhouse_request_duration_seconds";

/** Labels of each name that a query may use. */
const LABELS = new Map<string, readonly string[]>([
  ...CATALOGUE.map(({ name, labels }) => [`springhouse_${name}`, labels] as const),
  [`${HISTOGRAM}_bucket`, ["door", "le"]],
  [`${HISTOGRAM}_sum`, ["door"]],
  [`${HISTOGRAM}_count`, ["door"]],
]);

/**
 * What a series of that name carries in Prometheus: a scrape adds `job` and `instance`, and a label
 * of ours that is called `instance` becomes `exported_instance`.
 */
function scraped(name: string): readonly string[] {
  const labels = LABELS.get(name) ?? [];
  return [
    "job",
    "instance",
    ...labels.map((label) => (label === "instance" ? "exported_instance" : label)),
  ];
}

interface Mention {
  readonly name: string;
  /** Those in its braces. */
  readonly labels: readonly string[];
}

function mentions(expression: string): Mention[] {
  return [...expression.matchAll(/(springhouse_[a-z_]+)(?:\{([^}]*)\})?/g)].map((match) => ({
    name: match[1]!,
    labels: [...(match[2] ?? "").matchAll(/([a-z_]+)\s*=/g)].map((label) => label[1]!),
  }));
}

/** Labels that an aggregation or a match names. */
const grouped = (expression: string): string[] =>
  [...expression.matchAll(/\b(?:by|without|on)\s*\(([^)]*)\)/g)].flatMap((match) =>
    match[1]!.split(",").map((label) => label.trim()),
  );

function expectKnown(expression: string, more: readonly string[]): void {
  const named = mentions(expression);
  expect(named, expression).not.toEqual([]);
  for (const { name, labels } of named) {
    expect([...LABELS.keys()], expression).toContain(name);
    for (const label of labels) expect(scraped(name), `${expression}: ${label}`).toContain(label);
  }
  const any = named.flatMap(({ name }) => scraped(name));
  for (const label of [...grouped(expression), ...more])
    expect(any, `${expression}: ${label}`).toContain(label);
}

describe("the dashboard", () => {
  const targets = ROWS.flatMap(({ panels }) => panels.flatMap((panel) => panel.targets));

  test.each(targets)("$expr asks for metrics and labels that there are", ({ expr, legend }) => {
    const shown = [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1]!);
    expectKnown(expr, shown);
    // A counter is only ever read by its increase, or it means nothing after a restart.
    for (const { name } of mentions(expr))
      if (name.endsWith("_total")) expect(expr).toMatch(new RegExp(`(rate|increase)\\(${name}`));
  });

  test("a query of several series of one service tells them apart in its legend", () => {
    for (const { expr, legend } of targets) {
      if (/^(min|max|sum)\(|^time\(\)/.test(expr)) continue;
      const by = grouped(expr);
      const own = mentions(expr)
        .flatMap(({ name }) => scraped(name))
        .filter((label) => label !== "job" && label !== "instance" && label !== "le");
      for (const label of by.length > 0 ? own.filter((one) => by.includes(one)) : own)
        expect(legend, expr).toContain(`{{${label}}}`);
    }
  });

  test("is what the tests ask a real Prometheus", () => {
    const written = JSON.stringify(dashboard());
    expect(expressions()).toHaveLength(targets.length);
    for (const expression of expressions()) expect(written).toContain(JSON.stringify(expression));
  });

  test("panels do not overlap, and none is wider than the page", () => {
    const { panels } = dashboard() as {
      panels: { id: number; gridPos: { x: number; y: number; w: number; h: number } }[];
    };
    const cells = new Set<string>();
    for (const { id, gridPos: grid } of panels)
      for (let x = grid.x; x < grid.x + grid.w; x++)
        for (let y = grid.y; y < grid.y + grid.h; y++) {
          expect(x).toBeLessThan(24);
          expect(cells.has(`${x},${y}`), `panel ${id}`).toBe(false);
          cells.add(`${x},${y}`);
        }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

describe("the alert rules", () => {
  test.each(ALERTS)("$name asks for metrics and labels that there are", (alert) => {
    const shown = [...alert.summary.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1]!);
    expectKnown(alert.expr, shown);
    for (const label of shown) expect(alert.labels).toHaveProperty(label);
  });

  test.each(ALERTS)(
    "$name is tried on every metric that it asks for, as it is exported",
    (alert) => {
      const asked = mentions(alert.expr).map(({ name }) => name);
      for (const series of [alert.fires, alert.silent]) {
        const fed = series.flatMap((one) => mentions(one.series));
        expect(fed.map(({ name }) => name)).toEqual(expect.arrayContaining(asked));
        for (const { name, labels } of fed)
          expect(labels.toSorted(), `${alert.name}: ${name}`).toEqual(scraped(name).toSorted());
      }
    },
  );

  test("names are unique, and every one says what to do", () => {
    expect(new Set(ALERTS.map(({ name }) => name)).size).toBe(ALERTS.length);
    for (const { name, summary, remedy } of ALERTS) {
      expect(name).toMatch(/^Springhouse[A-Z]\w+$/);
      expect(summary).not.toBe("");
      expect(remedy, name).toMatch(/[.]$|doctor|POST/);
    }
  });
});
