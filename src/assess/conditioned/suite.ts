import { conditionedWarnings } from "../collection.ts";
import type { AnyEstimate } from "../nonIid/nonIid.ts";
import type { Suite } from "../suite.ts";
import { conditioningFault } from "./component.ts";
import {
  conditionedCampaign,
  runConditionedTask,
  type Conditioned,
  type ConditionedTask,
} from "./conditioned.ts";
import { conditionedFindings } from "./findings.ts";

export const conditionedSuite: Suite<ConditionedTask, readonly AnyEstimate[], Conditioned> = {
  name: "sp800-90b-conditioned",
  fault(_samples, { claimedEntropy, conditioning }) {
    if (claimedEntropy !== null)
      return "a claim for raw samples (--h) says nothing of conditioned data: leave it out";
    return conditioning && conditioningFault(conditioning);
  },
  collectionWarnings: conditionedWarnings,
  campaign: (samples, { conditioning }) => conditionedCampaign(samples, conditioning),
  run: runConditionedTask,
  findings: conditionedFindings,
};
