import type { RecordingManifest } from "../source/recordingManifest.ts";
import type { Conditioning } from "../standard/outputEntropy.ts";
import type { Campaign } from "./campaign.ts";
import type { Samples } from "./samples.ts";
import type { SuiteName } from "./suites.ts";

/** What a suite is told beside the samples. All of it stands in the report, so that it can be repeated. */
export interface SuiteParameters {
  /** H_submitter or the claim: bits a sample that are claimed; null without a claim. */
  readonly claimedEntropy: number | null;
  /** 64 hexadecimal digits that permutations are drawn from; null for a suite without chance. */
  readonly seed: string | null;
  /** SP 800-22: whose constants, where its text and its program disagree; null for other suites. */
  readonly constants: "text" | "program" | null;
  /** Conditioned data: the component that the outputs come from; null where it was not told. */
  readonly conditioning: Conditioning | null;
}

/** What whoever asks may choose; the rest of the parameters follows from the suite. */
export type SuiteChoices = Partial<SuiteParameters>;

/** A part of a report that a person reads: as a terminal's table and as HTML. */
export interface Section {
  readonly title: string;
  readonly note?: string;
  /** The first row is the head. */
  readonly table: readonly (readonly string[])[];
}

/** A result in words. */
export interface Findings {
  /** Bits a sample; null for what says nothing of entropy, and for what could not be assessed. */
  readonly minEntropy: number | null;
  /** Null where there is nothing that could pass or fail. */
  readonly passed: boolean | null;
  /** One sentence. */
  readonly summary: string;
  readonly warnings: readonly string[];
  readonly sections: readonly Section[];
}

/** What is told of a suite before anything of it is loaded. */
export interface SuiteCard {
  /** As people write it. */
  readonly title: string;
  /** What it is good for, in a sentence that stands in the report. */
  readonly purpose: string;
  /** Whether it wants a seed. */
  readonly usesChance: boolean;
  /** Whether it comes to a verdict: none then says that nothing could be run on these samples. */
  readonly judges: boolean;
  /** Whether NIST's tool has it, so that a report can be written in the shape of the tool's. */
  readonly hasNistShape: boolean;
  /** Why it cannot be run on consecutive samples of a live source; left out where it can. */
  readonly notLive?: string;
}

/** A suite as the command, the service and the threads use it. Tasks, parts and results are plain data. */
export interface Suite<Task, Part, Result> {
  readonly name: SuiteName;
  /** Why these samples cannot be taken at all, with a remedy; null when they can. */
  fault(
    samples: Samples,
    parameters: SuiteParameters,
    manifest: RecordingManifest | null,
  ): string | null;
  /** What stands against a recording by its manifest; left out: that it is not consecutive. */
  collectionWarnings?(manifest: RecordingManifest | null): readonly string[];
  /** All of it takes no longer than a thread takes to start. Left out: it may. */
  isBrief?(samples: Samples): boolean;
  campaign(samples: Samples, parameters: SuiteParameters): Campaign<Task, Part, Result>;
  /** One task, in whatever thread. @param tell how far it is, for a person */
  run(samples: Samples, task: Task, tell: (progress: string) => void): Part;
  findings(result: Result, samples: Samples, parameters: SuiteParameters): Findings;
}
