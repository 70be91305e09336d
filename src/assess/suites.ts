import { nonIidCampaign, runNonIidTask, type NonIidTask } from "./nonIid/campaign.ts";
import { nonIidFindings } from "./nonIid/findings.ts";
import type { AnyEstimate, NonIid } from "./nonIid/nonIid.ts";
import type { Suite } from "./suite.ts";

const nonIid: Suite<NonIidTask, readonly AnyEstimate[], NonIid> = {
  title: "SP 800-90B, non-IID track",
  purpose:
    "Ten estimators of SP 800-90B 6.3; the least figure is what these samples support. Nothing is assumed of the source, so the figure is conservative.",
  usesChance: false,
  fault: () => null,
  campaign: nonIidCampaign,
  run: runNonIidTask,
  findings: nonIidFindings,
};

/** By the name that stands in reports and requests. */
export const SUITES = {
  "sp800-90b-non-iid": nonIid,
};

export type SuiteName = keyof typeof SUITES;

export const SUITE_NAMES = Object.keys(SUITES) as readonly SuiteName[];

/** A suite whose tasks, parts and results are not looked into. */
export function suiteOf(name: SuiteName): Suite<unknown, unknown, unknown> {
  return SUITES[name];
}
