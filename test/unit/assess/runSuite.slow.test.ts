import { expect, test } from "vitest";
import { runSuite } from "../../../src/assess/runSuite.ts";

const SAMPLES = { symbols: new Uint8Array(new SharedArrayBuffer(5000)), bitsPerSymbol: 8 };
const RUN = {
  suite: "sp800-90b-non-iid",
  samples: SAMPLES,
  parameters: { claimedEntropy: null, seed: null, constants: null, conditioning: null },
  threads: 2,
  niceness: 0,
  signal: new AbortController().signal,
  progress: () => {},
} as const;

test("what a thread dies of ends the suite, and not the process", async () => {
  const none = { symbols: null as unknown as Uint8Array, bitsPerSymbol: 8 };
  await expect(runSuite({ ...RUN, samples: none })).rejects.toThrow(TypeError);
});

test("what this side fails with while a thread tells it something ends the suite, and not the process", async () => {
  const progress = (): void => {
    throw new RangeError("planted");
  };
  await expect(runSuite({ ...RUN, progress })).rejects.toThrow("planted");
});

test("an abort ends it at once with its reason, also before it began", async () => {
  const before = AbortSignal.abort(new Error("early"));
  await expect(runSuite({ ...RUN, signal: before })).rejects.toThrow("early");
  const abort = new AbortController();
  const run = runSuite({ ...RUN, signal: abort.signal });
  abort.abort(new Error("late"));
  await expect(run).rejects.toThrow("late");
});
