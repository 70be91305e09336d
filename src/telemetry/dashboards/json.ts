import { series } from "../query.ts";
import type { Dashboard, Meaning, Panel, Row, Step } from "./panel.ts";

/** Grafana's classic dashboard schema, with every field that it requires. */
const SCHEMA_VERSION = 42;

const DATASOURCE = { type: "prometheus", uid: "${datasource}" } as const;

const LEGEND = { showLegend: true, displayMode: "list", placement: "bottom", calcs: [] } as const;
const TOOLTIP = { mode: "multi", sort: "desc" } as const;

const STAT = {
  graphMode: "none",
  colorMode: "value",
  justifyMode: "auto",
  wideLayout: true,
  showPercentChange: false,
  percentChangeColorMode: "standard",
  orientation: "auto",
  reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false },
} as const;

/** By how a panel draws: the plugin's options, and those of each of its fields. */
const DRAWN = {
  stat: { plugin: "stat", options: { ...STAT, textMode: "auto" }, custom: {} },
  name: { plugin: "stat", options: { ...STAT, textMode: "name" }, custom: {} },
  timeseries: {
    plugin: "timeseries",
    options: { legend: LEGEND, tooltip: TOOLTIP },
    custom: { drawStyle: "line", lineWidth: 1, fillOpacity: 0, showPoints: "never" },
  },
  "state-timeline": {
    plugin: "state-timeline",
    options: {
      showValue: "auto",
      rowHeight: 0.9,
      mergeValues: true,
      alignValue: "left",
      legend: LEGEND,
      tooltip: TOOLTIP,
    },
    custom: { lineWidth: 0, fillOpacity: 80 },
  },
} as const;

const UNJUDGED: readonly Step[] = [{ from: null, colour: "blue" }];

const mapping = (meanings: readonly Meaning[]): object => ({
  type: "value",
  options: Object.fromEntries(
    meanings.map(({ value, text, colour }, index) => [value, { text, color: colour, index }]),
  ),
});

function fieldDefaults(panel: Panel, custom: object): object {
  const { unit, steps, meanings, maximum, none, type } = panel;
  const lines = type === "timeseries" && steps ? { thresholdsStyle: { mode: "dashed" } } : {};
  return {
    unit,
    min: 0,
    ...(maximum === undefined ? {} : { max: maximum }),
    ...(none === undefined ? {} : { noValue: none }),
    color: { mode: type === "timeseries" ? "palette-classic" : "thresholds" },
    mappings: meanings ? [mapping(meanings)] : [],
    thresholds: {
      mode: "absolute",
      steps: (steps ?? UNJUDGED).map(({ from, colour }) => ({ value: from, color: colour })),
    },
    custom: { ...custom, ...lines },
  };
}

function panelJson(panel: Panel, id: number, gridPos: object): object {
  const { plugin, options, custom } = DRAWN[panel.type];
  return {
    id,
    type: plugin,
    title: panel.title,
    description: panel.description,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: { defaults: fieldDefaults(panel, custom), overrides: [] },
    options,
    targets: panel.targets.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: `${legend} · {{instance}}`,
      range: true,
    })),
  };
}

/** Rows of 24 columns, each wrapped where it is full. */
function panelsJson(rows: readonly Row[]): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const { title, rows: h, panels: inRow } of rows) {
    const gridPos = { h: 1, w: 24, x: 0, y: y++ };
    panels.push({ id: panels.length + 1, type: "row", title, collapsed: false, gridPos, panels: [] });
    let x = 0;
    for (const panel of inRow) {
      const w = panel.columns;
      if (x + w > 24) {
        x = 0;
        y += h;
      }
      panels.push(panelJson(panel, panels.length + 1, { h, w, x, y }));
      x += w;
    }
    y += h;
  }
  return panels;
}

/** A variable of what there is of one label. Its whole is `.*`: a query without series stays one. */
function variable(name: "instance" | "source", label: string, metric: string): object {
  return {
    type: "query",
    name,
    label,
    datasource: DATASOURCE,
    query: `label_values(${metric}, ${name})`,
    multi: true,
    includeAll: true,
    allValue: ".*",
    current: { text: "All", value: "$__all" },
    refresh: 2,
    sort: 1,
  };
}

/** What `dashboards/grafana/UID.json` says, as data. */
export function dashboardJson({ uid, title, description, rows }: Dashboard): object {
  return {
    uid,
    title: `springhouse: ${title}`,
    description,
    schemaVersion: SCHEMA_VERSION,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "10s",
    time: { from: "now-1h", to: "now" },
    timezone: "browser",
    tags: ["springhouse"],
    annotations: { list: [] },
    links: [
      {
        type: "dashboards",
        title: "springhouse",
        tags: ["springhouse"],
        icon: "external link",
        tooltip: "The other dashboards of springhouse, of the same instances, sources and time",
        asDropdown: false,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
      },
    ],
    templating: {
      list: [
        { type: "datasource", name: "datasource", label: "Data source", query: "prometheus" },
        variable("instance", "Instance", series("ready")),
        variable("source", "Source", series("source_state", { instance: "=~$instance" })),
      ],
    },
    panels: panelsJson(rows),
  };
}
