import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LEAST_SAMPLES, WINDOW_SAMPLES } from "../../../../src/assess/live/liveEstimator.ts";
import { LiveWatch } from "../../../../src/assess/live/liveWatch.ts";
import type { LiveTask, LiveThreadListener } from "../../../../src/assess/live/protocol.ts";
import { LONGEST_FILL_MILLISECONDS } from "../../../../src/assess/live/sourceWindow.ts";
import { LiveTasks } from "../../../../src/assess/live/tasks.ts";
import type { ServiceEvent } from "../../../../src/port/event.ts";
import { FakeClock } from "../../../support/fakeClock.ts";
import { noise, oneHeavy } from "./noise.ts";

const INTERVAL = 10_000;

/** Threads by hand: they estimate when told to, in this thread, and die when told to. */
class Threads {
  started: { readonly listener: LiveThreadListener; readonly tasks: LiveTask[]; ended: boolean }[] =
    [];
  readonly #estimators = new LiveTasks();
  refuse = false;
  cpuMilliseconds = 50;

  readonly start = (listener: LiveThreadListener) => {
    if (this.refuse) throw new Error("no more threads");
    const thread = { listener, tasks: [] as LiveTask[], ended: false };
    this.started.push(thread);
    return {
      estimate: (task: LiveTask) => void thread.tasks.push(task),
      stop: () => {
        thread.ended = true;
        return Promise.resolve();
      },
    };
  };

  get last() {
    return this.started.at(-1)!;
  }

  /** Answers whatever waits. @returns how many tasks that were */
  answer(): number {
    const tasks = this.last.tasks.splice(0);
    for (const task of tasks)
      this.last.listener.answered({
        task: task.task,
        figures: this.#estimators.figures(task),
        cpuMilliseconds: this.cpuMilliseconds,
      });
    return tasks.length;
  }

  die(): void {
    this.last.tasks.splice(0);
    this.last.listener.lost();
  }
}

const clock = new FakeClock();
let threads: Threads;
let watch: LiveWatch;
let events: ServiceEvent[];
let seed = 1;

beforeEach(() => {
  threads = new Threads();
  events = [];
  watch = new LiveWatch({
    clock,
    observer: { event: (event) => void events.push(event) },
    startThread: threads.start,
    intervalMilliseconds: INTERVAL,
  });
  watch.open({ source: "trng", bitsPerSample: 8, claimedEntropy: 8 });
});

afterEach(() => watch.stop());

const good = (samples: number) => noise(8, samples, seed++);
const bad = (samples: number) => oneHeavy(8, 1 / 16, samples, seed++);
const live = () => watch.snapshot("trng")!;

/** A whole window, its estimate, and the rest after it. */
function window(symbols: Uint8Array): void {
  watch.conditioned("trng", symbols);
  expect(threads.answer()).toBe(1);
  clock.advance(INTERVAL);
}

describe("a window", () => {
  test("of ideal noise scores below its claim, and raises nothing", () => {
    expect(live()).toMatchObject({
      claimedEntropy: 8,
      atMilliseconds: null,
      figures: [],
      low: false,
    });
    watch.conditioned("trng", good(WINDOW_SAMPLES - 1));
    expect(threads.started).toHaveLength(0);
    watch.conditioned("trng", good(5));
    expect(threads.last.tasks[0]).toMatchObject({ bitsPerSample: 8, samples: WINDOW_SAMPLES });
    threads.answer();
    const { figures, samples, atMilliseconds, windows } = live();
    expect(figures.map(({ estimator }) => estimator)).toEqual([
      "most_common_value",
      "lag",
      "multi_mmc",
      "markov",
      "most_common_bit",
    ]);
    expect(Math.min(...figures.map(({ lower }) => lower))).toBeLessThan(7.8);
    expect(samples).toBe(WINDOW_SAMPLES);
    expect(atMilliseconds).toBe(clock.wallMilliseconds());
    expect(windows).toEqual({ estimated: 1, broken: 0, lost: 0 });
    expect(events).toEqual([]);
  });

  test("is overwritten when its estimate came", () => {
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    const { window: memory } = threads.last.tasks[0]!;
    expect(memory.some((symbol) => symbol !== 0)).toBe(true);
    threads.answer();
    expect(memory.every((symbol) => symbol === 0)).toBe(true);
  });

  test("is alone in flight: what comes meanwhile is not taken", () => {
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    const { window: memory } = threads.last.tasks[0]!;
    const before = memory.slice();
    clock.advance(2 * INTERVAL);
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    watch.broken("trng");
    watch.discarded("trng");
    expect(memory).toEqual(before);
    expect(threads.last.tasks).toHaveLength(1);
  });

  test("that is short and in flight gets no more samples", () => {
    watch.conditioned("trng", good(LEAST_SAMPLES));
    watch.broken("trng");
    const { window: memory } = threads.last.tasks[0]!;
    const before = memory.slice();
    watch.conditioned("trng", good(500));
    expect(memory).toEqual(before);
  });

  test("comes after a pause, which grows with what all sources cost", () => {
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    threads.answer();
    clock.advance(INTERVAL - 1);
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    expect(threads.last.tasks).toHaveLength(0);
    clock.advance(1);
    watch.open({ source: "other", bitsPerSample: 1, claimedEntropy: 1 });
    threads.cpuMilliseconds = 100;
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    threads.answer();
    // Two sources of 100 ms each: 1 % of a core is one of each in 20 s.
    clock.advance(19_999);
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    expect(threads.last.tasks).toHaveLength(0);
    clock.advance(1);
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    expect(threads.last.tasks).toHaveLength(1);
  });

  test("of a slow source is taken after a minute, so that its samples do not linger", () => {
    watch.conditioned("trng", good(3000));
    clock.advance(LONGEST_FILL_MILLISECONDS - 1);
    watch.conditioned("trng", good(1));
    expect(threads.started).toHaveLength(0);
    clock.advance(1);
    watch.conditioned("trng", good(1));
    expect(threads.last.tasks[0]).toMatchObject({ samples: 3002 });
  });

  test("that is broken off is taken if it is long enough", () => {
    watch.conditioned("trng", good(LEAST_SAMPLES - 1));
    watch.broken("trng");
    expect(threads.started).toHaveLength(0);
    expect(live().windows.broken).toBe(1);
    watch.conditioned("trng", good(LEAST_SAMPLES));
    watch.broken("trng");
    expect(threads.last.tasks[0]).toMatchObject({ samples: LEAST_SAMPLES });
    threads.answer();
    expect(live().figures).toHaveLength(5);
  });

  test("is overwritten at an alarm", () => {
    watch.conditioned("trng", bad(WINDOW_SAMPLES - 1));
    watch.discarded("trng");
    expect(live().windows.broken).toBe(1);
    // Nothing of it is in the next one.
    const next = good(WINDOW_SAMPLES);
    watch.conditioned("trng", next);
    expect(threads.last.tasks[0]!.window).toEqual(next);
  });

  test("of long ago says nothing of now", () => {
    window(good(WINDOW_SAMPLES));
    const { atMilliseconds } = live();
    clock.advance(3 * (LONGEST_FILL_MILLISECONDS + INTERVAL) - INTERVAL - 1);
    expect(live().figures).toHaveLength(5);
    clock.advance(1);
    expect(live()).toMatchObject({ figures: [], atMilliseconds });
  });

  test("of a source that is not known, or after the end, is nothing", async () => {
    watch.conditioned("nobody", good(WINDOW_SAMPLES));
    expect(watch.snapshot("nobody")).toBeNull();
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    const { window: memory } = threads.last.tasks[0]!;
    await watch.stop();
    expect(threads.last.ended).toBe(true);
    expect(memory.every((symbol) => symbol === 0)).toBe(true);
    expect(clock.pending).toBe(0);
    watch.open({ source: "late", bitsPerSample: 8, claimedEntropy: 8 });
    watch.conditioned("late", good(WINDOW_SAMPLES));
    expect(threads.started).toHaveLength(1);
    expect(watch.snapshot("late")!.windows).toEqual({ estimated: 0, broken: 0, lost: 0 });
  });
});

describe("a claim that is refuted", () => {
  test("is told once, and its end once, after three good windows in a row", () => {
    window(good(WINDOW_SAMPLES));
    expect(events).toEqual([]);
    window(bad(WINDOW_SAMPLES));
    expect(live().low).toBe(true);
    expect(events).toHaveLength(1);
    const { kind, source, severity, data } = events[0]!;
    expect({ kind, source, severity }).toEqual({
      kind: "live_estimate_low",
      source: "trng",
      severity: "warning",
    });
    expect(Object.keys(data).toSorted()).toEqual(
      ["claim", "estimate", "estimator", "lower", "samples", "upper"].toSorted(),
    );
    expect(data).toMatchObject({ claim: 8, samples: WINDOW_SAMPLES });
    // One value of 1/16: 4 bits.
    expect(data["estimate"]).toBeCloseTo(4, 1);
    expect(data["upper"]).toBeGreaterThan(4);
    expect(data["upper"]).toBeLessThan(4.3);
    window(bad(WINDOW_SAMPLES));
    window(good(WINDOW_SAMPLES));
    window(good(WINDOW_SAMPLES));
    window(bad(WINDOW_SAMPLES));
    window(good(WINDOW_SAMPLES));
    window(good(WINDOW_SAMPLES));
    expect(events).toHaveLength(1);
    expect(live().low).toBe(true);
    window(good(WINDOW_SAMPLES));
    expect(live().low).toBe(false);
    expect(events.map(({ kind }) => kind)).toEqual([
      "live_estimate_low",
      "live_estimate_recovered",
    ]);
    window(bad(WINDOW_SAMPLES));
    expect(events).toHaveLength(3);
  });

  test("is another source's own", () => {
    watch.open({ source: "modest", bitsPerSample: 8, claimedEntropy: 3.9 });
    for (const source of ["modest", "trng"]) watch.conditioned(source, bad(WINDOW_SAMPLES));
    threads.answer();
    expect(events.map(({ source }) => source)).toEqual(["trng"]);
    expect(watch.snapshot("modest")!.low).toBe(false);
  });
});

describe("the thread", () => {
  test("that dies is started again, with a pause that grows, and its window is lost", () => {
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    const { window: memory } = threads.last.tasks[0]!;
    threads.die();
    expect(memory.every((symbol) => symbol === 0)).toBe(true);
    expect(live()).toMatchObject({ figures: [], windows: { estimated: 0, lost: 1 } });
    clock.advance(INTERVAL);
    window(good(WINDOW_SAMPLES));
    expect(threads.started).toHaveLength(2);
    expect(live().windows).toMatchObject({ estimated: 1, lost: 1 });
    // From now on the memory is another: the dead one may still have been at it.
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    expect(threads.last.tasks[0]!.window.buffer).not.toBe(memory.buffer);
  });

  test("is not started again while it dies again and again", () => {
    watch.open({ source: "other", bitsPerSample: 8, claimedEntropy: 8 });
    for (let death = 0; death < 7; death++) {
      watch.conditioned("trng", good(LEAST_SAMPLES));
      watch.broken("trng");
      threads.die();
      clock.advance(INTERVAL);
    }
    const { length } = threads.started;
    // 250 ms doubled six times is 16 s, longer than the pause between windows.
    watch.conditioned("other", good(LEAST_SAMPLES));
    watch.broken("other");
    expect(threads.started).toHaveLength(length);
    expect(watch.snapshot("other")!.windows.lost).toBe(1);
    clock.advance(INTERVAL);
    watch.conditioned("other", good(LEAST_SAMPLES));
    watch.broken("other");
    expect(threads.started).toHaveLength(length + 1);
  });

  test("that cannot be had is no error on the noise path", () => {
    threads.refuse = true;
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    expect(live().windows.lost).toBe(1);
    threads.refuse = false;
    clock.advance(INTERVAL);
    window(good(WINDOW_SAMPLES));
    expect(live().windows.estimated).toBe(1);
  });

  test("that hangs is ended", () => {
    watch.conditioned("trng", good(WINDOW_SAMPLES));
    const hung = threads.last;
    const [task] = hung.tasks;
    clock.advance(59_999);
    expect(hung.ended).toBe(false);
    clock.advance(1);
    expect(hung.ended).toBe(true);
    expect(live().windows.lost).toBe(1);
    // An answer that comes after all is nobody's.
    hung.listener.answered({ task: task!.task, figures: [], cpuMilliseconds: 1 });
    expect(live().windows.estimated).toBe(0);
  });
});
