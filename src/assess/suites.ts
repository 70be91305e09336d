import { nonIidCampaign, runNonIidTask, type NonIidTask } from "./nonIid/campaign.ts";
import { nonIidFindings } from "./nonIid/findings.ts";
import type { AnyEstimate, NonIid } from "./nonIid/nonIid.ts";
import type { Suite, SuiteChoices, SuiteParameters } from "./suite.ts";
import {
  ais31Campaign,
  runAis31Task,
  type Ais31Part,
  type Ais31Result,
  type Ais31Task,
} from "./ais31/ais31.ts";
import {
  ais31v3Campaign,
  runAis31v3Task,
  type Ais31v3Part,
  type Ais31v3Result,
  type Ais31v3Task,
} from "./ais31/ais31v3.ts";
import { ais31Findings, ais31v3Findings } from "./ais31/findings.ts";
import { fips140Findings } from "./fips140/findings.ts";
import {
  fips140Campaign,
  runFips140Task,
  type Fips140Part,
  type Fips140Result,
  type Fips140Task,
} from "./fips140/fips140.ts";
import { stsFindings } from "./sts/findings.ts";
import { runStsTask, stsCampaign, type StsPart, type StsTask } from "./sts/stsCampaign.ts";
import type { Sts } from "./sts/summary.ts";

const nonIid: Suite<NonIidTask, readonly AnyEstimate[], NonIid> = {
  title: "SP 800-90B, non-IID track",
  purpose:
    "Ten estimators of SP 800-90B 6.3; the least figure is what these samples support. Nothing is assumed of the source, so the figure is conservative.",
  usesChance: false,
  // The interval of the first estimator divides by L - 1.
  fault: ({ symbols }) =>
    symbols.length < 2 ? "a single sample has no estimate: at least 2 are needed" : null,
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

const fips140: Suite<Fips140Task, Fips140Part, Fips140Result> = {
  title: "FIPS 140-2 block tests",
  purpose:
    "Monobit, poker, runs and long run on blocks of 20,000 bits, a sanity check of gross defects. No evidence of entropy.",
  usesChance: false,
  fault: () => null,
  campaign: (samples) => fips140Campaign(samples),
  run: runFips140Task,
  findings: fips140Findings,
};

const ais31: Suite<Ais31Task, Ais31Part, Ais31Result> = {
  title: "AIS 31, T0 to T8",
  purpose:
    "Procedures A (T0 to T5) and B (T6 to T8) with their repeat rule, a sanity check. No evidence of entropy.",
  usesChance: false,
  fault: () => null,
  campaign: (samples) => ais31Campaign(samples),
  run: runAis31Task,
  findings: ais31Findings,
};

const ais31v3: Suite<Ais31v3Task, Ais31v3Part, Ais31v3Result> = {
  title: "AIS 20/31 version 3, black-box tests",
  purpose: "T1 to T4 of version 3's black-box suite, a sanity check. No evidence of entropy.",
  usesChance: false,
  fault: () => null,
  campaign: (samples) => ais31v3Campaign(samples),
  run: runAis31v3Task,
  findings: ais31v3Findings,
};

/** By the name that stands in reports and requests. */
export const SUITES = {
  "sp800-90b-non-iid": nonIid,
  "sp800-22": sts,
  "fips140-2": fips140,
  ais31,
  "ais20-31-v3": ais31v3,
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
