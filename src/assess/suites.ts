import { nonIidCampaign, runNonIidTask, type NonIidTask } from "./nonIid/campaign.ts";
import { nonIidFindings } from "./nonIid/findings.ts";
import type { AnyEstimate, NonIid } from "./nonIid/nonIid.ts";
import type { Suite, SuiteChoices, SuiteParameters } from "./suite.ts";
import { stsFindings } from "./sts/findings.ts";
import { runStsTask, stsCampaign, type StsPart, type StsTask } from "./sts/stsCampaign.ts";
import type { Sts } from "./sts/summary.ts";

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

const sts: Suite<StsTask, StsPart, Sts> = {
  title: "SP 800-22 r1a",
  purpose:
    "Fifteen statistical tests, a sanity check of outputs. No evidence of entropy: a pseudorandom generator with a known seed passes.",
  usesChance: false,
  fault: ({ symbols, bitsPerSymbol }) =>
    symbols.length * bitsPerSymbol < 100
      ? "fewer than 100 bits are there, which is too few for any test of SP 800-22"
      : null,
  campaign: (samples, { constants }) =>
    stsCampaign(samples, {
      // What is too short for some tests is still looked at by those that it is long enough for.
      bitsPerStream: Math.min(1_000_000, samples.symbols.length * samples.bitsPerSymbol),
      constants: constants ?? "text",
    }),
  run: runStsTask,
  findings: stsFindings,
};

/** By the name that stands in reports and requests. */
export const SUITES = {
  "sp800-90b-non-iid": nonIid,
  "sp800-22": sts,
};

export type SuiteName = keyof typeof SUITES;

export const SUITE_NAMES = Object.keys(SUITES) as readonly SuiteName[];

/** A suite whose tasks, parts and results are not looked into. */
export function suiteOf(name: SuiteName): Suite<unknown, unknown, unknown> {
  return SUITES[name];
}

/** What whoever asks chose, and what it takes besides. @param newSeed 64 hexadecimal digits */
export function parametersOf(
  name: SuiteName,
  { claimedEntropy = null, seed, constants }: SuiteChoices,
  newSeed: () => string,
): SuiteParameters {
  return {
    claimedEntropy,
    seed: suiteOf(name).usesChance ? (seed ?? newSeed()) : null,
    constants: name === "sp800-22" ? (constants ?? "text") : null,
  };
}
