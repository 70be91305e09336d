import { readFileSync } from "node:fs";
import type { TSchema } from "typebox";
import { stringify } from "yaml";
import { readResults } from "../bench/results.ts";
import { CONFIGURATION } from "../src/config/schema.ts";
import { SOURCE_SCHEMAS } from "../src/config/sourceSchemas.ts";
import { sha256Module } from "../src/kernel/wasm/sha256Module.ts";
import { ERRORS } from "../src/port/errors.ts";
import { EVENT_KINDS } from "../src/port/event.ts";
import { LOG_KINDS } from "../src/port/log.ts";
import { CATALOGUE } from "../src/telemetry/catalogue.ts";
import { DASHBOARDS } from "../src/telemetry/dashboards/dashboards.ts";
import { dashboardJson } from "../src/telemetry/dashboards/json.ts";
import { DURATION, PREFIX } from "../src/telemetry/exposition.ts";
import { ruleFile, ruleTests } from "../src/telemetry/rules/files.ts";
import { benchmarksDocument, headlines } from "./benchmarksDocument.ts";
import { allowed, NOTE, replaceSection, table, type Documented } from "./markdown.ts";
import { packagingFiles } from "./packaging.ts";
import { routesDocument } from "./routesDocument.ts";
import { runbookDocument } from "./runbook.ts";

function errorsDocument(): string {
  const rows = Object.entries(ERRORS).map(([code, entry]) => [
    `\`${code}\``,
    entry.status === null ? "" : String(entry.status),
    entry.meaning,
    entry.remedy,
  ]);
  return `# Errors\n\n${NOTE}Over HTTP an error is \`application/problem+json\` (RFC 9457) with \`code\`, \`detail\`, \`remedy\` and, for a refusal, \`unmet\`. Codes without a status appear in status, \`doctor\` and the log.\n\n${table(["code", "status", "meaning", "remedy"], rows)}`;
}

function logDocument(): string {
  const text =
    "One JSON object a line on stderr, with the names of `GET /v1/events`: `severity` (`debug`, `info`, `warning`, `critical`), `atMilliseconds`, `kind`, `source`, `actor`, `reason`, `data`, and `detail` in words. An error stands under `error`, as its name, code and frames. Never a token, key material, a passphrase, a served byte, a salt or a sample.\n\nEvents are kept in the database too, and stand in the log under their own kinds (reseeds at level debug only): ";
  const events = EVENT_KINDS.map((kind) => `\`${kind}\``).join(", ");
  const rows = Object.entries(LOG_KINDS).map(([kind, meaning]) => [`\`${kind}\``, meaning]);
  return `# The log\n\n${NOTE}${text}${events}.\n\nBesides:\n\n${table(["kind", "meaning"], rows)}`;
}

function metricsDocument(): string {
  const rows = [
    ...CATALOGUE.map((entry) => [
      `\`${PREFIX}${entry.name}\``,
      entry.type,
      entry.labels.join(", "),
      entry.help,
    ]),
    [`\`${DURATION.name}\``, "histogram", "door", DURATION.help],
  ];
  const text =
    "Counters with labels begin at 0, but `requests_total` when a code is first answered. A scrape by Prometheus adds its own label `instance`, and shows the one of the `drbg_` metrics as `exported_instance`, unless `honor_labels` is set.\n\n";
  return `# Metrics\n\n${NOTE}${text}${table(["name", "type", "labels", "meaning"], rows)}`;
}

function fieldRows(schema: TSchema, prefix: string): string[][] {
  return Object.entries((schema as Documented).properties ?? {}).flatMap(([name, field]) => {
    const path = prefix ? `${prefix}.${name}` : name;
    const own = [
      `\`${path}\``,
      field.properties ? "" : allowed(field),
      field.properties || field.default === undefined ? "" : `\`${JSON.stringify(field.default)}\``,
      field.description ?? "",
    ];
    const inner = field.items ? fieldRows(field.items, `${path}[]`) : [];
    return [own, ...fieldRows(field, path), ...inner];
  });
}

function configurationDocument(): string {
  const head = ["field", "allowed", "default", "why"];
  const kinds = Object.entries(SOURCE_SCHEMAS);
  const [, first] = kinds[0]!;
  const common = new Set(
    Object.keys((first as Documented).properties!).filter((name) =>
      kinds.every(([, schema]) => name in (schema as Documented).properties!),
    ),
  );
  const only = (schema: TSchema, names: (name: string) => boolean): TSchema => ({
    properties: Object.fromEntries(
      Object.entries((schema as Documented).properties!).filter(([name]) => names(name)),
    ),
  });
  const sources = kinds.map(([kind, schema]) => {
    const rows = fieldRows(
      only(schema, (name) => !common.has(name)),
      "",
    );
    const text = `### \`kind: ${kind}\`\n\n${(schema as Documented).description}\n`;
    return rows.length > 0 ? `${text}\n${table(head, rows)}` : text;
  });
  return [
    `# Configuration\n\n${NOTE}A YAML file for \`springhouse serve --config FILE\`. It is checked whole before anything opens; every fault is named in one go. Without a file the defaults below hold.\n`,
    table(head, fieldRows(CONFIGURATION, "")),
    "## Every source\n",
    table(
      head,
      fieldRows(
        only(first, (name) => common.has(name) && name !== "kind"),
        "",
      ),
    ),
    ...sources,
  ].join("\n");
}

/** SHA-256 compression in WebAssembly, as `src/kernel/wasm/` writes it. */
function sha256Wasm(): string {
  const text = Buffer.from(sha256Module()).toString("base64");
  return `/** Generated by \`npm run generate\` from wasm/sha256Module.ts; do not edit. */\nexport const SHA256_WASM =\n  "${text}";\n`;
}

function readme(): string {
  const text = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  return replaceSection(text, "benchmarks", headlines(readResults()));
}

/** Every generated file: path from the root, and text. */
export async function generated(): Promise<readonly (readonly [string, string])[]> {
  return [
    ...packagingFiles(),
    ["src/kernel/sha256Wasm.ts", sha256Wasm()],
    ["docs/errors.md", errorsDocument()],
    ["docs/metrics.md", metricsDocument()],
    ["docs/log.md", logDocument()],
    ["docs/configuration.md", configurationDocument()],
    ["docs/routes.md", await routesDocument()],
    ["docs/benchmarks.md", benchmarksDocument(readResults())],
    ["README.md", readme()],
    ...DASHBOARDS.map((dashboard): readonly [string, string] => [
      `dashboards/grafana/${dashboard.uid}.json`,
      `${JSON.stringify(dashboardJson(dashboard), null, 2)}\n`,
    ]),
    ["dashboards/runbook.md", runbookDocument()],
    ["dashboards/rules.yml", stringify(ruleFile(), { lineWidth: 0 })],
    ["dashboards/rules.test.yml", stringify(ruleTests(), { lineWidth: 0 })],
  ];
}
