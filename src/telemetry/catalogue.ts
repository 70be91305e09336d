import { CLIENTS } from "./catalogue/clients.ts";
import { CUSTODY } from "./catalogue/custody.ts";
import { DRBG } from "./catalogue/drbg.ts";
import { DRILLS } from "./catalogue/drills.ts";
import type { CatalogueEntry } from "./catalogue/entry.ts";
import { HEALTH } from "./catalogue/health.ts";
import { KEYS } from "./catalogue/keys.ts";
import { LIVE } from "./catalogue/live.ts";
import { LOG } from "./catalogue/log.ts";
import { REQUESTS } from "./catalogue/requests.ts";
import { SERVICE } from "./catalogue/service.ts";
import { SOURCES } from "./catalogue/sources.ts";

/*
 * Counters with labels are told from 0 on, for every value the labels can have: Prometheus' increase()
 * does not see the step of a series that begins at 1, and the first alarm is the one that matters.
 */

/**
 * Every metric but the duration histogram. The documentation (docs/metrics.md), the dashboards and the
 * rules are generated from this table by the names and labels that are its type, so that none of them
 * can ask for what is not exported; a test sees each entry change.
 */
const TABLE = [
  ...SERVICE,
  ...SOURCES,
  ...HEALTH,
  ...DRILLS,
  ...LIVE,
  ...DRBG,
  ...KEYS,
  ...CUSTODY,
  ...LOG,
  ...REQUESTS,
  ...CLIENTS,
] as const satisfies readonly CatalogueEntry[];

export const CATALOGUE: readonly CatalogueEntry[] = TABLE;

/** Names without the prefix, and the labels of each. */
export type MetricLabels = {
  [Entry in (typeof TABLE)[number] as Entry["name"]]: Entry["labels"][number];
};
