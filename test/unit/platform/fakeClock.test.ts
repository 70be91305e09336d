import { expect, test } from "vitest";
import { FakeClock } from "../../support/fakeClock.ts";

test("tasks run in the order in which they fall due, each at its own time", () => {
  const clock = new FakeClock(0);
  const seen: [string, number][] = [];
  const note = (name: string) => () => seen.push([name, clock.monotonicMilliseconds()]);
  clock.schedule(20, note("late"));
  clock.schedule(10, note("first"));
  clock.schedule(10, note("second"));
  clock.schedule(5, () => clock.schedule(7, note("scheduled by a task")));
  clock.schedule(21, note("not yet"));
  clock.advance(20);
  expect(seen).toEqual([
    ["first", 10],
    ["second", 10],
    ["scheduled by a task", 12],
    ["late", 20],
  ]);
  expect(clock.pending).toBe(1);
});

test("a cancelled task does not run, not even when a task of the same instant cancels it", () => {
  const clock = new FakeClock();
  let runs = 0;
  let cancel = (): void => {};
  clock.schedule(1, () => cancel());
  cancel = clock.schedule(1, () => (runs += 1));
  clock.advance(10);
  expect(runs).toBe(0);
});

test("a jump of the wall clock moves it alone and runs nothing", () => {
  const clock = new FakeClock(1000);
  let runs = 0;
  clock.schedule(50, () => (runs += 1));
  clock.jumpWall(60_000);
  expect([clock.wallMilliseconds(), clock.monotonicMilliseconds(), runs]).toEqual([61_000, 0, 0]);
  clock.advance(50);
  expect([clock.wallMilliseconds(), clock.monotonicMilliseconds(), runs]).toEqual([61_050, 50, 1]);
});

test("run lets code that awaits between two timers go on", async () => {
  const clock = new FakeClock();
  let ticks = 0;
  void (async () => {
    for (;;) {
      await new Promise<void>((resolve) => {
        clock.schedule(100, resolve);
      });
      ticks += 1;
    }
  })();
  await clock.run(1000);
  expect(ticks).toBe(10);
});
