import { describe, expect, test } from "vitest";
import { DASHBOARDS } from "../../../src/telemetry/dashboards/dashboards.ts";
import { chosen, series } from "../../../src/telemetry/query.ts";
import { grouped, mentions, scraped, unknown } from "./queries.ts";

const targets = DASHBOARDS.flatMap(({ rows }) =>
  rows.flatMap(({ panels }) => panels.flatMap((panel) => panel.targets)),
);

const shownBy = (legend: string): string[] =>
  [...legend.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1]!);

describe("each query of the dashboards", () => {
  test.each(targets)("$expr asks for what there is", ({ expr, legend }) => {
    expect(unknown(expr, shownBy(legend))).toEqual([]);
    // A counter is only ever read by its increase, or it means nothing after a restart.
    for (const { name } of mentions(expr))
      if (name.endsWith("_total")) expect(expr).toMatch(new RegExp(`(rate|increase)\\(${name}`));
  });

  test("heeds the variables, and keeps the service that each series is of", () => {
    for (const { expr } of targets) {
      for (const { name, labels } of mentions(expr)) {
        expect(labels, expr).toContain("instance");
        if (scraped(name).includes("source")) expect(labels, expr).toContain("source");
      }
      expect(expr).toContain('instance=~"$instance"');
      const folds = [...expr.matchAll(/\b(sum|min|max|topk|count|avg)\b(?! by \(([^)]*)\))/g)];
      expect(folds, expr).toEqual([]);
      for (const [, by] of expr.matchAll(/\bby \(([^)]*)\)/g))
        expect(by!.split(", "), expr).toContain("instance");
    }
  });

  test("tells its series apart in the legend", () => {
    for (const { expr, legend } of targets) {
      // What stands on the right of a comparison of sets or an arithmetic match adds no label.
      const left = expr.split(/ (?:unless|\/|-) /)[0]!;
      const by = [...left.matchAll(/(?<!topk )\bby \(([^)]*)\)/g)].flatMap((match) =>
        match[1]!.split(", "),
      );
      const own = mentions(left)
        .flatMap(({ name }) => scraped(name))
        .filter((label) => !["job", "instance", "le"].includes(label));
      const states = [...expr.matchAll(/state="/g)].length > 0 ? ["state"] : [];
      for (const label of by.length > 0 ? own.filter((one) => by.includes(one)) : own)
        if (!states.includes(label)) expect(legend, expr).toContain(`{{${label}}}`);
    }
  });
});

describe("the builder of queries", () => {
  test("writes names, operators and values as PromQL has them", () => {
    expect(series("ready")).toBe("springhouse_ready");
    expect(series("source_state", { state: "=failed", source: '!~a"b\\d' })).toBe(
      String.raw`springhouse_source_state{state="failed",source!~"a\"b\\d"}`,
    );
    expect(chosen("ready")).toBe('springhouse_ready{instance=~"$instance"}');
    expect(chosen("pool_blocks")).toBe(
      'springhouse_pool_blocks{instance=~"$instance",source=~"$source"}',
    );
    expect(chosen("drbg_prepared_seeds", { exported_instance: "!=fresh" })).toBe(
      'springhouse_drbg_prepared_seeds{instance=~"$instance",exported_instance!="fresh"}',
    );
  });

  test("a name or a label that is not exported does not compile", () => {
    // @ts-expect-error no such metric
    series("source_samples");
    // @ts-expect-error a label of another metric
    series("ready", { source: "=os" });
    // @ts-expect-error a scrape renames it
    series("drbg_prepared_seeds", { exported_source: "=http" });
    // @ts-expect-error an operator is needed
    series("source_state", { state: "failed" });
  });

  test("the tests' own reading of PromQL sees what is wrong", () => {
    expect(unknown("rate(springhouse_nothing_total[5m])", [])).toEqual([
      "springhouse_nothing_total",
    ]);
    expect(unknown('springhouse_ready{source="a"}', ["door"])).toEqual([
      "springhouse_ready: source",
      "door",
    ]);
    expect(grouped("sum by (a, b) (x) / on (c) y")).toEqual(["a", "b", "c"]);
    expect(mentions("instance:springhouse_disk_free:ratio")).toEqual([]);
  });
});
