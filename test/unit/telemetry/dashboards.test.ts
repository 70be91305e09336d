import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DASHBOARDS } from "../../../src/telemetry/dashboards/dashboards.ts";
import { dashboardJson } from "../../../src/telemetry/dashboards/json.ts";

/*
 * What Grafana asks of a dashboard of its classic schema, as far as these use it. The facts are those of
 * the JSON schemas that Grafana publishes in grafana-foundation-sdk (2026-06: schema version 42), which
 * allow no other property, and of the unit ids in @grafana/data 13.2.
 */
const FIELDS = {
  dashboard:
    "uid title description schemaVersion version editable graphTooltip refresh time timezone tags annotations links templating panels",
  link: "title type icon tooltip tags asDropdown targetBlank includeVars keepTime",
  query: "type name label datasource query multi includeAll allValue current refresh sort",
  panel: "id type title description datasource gridPos fieldConfig options targets",
  row: "id type title collapsed gridPos panels",
  field: "unit min max noValue color mappings thresholds custom",
  target: "refId datasource expr legendFormat range",
} as const;
const UNITS = ["none", "short", "s", "bytes", "Bps", "cps", "reqps", "percentunit"];
const COLOURS = ["green", "orange", "red", "blue", "purple", "text"];
const PLUGINS: Readonly<Record<string, { options: string; custom: string }>> = {
  stat: {
    options:
      "graphMode colorMode justifyMode textMode wideLayout showPercentChange reduceOptions percentChangeColorMode orientation",
    custom: "",
  },
  timeseries: {
    options: "legend tooltip",
    custom: "drawStyle lineWidth fillOpacity showPoints thresholdsStyle",
  },
  "state-timeline": {
    options: "showValue rowHeight mergeValues alignValue legend tooltip",
    custom: "lineWidth fillOpacity",
  },
};
const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

interface Grid {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}
interface PanelJson {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly datasource: object;
  readonly gridPos: Grid;
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit: string;
      readonly mappings: readonly { type: string; options: Record<string, { color: string }> }[];
      readonly thresholds: { mode: string; steps: { value: number | null; color: string }[] };
      readonly custom: object;
    };
    readonly overrides: readonly unknown[];
  };
  readonly options: object;
  readonly targets: readonly { refId: string; expr: string; datasource: object }[];
}
interface DashboardJson {
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly tags: readonly string[];
  readonly links: readonly {
    type: string;
    tags: string[];
    includeVars: boolean;
    keepTime: boolean;
  }[];
  readonly templating: { readonly list: readonly { type: string; name: string; query: string }[] };
  readonly panels: readonly PanelJson[];
}

const json = DASHBOARDS.map((dashboard) => dashboardJson(dashboard) as unknown as DashboardJson);
const panelsOf = ({ panels }: DashboardJson) => panels.filter(({ type }) => type !== "row");
const only = (what: object, fields: string): void => {
  const allowed = fields.split(" ");
  for (const name of Object.keys(what)) expect(allowed, name).toContain(name);
};
const all = (what: object, fields: string): void =>
  expect(Object.keys(what).toSorted()).toEqual(fields.split(" ").filter(Boolean).toSorted());

describe.each(json)("the dashboard $uid", (dashboard) => {
  test("has what Grafana's schema asks for, and nothing that it does not know", () => {
    all(dashboard, FIELDS.dashboard);
    expect(dashboard.schemaVersion).toBe(42);
    expect(dashboard.uid).toMatch(/^[a-z-]{8,40}$/);
    for (const panel of dashboard.panels)
      all(panel, panel.type === "row" ? FIELDS.row : FIELDS.panel);
    for (const { fieldConfig, options, targets, type, datasource, title } of panelsOf(dashboard)) {
      expect(PLUGINS, title).toHaveProperty(type);
      all(options, PLUGINS[type]!.options);
      only(fieldConfig.defaults, FIELDS.field);
      expect(fieldConfig.overrides).toEqual([]);
      const drawn = PLUGINS[type]!.custom;
      only(fieldConfig.defaults.custom, drawn);
      for (const target of targets) all(target, FIELDS.target);
      for (const { datasource: of } of [{ datasource }, ...targets]) expect(of).toEqual(DATASOURCE);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });

  test("units, colours, steps and words are such that Grafana draws them", () => {
    for (const { fieldConfig, title } of panelsOf(dashboard)) {
      const { unit, mappings, thresholds } = fieldConfig.defaults;
      expect(UNITS, title).toContain(unit);
      expect(thresholds.mode).toBe("absolute");
      const [first, ...more] = thresholds.steps;
      expect(first!.value, title).toBeNull();
      const bounds = more.map(({ value }) => value!);
      expect(bounds, title).toEqual(bounds.toSorted((one, other) => one - other));
      for (const { color } of thresholds.steps) expect(COLOURS).toContain(color);
      for (const { type, options } of mappings) {
        expect(type).toBe("value");
        for (const { color } of Object.values(options)) expect(COLOURS).toContain(color);
      }
    }
  });

  test("panels do not overlap, none is wider than the page, each has an id of its own", () => {
    const cells = new Set<string>();
    for (const { id, gridPos: grid } of dashboard.panels)
      for (let x = grid.x; x < grid.x + grid.w; x++)
        for (let y = grid.y; y < grid.y + grid.h; y++) {
          expect(x).toBeLessThan(24);
          expect(cells.has(`${x},${y}`), `panel ${id}`).toBe(false);
          cells.add(`${x},${y}`);
        }
    // Every line of the page is full: a hole is a panel that was forgotten.
    const lines = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
    expect(cells.size).toBe(24 * lines);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });

  test("says of each panel what to do, and leads to the others with what was chosen", () => {
    const panels = panelsOf(dashboard);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    for (const { title, description } of panels) {
      expect(description, title).toMatch(/\.$/);
      expect(description.length, title).toBeGreaterThan(30);
    }
    const [link] = dashboard.links;
    all(link!, FIELDS.link);
    expect(link).toMatchObject({ type: "dashboards", includeVars: true, keepTime: true });
    for (const other of json) expect(other.tags).toEqual(expect.arrayContaining(link!.tags));
    const { list } = dashboard.templating;
    expect(list.map(({ name }) => name)).toEqual(["datasource", "instance", "source"]);
    for (const one of list) if (one.type === "query") all(one, FIELDS.query);
  });

  test("is committed as it is generated", () => {
    const path = new URL(`../../../dashboards/grafana/${dashboard.uid}.json`, import.meta.url);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(dashboard);
  });
});

test("there are the four of the issue, one uid each", () => {
  expect(json.map(({ title }) => title)).toEqual(
    ["Overview", "Sources", "DRBG", "Clients"].map((title) => `springhouse: ${title}`),
  );
  expect(new Set(json.map(({ uid }) => uid)).size).toBe(4);
});
