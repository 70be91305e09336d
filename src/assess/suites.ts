import type { Ais31Result } from "./ais31/ais31.ts";
import type { Ais31v3Result } from "./ais31/ais31v3.ts";
import type { Conditioned } from "./conditioned/conditioned.ts";
import type { Fips140Result } from "./fips140/fips140.ts";
import type { Iid } from "./iid/iid.ts";
import type { NonIid } from "./nonIid/nonIid.ts";
import type { Restart } from "./restart/restart.ts";
import type { Sts } from "./sts/summary.ts";
import type { Suite, SuiteCard, SuiteChoices, SuiteParameters } from "./suite.ts";

/** What each suite comes to, by the name that stands in reports and requests. */
export interface SuiteResults {
  readonly "sp800-90b-non-iid": NonIid;
  readonly "sp800-90b-restart": Restart;
  readonly "sp800-90b-conditioned": Conditioned;
  readonly "sp800-90b-iid": Iid;
  readonly "sp800-22": Sts;
  readonly "fips140-2": Fips140Result;
  readonly ais31: Ais31Result;
  readonly "ais20-31-v3": Ais31v3Result;
}
export type SuiteName = keyof SuiteResults;

export const SUITE_CARDS: Readonly<Record<SuiteName, SuiteCard>> = {
  "sp800-90b-non-iid": {
    title: "SP 800-90B, non-IID track",
    purpose:
      "Ten estimators of SP 800-90B 6.3; the least figure is what these samples support. Nothing is assumed of the source, so the figure is conservative.",
    usesChance: false,
    judges: false,
    hasNistShape: true,
  },
  "sp800-90b-restart": {
    title: "SP 800-90B, restart tests",
    purpose:
      "Whether a source gives after each restart what it was assessed for (SP 800-90B 3.1.4): 1,000 samples after each of 1,000 restarts, row by row and column by column, held against the initial estimate H_I.",
    usesChance: false,
    judges: true,
    hasNistShape: true,
    notLive:
      "Samples of a running source are no restart matrix. Collect one with `springhouse capture --restart` and send it.",
  },
  "sp800-90b-conditioned": {
    title: "SP 800-90B, conditioned data",
    purpose:
      "h' of SP 800-90B 3.1.5.2: the estimators on outputs of a conditioning component as a bitstring, and what its outputs are credited with. It assesses no noise source.",
    usesChance: false,
    judges: false,
    hasNistShape: true,
    notLive:
      "A source gives raw samples, and h' is estimated of a conditioning component's outputs. Send those.",
  },
  "sp800-90b-iid": {
    title: "SP 800-90B, IID track",
    purpose:
      "Tests of SP 800-90B 5 for samples that are independent and identically distributed; only where nothing speaks against it does the most common value give a min-entropy. Passing proves no independence: the claim needs the source's design.",
    usesChance: true,
    judges: true,
    hasNistShape: true,
  },
  "sp800-22": {
    title: "SP 800-22 r1a",
    purpose:
      "Fifteen statistical tests, a sanity check of outputs. No evidence of entropy: a pseudorandom generator with a known seed passes.",
    usesChance: false,
    judges: true,
    hasNistShape: false,
  },
  "fips140-2": {
    title: "FIPS 140-2 block tests",
    purpose:
      "Monobit, poker, runs and long run on blocks of 20,000 bits, a sanity check of gross defects. No evidence of entropy.",
    usesChance: false,
    judges: true,
    hasNistShape: false,
  },
  ais31: {
    title: "AIS 31, T0 to T8",
    purpose:
      "Procedures A (T0 to T5) and B (T6 to T8) with their repeat rule, a sanity check. No evidence of entropy.",
    usesChance: false,
    judges: true,
    hasNistShape: false,
  },
  "ais20-31-v3": {
    title: "AIS 20/31 version 3, black-box tests",
    purpose: "T1 to T4 of version 3's black-box suite, a sanity check. No evidence of entropy.",
    usesChance: false,
    judges: true,
    hasNistShape: false,
  },
};

export const SUITE_NAMES = Object.keys(SUITE_CARDS) as readonly SuiteName[];

/** A suite whose tasks, parts and results are not looked into. */
export type AnySuite = Suite<unknown, unknown, unknown>;

type Loaders = {
  readonly [Name in SuiteName]: () => Promise<Suite<unknown, unknown, SuiteResults[Name]>>;
};

/** Each is dozens of modules, of which a command or a thread needs one suite's. */
const LOADERS: Loaders = {
  "sp800-90b-non-iid": async () => (await import("./nonIid/suite.ts")).nonIidSuite,
  "sp800-90b-restart": async () => (await import("./restart/suite.ts")).restartSuite,
  "sp800-90b-conditioned": async () => (await import("./conditioned/suite.ts")).conditionedSuite,
  "sp800-90b-iid": async () => (await import("./iid/suite.ts")).iidSuite,
  "sp800-22": async () => (await import("./sts/suite.ts")).stsSuite,
  "fips140-2": async () => (await import("./fips140/suite.ts")).fips140Suite,
  ais31: async () => (await import("./ais31/suite.ts")).ais31Suite,
  "ais20-31-v3": async () => (await import("./ais31/suite.ts")).ais31v3Suite,
};

export function loadSuite(name: SuiteName): Promise<AnySuite> {
  return LOADERS[name]();
}

/** A choice that the suite would not look at, so that it would seem to have had an effect; null for none. */
export function choicesFault(
  name: SuiteName,
  { claimedEntropy = null, seed = null, constants = null, conditioning = null }: SuiteChoices,
): string | null {
  const { title, usesChance } = SUITE_CARDS[name];
  if (seed !== null && !usesChance) return `${title} leaves nothing to chance, and takes no seed`;
  if (constants !== null && name !== "sp800-22")
    return `${title} takes no constants: those are of SP 800-22`;
  if (conditioning !== null && name !== "sp800-90b-conditioned")
    return `${title} takes no sizes of a component: those go with conditioned data`;
  if (claimedEntropy !== null && !name.startsWith("sp800-90b"))
    return `${title} says nothing of entropy, and so nothing of a claim`;
  return null;
}

/** What whoever asks chose, and what it takes besides. @param newSeed 64 hexadecimal digits */
export function parametersOf(
  name: SuiteName,
  { claimedEntropy = null, seed, constants, conditioning = null }: SuiteChoices,
  newSeed: () => string,
): SuiteParameters {
  return {
    claimedEntropy,
    seed: SUITE_CARDS[name].usesChance ? (seed ?? newSeed()) : null,
    constants: name === "sp800-22" ? (constants ?? "text") : null,
    conditioning: name === "sp800-90b-conditioned" ? conditioning : null,
  };
}
