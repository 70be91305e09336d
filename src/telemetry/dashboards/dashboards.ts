import { CLIENTS } from "./clients.ts";
import { DRBG } from "./drbg.ts";
import { OVERVIEW } from "./overview.ts";
import type { Dashboard } from "./panel.ts";
import { SOURCES } from "./sources.ts";

/** In the order in which an operator asks. */
export const DASHBOARDS: readonly Dashboard[] = [OVERVIEW, SOURCES, DRBG, CLIENTS];
