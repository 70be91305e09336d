import type { Suite } from "../suite.ts";
import { iidCampaign, runIidTask, type IidPart, type IidTask } from "./campaign.ts";
import { iidFindings } from "./findings.ts";
import { iidFault, type Iid } from "./iid.ts";

export const iidSuite: Suite<IidTask, IidPart, Iid> = {
  name: "sp800-90b-iid",
  fault: iidFault,
  campaign(_samples, { seed }) {
    if (seed === null) throw new Error("the IID track needs a seed");
    return iidCampaign(seed);
  },
  run: runIidTask,
  findings: iidFindings,
};
