import type { ClientUse } from "../../port/principal.ts";
import type { CatalogueEntry } from "./entry.ts";

/** No principal's id: those have a prefix and a hyphen or a colon. */
const nameOf = ({ client }: ClientUse): string => client ?? "others";

function perClient(value: (use: ClientUse) => number | null): CatalogueEntry["read"] {
  return (_snapshot, _tally, clients) =>
    clients.flatMap((use) => {
      const number = value(use);
      return number === null ? [] : [[[nameOf(use)], number] as const];
    });
}

/** Who asks, as the quotas count it. */
export const CLIENTS = [
  {
    name: "client_requests_total",
    type: "counter",
    help: "Requests that were admitted, those of a batch each, by the client's id. Clients beyond the first hundred are told as one, called others.",
    labels: ["client"],
    read: perClient(({ requests }) => requests),
  },
  {
    name: "client_charged_bytes_total",
    type: "counter",
    help: "Random bytes charged to the client's quota, also where the answer was then a refusal.",
    labels: ["client"],
    read: perClient(({ bytes }) => bytes),
  },
  {
    name: "client_quota_refusals_total",
    type: "counter",
    help: "Requests refused with over_quota, by the quota that was used up.",
    labels: ["client", "quota"],
    read: (_snapshot, _tally, clients) =>
      clients.flatMap((use) => [
        [[nameOf(use), "requests"], use.refusedRequests] as const,
        [[nameOf(use), "bytes"], use.refusedBytes] as const,
      ]),
  },
  {
    name: "client_quota_requests_per_second",
    type: "gauge",
    help: "Requests a second that the client may make; missing where there is no limit.",
    labels: ["client"],
    read: perClient(({ quota }) => quota?.requestsPerSecond ?? null),
  },
  {
    name: "client_quota_bytes_per_second",
    type: "gauge",
    help: "Random bytes a second that the client may draw; missing where there is no limit.",
    labels: ["client"],
    read: perClient(({ quota }) => quota?.bytesPerSecond ?? null),
  },
] as const satisfies readonly CatalogueEntry[];
