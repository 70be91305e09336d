import { readFileSync } from "node:fs";
import type { TSchema } from "typebox";
import { stringify } from "yaml";
import { CONFIGURATION } from "../src/config/schema.ts";
import { SOURCE_SCHEMAS } from "../src/config/sourceSchemas.ts";
import { ERRORS } from "../src/port/errors.ts";
import { CATALOGUE } from "../src/telemetry/catalogue.ts";
import { dashboard } from "../src/telemetry/dashboard.ts";
import { DURATION, PREFIX } from "../src/telemetry/exposition.ts";
import { ruleFile, ruleTests } from "../src/telemetry/rules.ts";
import { commandTree } from "./commandTree.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "./completions.ts";
import { manPage } from "./manPage.ts";
import { allowed, NOTE, table, type Documented } from "./markdown.ts";
import { routesDocument } from "./routesDocument.ts";
import { udevRules } from "./udevRules.ts";

function errorsDocument(): string {
  const rows = Object.entries(ERRORS).map(([code, entry]) => [
    `\`${code}\``,
    entry.status === null ? "" : String(entry.status),
    entry.meaning,
    entry.remedy,
  ]);
  return `# Errors\n\n${NOTE}Over HTTP an error is \`application/problem+json\` (RFC 9457) with \`code\`, \`detail\`, \`remedy\` and, for a refusal, \`unmet\`. Codes without a status appear in status, \`doctor\` and the log.\n\n${table(["code", "status", "meaning", "remedy"], rows)}`;
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

/** Every generated file: path from the root, and text. */
export async function generated(): Promise<readonly (readonly [string, string])[]> {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const commands = commandTree(version);
  return [
    ["packaging/generated/springhouse.1", manPage(commands, version)],
    ["packaging/generated/bash/springhouse", bashCompletion(commands)],
    ["packaging/generated/zsh/_springhouse", zshCompletion(commands)],
    ["packaging/generated/fish/springhouse.fish", fishCompletion(commands)],
    ["packaging/generated/springhouse.udev", udevRules()],
    ["docs/errors.md", errorsDocument()],
    ["docs/metrics.md", metricsDocument()],
    ["docs/configuration.md", configurationDocument()],
    ["docs/routes.md", await routesDocument()],
    ["dashboards/springhouse.json", `${JSON.stringify(dashboard(), null, 2)}\n`],
    ["dashboards/rules.yml", stringify(ruleFile(), { lineWidth: 0 })],
    ["dashboards/rules.test.yml", stringify(ruleTests(), { lineWidth: 0 })],
  ];
}
