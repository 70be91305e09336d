import { expect, onTestFinished, test } from "vitest";
import { LiveEstimator } from "../../../../src/assess/live/liveEstimator.ts";
import type { LiveAnswer, LiveTask } from "../../../../src/assess/live/protocol.ts";
import { startLiveThread } from "../../../../src/assess/live/thread.ts";
import { noise, oneHeavy } from "./noise.ts";

/** The real thread, its answers and its end. */
function start() {
  const waiting: ((answer: LiveAnswer) => void)[] = [];
  let dead = (): void => {};
  const death = new Promise<void>((resolve) => (dead = resolve));
  const thread = startLiveThread({ answered: (answer) => waiting.shift()!(answer), lost: dead });
  onTestFinished(() => thread.stop());
  const ask = (task: LiveTask): Promise<LiveAnswer> =>
    new Promise((resolve) => {
      waiting.push(resolve);
      thread.estimate(task);
    });
  return { ask, death, thread };
}

function shared(symbols: Uint8Array): Uint8Array<SharedArrayBuffer> {
  const window = new Uint8Array(new SharedArrayBuffer(20_000));
  window.set(symbols);
  return window;
}

test("estimates one window after the other, of any width, and overwrites each", async () => {
  const { ask } = start();
  const cases = [
    { bits: 8, symbols: noise(8, 20_000, 1) },
    { bits: 1, symbols: oneHeavy(1, 0.7, 9000, 2) },
    { bits: 8, symbols: oneHeavy(8, 0.7, 5000, 3) },
  ];
  for (const [task, { bits, symbols }] of cases.entries()) {
    const window = shared(symbols);
    const samples = symbols.length;
    const answer = await ask({ task, bitsPerSample: bits, window, samples });
    const own = new LiveEstimator({ bitsPerSample: bits });
    own.push(symbols);
    expect(answer).toMatchObject({ task, figures: own.estimate() });
    expect(answer.cpuMilliseconds).toBeGreaterThan(0);
    expect(window.every((symbol) => symbol === 0)).toBe(true);
  }
});

test("one that fails is told, and nothing of what it failed with", async () => {
  const { death, thread } = start();
  thread.estimate({ task: 1, bitsPerSample: 8, window: null as never, samples: 1 });
  await death;
});
