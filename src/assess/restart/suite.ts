import { restartWarnings } from "../collection.ts";
import type { AnyEstimate } from "../nonIid/nonIid.ts";
import { whole } from "../report/text.ts";
import type { Suite } from "../suite.ts";
import { restartFindings } from "./findings.ts";
import {
  MATRIX_SAMPLES,
  restartCampaign,
  runRestartTask,
  type Restart,
  type RestartTask,
} from "./restart.ts";
import { SAMPLES_PER_RESTART } from "./sanity.ts";

export const restartSuite: Suite<RestartTask, readonly AnyEstimate[], Restart> = {
  name: "sp800-90b-restart",
  fault({ symbols }, { claimedEntropy }, manifest) {
    if (claimedEntropy === null)
      return "the restart tests need the initial estimate H_I: give it as the claim (--h)";
    if (symbols.length !== MATRIX_SAMPLES)
      return `a restart matrix has exactly 1,000 x 1,000 samples, and these are ${whole(symbols.length)}: collect one with \`springhouse capture --restart\``;
    const row = manifest?.samplesPerRestart ?? SAMPLES_PER_RESTART;
    return row === SAMPLES_PER_RESTART
      ? null
      : `the manifest says ${row} samples after each restart, and SP 800-90B 3.1.4 asks for 1,000: collect it anew`;
  },
  collectionWarnings: restartWarnings,
  campaign: (samples, { claimedEntropy }) => restartCampaign(samples, claimedEntropy!),
  run: runRestartTask,
  findings: restartFindings,
};
