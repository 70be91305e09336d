import { CATALOGUE } from "../../../src/telemetry/catalogue.ts";

const HISTOGRAM = "springhouse_request_duration_seconds";

/** Labels of each name that a query may use. */
const LABELS = new Map<string, readonly string[]>([
  ...CATALOGUE.map(({ name, labels }) => [`springhouse_${name}`, labels] as const),
  [`${HISTOGRAM}_bucket`, ["door", "le"]],
  [`${HISTOGRAM}_sum`, ["door"]],
  [`${HISTOGRAM}_count`, ["door"]],
]);

export const isExported = (name: string): boolean => LABELS.has(name);

/**
 * What a series of that name carries in Prometheus: a scrape adds `job` and `instance`, and a label
 * of ours that is called `instance` becomes `exported_instance`.
 */
export function scraped(name: string): readonly string[] {
  const labels = LABELS.get(name) ?? [];
  return [
    "job",
    "instance",
    ...labels.map((label) => (label === "instance" ? "exported_instance" : label)),
  ];
}

export interface Mention {
  readonly name: string;
  /** Those in its braces. */
  readonly labels: readonly string[];
}

/** Series of ours in PromQL; recorded ones, which have colons, are not among them. */
export function mentions(expression: string): Mention[] {
  return [...expression.matchAll(/(?<![a-z:_])(springhouse_[a-z_]+)(?:\{([^}]*)\})?/g)].map(
    (match) => ({
      name: match[1]!,
      labels: [...(match[2] ?? "").matchAll(/([a-z_]+)\s*(?:=|!=|=~|!~)"/g)].map(
        (label) => label[1]!,
      ),
    }),
  );
}

/** Labels that an aggregation or a match names. */
export const grouped = (expression: string): string[] =>
  [...expression.matchAll(/\b(?:by|without|on)\s*\(([^)]*)\)/g)].flatMap((match) =>
    match[1]!.split(",").map((label) => label.trim()),
  );

/** What is wrong with the names and labels of a query; empty when nothing is. */
export function unknown(expression: string, shown: readonly string[]): string[] {
  const named = mentions(expression);
  const any = new Set([
    "job",
    "instance",
    "alertname",
    "source",
    ...named.flatMap(({ name }) => scraped(name)),
  ]);
  return [
    ...named.filter(({ name }) => !isExported(name)).map(({ name }) => name),
    ...named.flatMap(({ name, labels }) =>
      labels.filter((label) => !scraped(name).includes(label)).map((label) => `${name}: ${label}`),
    ),
    ...[...grouped(expression), ...shown].filter((label) => !any.has(label)),
  ];
}
