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

test("what is brief is done in this thread where it may be, with the same result", async () => {
  const bits = Uint8Array.from(
    SAMPLES.symbols,
    (_none, at) => (Math.imul(at, 0x9e3779b1) >>> 13) & 1,
  );
  const brief = {
    ...RUN,
    suite: "sp800-22",
    samples: { symbols: bits, bitsPerSymbol: 1 },
  } as const;
  // Without threads there is no result but here.
  await expect(runSuite({ ...brief, threads: 0 })).rejects.toThrow("ended without a result");
  const here = await runSuite({ ...brief, threads: 0, mayBlock: true });
  expect(here).toEqual(await runSuite(brief));
  // An hour of it would hold up the thread that calls.
  await expect(runSuite({ ...RUN, threads: 0, mayBlock: true })).rejects.toThrow(
    "without a result",
  );
  const abort = new AbortController();
  const progress = (): void => abort.abort(new Error("late"));
  const run = runSuite({ ...brief, threads: 0, mayBlock: true, signal: abort.signal, progress });
  await expect(run).rejects.toThrow("late");
});
