import type { Suite } from "../suite.ts";
import { stsFindings } from "./findings.ts";
import { runStsTask, stsCampaign, type StsPart, type StsTask } from "./stsCampaign.ts";
import type { Sts } from "./summary.ts";

const STREAM_BITS = 1_000_000;

export const stsSuite: Suite<StsTask, StsPart, Sts> = {
  name: "sp800-22",
  fault: ({ symbols, bitsPerSymbol }) =>
    symbols.length * bitsPerSymbol < 100
      ? "fewer than 100 bits are there, which is too few for any test of SP 800-22"
      : null,
  // One stream.
  isBrief: ({ symbols, bitsPerSymbol }) => symbols.length * bitsPerSymbol < 2 * STREAM_BITS,
  campaign: (samples, { constants }) =>
    stsCampaign(samples, {
      // What is too short for some tests is still looked at by those that it is long enough for.
      bitsPerStream: Math.min(STREAM_BITS, samples.symbols.length * samples.bitsPerSymbol),
      constants: constants ?? "text",
    }),
  run: runStsTask,
  findings: stsFindings,
};
