import { chosen, rate } from "../query.ts";
import { rising, type Dashboard, type Panel, type Row } from "./panel.ts";

/** What is answered or refused; all of it is a client's doing but for these, which are ours. */
export const OURS = "unmet|pool_exhausted|not_ready|store_failed|self_test_failed|busy|internal";

/** Also on the overview. */
export const REQUESTS: Panel = {
  title: "Requests by door and answer",
  description:
    "HTTP status; 101 is a WebSocket that ended. 4xx are clients' faults, 503 is ours: see the refusals.",
  type: "timeseries",
  unit: "reqps",
  columns: 12,
  targets: [{ expr: rate("requests_total"), legend: "{{door}} {{code}}" }],
};

export const REFUSALS: Panel = {
  title: "Refusals by cause",
  description:
    "pool_exhausted: demand outruns the noise; unmet: a requirement or the quorum is not met (Sources); over_quota: see the quotas on Clients; unauthenticated, forbidden: a token is wrong or has the wrong role. docs/errors.md has the remedy of each.",
  type: "timeseries",
  unit: "reqps",
  columns: 12,
  none: "none",
  targets: [{ expr: `${rate("refusals_total")} > 0`, legend: "{{reason}}" }],
};

const quantile = (q: number): string =>
  `histogram_quantile(${q}, sum by (instance, door, le) (${rate("request_duration_seconds_bucket")}))`;

export const LATENCY: Panel = {
  title: "Time to answer",
  description:
    "From a request's head to its answer's end: half of them, and 99 of 100, are faster. Streams last as long as their client wants. http above 0.25 s: requests wait for seeds (DRBG), or the machine is too busy.",
  type: "timeseries",
  unit: "s",
  columns: 12,
  targets: [
    { expr: quantile(0.5), legend: "{{door}} median" },
    { expr: quantile(0.99), legend: "{{door}} 99 %" },
  ],
};

/** A service shows a hundred clients; a picture of ten can be read. */
const top = (expr: string): string => `topk by (instance) (10, ${expr})`;

const RATES: Row = {
  title: "Who asks for how much?",
  rows: 8,
  panels: [
    {
      title: "Requests by client, the ten that ask most",
      description:
        "By the token's or certificate's id; `springhouse token list` has the names. Clients beyond the first hundred since the start are one, called others.",
      type: "timeseries",
      unit: "reqps",
      columns: 12,
      targets: [{ expr: top(rate("client_requests_total")), legend: "{{client}}" }],
    },
    {
      title: "Random bytes by client, the ten that draw most",
      description:
        "As charged to their quotas. A client that takes most of it should have a quota of its own, or a stream.",
      type: "timeseries",
      unit: "Bps",
      columns: 12,
      targets: [{ expr: top(rate("client_charged_bytes_total")), legend: "{{client}}" }],
    },
    { ...REQUESTS, columns: 8 },
    {
      title: "Random bytes by door",
      description: "keys: bytes that were drawn for keys.",
      type: "timeseries",
      unit: "Bps",
      columns: 8,
      targets: [{ expr: rate("output_bytes_total"), legend: "{{door}}" }],
    },
    { ...LATENCY, columns: 8 },
  ],
};

const quotaUse = (
  what: "client_requests_total" | "client_charged_bytes_total",
  quota: "client_quota_requests_per_second" | "client_quota_bytes_per_second",
): string => top(`${rate(what)} / on (instance, job, client) ${chosen(quota)}`);

const QUOTAS: Row = {
  title: "Who comes near its quota?",
  rows: 8,
  panels: [
    {
      title: "Requests, of the quota",
      description:
        "At 100 % the client is refused with over_quota. Sound clients that stay near it need a larger quota (`springhouse token create`, or quota in the configuration).",
      type: "timeseries",
      unit: "percentunit",
      columns: 8,
      steps: rising(0.8, 1),
      none: "no quota",
      targets: [
        {
          expr: quotaUse("client_requests_total", "client_quota_requests_per_second"),
          legend: "{{client}}",
        },
      ],
    },
    {
      title: "Random bytes, of the quota",
      description:
        "A single answer may be larger than a second's worth, so it can go beyond 100 % for a while; streams are paced to it.",
      type: "timeseries",
      unit: "percentunit",
      columns: 8,
      steps: rising(0.8, 1),
      none: "no quota",
      targets: [
        {
          expr: quotaUse("client_charged_bytes_total", "client_quota_bytes_per_second"),
          legend: "{{client}}",
        },
      ],
    },
    {
      title: "Refused by the quota",
      description:
        "Requests in 10 minutes that were refused with over_quota, by the quota that was used up. A client that does not wait as Retry-After says is refused again and again.",
      type: "timeseries",
      unit: "short",
      columns: 8,
      none: "none",
      targets: [
        {
          expr: `increase(${chosen("client_quota_refusals_total")}[10m]) > 0`,
          legend: "{{client}} {{quota}}",
        },
      ],
    },
  ],
};

const refused = (reason: "=" | "!="): string =>
  `sum by (instance) (${rate("refusals_total", { reason: `${reason}~${OURS}` as `=~${string}` })})`;

const REFUSED: Row = {
  title: "Who is refused, and why?",
  rows: 8,
  panels: [
    REFUSALS,
    {
      title: "Refusals, ours and the clients'",
      description:
        "Ours: there was no noise, no seed or no disk; `springhouse doctor` says what to do. The clients': a wrong token, parameter or quota.",
      type: "timeseries",
      unit: "reqps",
      columns: 12,
      targets: [
        { expr: refused("="), legend: "ours" },
        { expr: refused("!="), legend: "clients'" },
      ],
    },
  ],
};

export const CLIENTS: Dashboard = {
  uid: "springhouse-clients",
  title: "Clients",
  description: "Who asks for random bytes and keys, what they get, and why some are refused.",
  rows: [RATES, QUOTAS, REFUSED],
};
