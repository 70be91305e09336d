import { conditionedWarnings, restartWarnings } from "./collection.ts";
import {
  conditionedCampaign,
  conditioningFault,
  runConditionedTask,
  type Conditioned,
  type ConditionedTask,
} from "./conditioned/conditioned.ts";
import { conditionedFindings } from "./conditioned/findings.ts";
import { nonIidCampaign, runNonIidTask, type NonIidTask } from "./nonIid/campaign.ts";
import { nonIidFindings } from "./nonIid/findings.ts";
import type { AnyEstimate, NonIid } from "./nonIid/nonIid.ts";
import { restartFindings } from "./restart/findings.ts";
import {
  MATRIX_SAMPLES,
  restartCampaign,
  runRestartTask,
  type Restart,
  type RestartTask,
} from "./restart/restart.ts";
import { SAMPLES_PER_RESTART } from "./restart/sanity.ts";
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
import { iidCampaign, runIidTask, type IidPart, type IidTask } from "./iid/campaign.ts";
import { iidFindings } from "./iid/findings.ts";
import { iidFault, type Iid } from "./iid/iid.ts";
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

const restart: Suite<RestartTask, readonly AnyEstimate[], Restart> = {
  title: "SP 800-90B, restart tests",
  purpose:
    "Whether a source gives after each restart what it was assessed for (SP 800-90B 3.1.4): 1,000 samples after each of 1,000 restarts, row by row and column by column, held against the initial estimate H_I.",
  usesChance: false,
  notLive:
    "Samples of a running source are no restart matrix. Collect one with `springhouse capture --restart` and send it.",
  fault({ symbols }, { claimedEntropy }, manifest) {
    if (claimedEntropy === null)
      return "the restart tests need the initial estimate H_I: give it as the claim (--h)";
    if (symbols.length !== MATRIX_SAMPLES)
      return `a restart matrix has exactly 1,000 x 1,000 samples, and these are ${symbols.length.toLocaleString("en-US")}: collect one with \`springhouse capture --restart\``;
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

const conditioned: Suite<ConditionedTask, readonly AnyEstimate[], Conditioned> = {
  title: "SP 800-90B, conditioned data",
  purpose:
    "h' of SP 800-90B 3.1.5.2: the estimators on outputs of a conditioning component as a bitstring, and what its outputs are credited with. It assesses no noise source.",
  usesChance: false,
  notLive:
    "A source gives raw samples, and h' is estimated of a conditioning component's outputs. Send those.",
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

const iid: Suite<IidTask, IidPart, Iid> = {
  title: "SP 800-90B, IID track",
  purpose:
    "Tests of SP 800-90B 5 for samples that are independent and identically distributed; only where nothing speaks against it does the most common value give a min-entropy. Passing proves no independence: the claim needs the source's design.",
  usesChance: true,
  fault: iidFault,
  campaign(_samples, { seed }) {
    if (seed === null) throw new Error("the IID track needs a seed");
    return iidCampaign(seed);
  },
  run: runIidTask,
  findings: iidFindings,
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
  "sp800-90b-restart": restart,
  "sp800-90b-conditioned": conditioned,
  "sp800-90b-iid": iid,
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
  { claimedEntropy = null, seed, constants, conditioning = null }: SuiteChoices,
  newSeed: () => string,
): SuiteParameters {
  return {
    claimedEntropy,
    seed: suiteOf(name).usesChance ? (seed ?? newSeed()) : null,
    constants: name === "sp800-22" ? (constants ?? "text") : null,
    conditioning: name === "sp800-90b-conditioned" ? conditioning : null,
  };
}
