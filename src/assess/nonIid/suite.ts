import type { Suite } from "../suite.ts";
import { nonIidCampaign, runNonIidTask, type NonIidTask } from "./campaign.ts";
import { nonIidFindings } from "./findings.ts";
import type { AnyEstimate, NonIid } from "./nonIid.ts";

export const nonIidSuite: Suite<NonIidTask, readonly AnyEstimate[], NonIid> = {
  name: "sp800-90b-non-iid",
  // The interval of the first estimator divides by L - 1.
  fault: ({ symbols }) =>
    symbols.length < 2 ? "a single sample has no estimate: at least 2 are needed" : null,
  campaign: nonIidCampaign,
  run: runNonIidTask,
  findings: nonIidFindings,
};
