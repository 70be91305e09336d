import { CATALOGUE, type MetricLabels } from "./catalogue.ts";
import { PREFIX } from "./exposition.ts";

/*
 * PromQL over the catalogue: a name or a label that is not exported does not compile. What is said
 * around a series (rate, sum by, comparisons) is PromQL as it stands; Prometheus parses it in the tests.
 */

interface Known extends MetricLabels {
  readonly request_duration_seconds_bucket: "door" | "le";
  readonly request_duration_seconds_sum: "door";
  readonly request_duration_seconds_count: "door";
}
type Metric = keyof Known;

/** A scrape adds `job` and `instance`, and renames a label of ours that is called `instance`. */
type Scraped<Label> = (Label extends "instance" ? "exported_instance" : Label) | "instance" | "job";

/** An operator of PromQL and a value: `=healthy`, `!=fresh`, `=~a|b`. */
type Matcher = `${"=" | "!=" | "=~" | "!~"}${string}`;
type Matchers<Name extends Metric> = { readonly [Label in Scraped<Known[Name]>]?: Matcher };

const LABELS: ReadonlyMap<string, readonly string[]> = new Map([
  ...CATALOGUE.map(({ name, labels }) => [name, labels] as const),
  ...["bucket", "sum", "count"].map(
    (part) => [`request_duration_seconds_${part}`, ["door"]] as const,
  ),
]);

function selector(name: string, matchers: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(matchers).flatMap(([label, matcher]) => {
    const [, operator, value] = /^(=~|!~|!=|=)(.*)$/s.exec(matcher ?? "") ?? [];
    return operator === undefined ? [] : [`${label}${operator}${JSON.stringify(value)}`];
  });
  return parts.length === 0 ? PREFIX + name : `${PREFIX}${name}{${parts.join(",")}}`;
}

/** A series of the catalogue, of every instance. */
export function series<Name extends Metric>(name: Name, matchers: Matchers<Name> = {}): string {
  return selector(name, matchers);
}

/** The same, of what a dashboard's variables have chosen. */
export function chosen<Name extends Metric>(name: Name, matchers: Matchers<Name> = {}): string {
  const variables = {
    instance: "=~$instance",
    ...(LABELS.get(name)?.includes("source") ? { source: "=~$source" } : {}),
  };
  return selector(name, { ...variables, ...matchers });
}

/** What a counter of the chosen gains a second, over as short a time as the resolution allows. */
export function rate<Name extends Metric>(name: Name, matchers: Matchers<Name> = {}): string {
  return `rate(${chosen(name, matchers)}[$__rate_interval])`;
}
