import { expect, test } from "vitest";
import { DiscontinuityWatch } from "../../../src/service/watch.ts";
import { FakeClock } from "../../support/fakeClock.ts";

test("jumps of the clock are counted, and the last one is told", async () => {
  const clock = new FakeClock();
  const noticed: string[] = [];
  const watch = new DiscontinuityWatch(
    clock,
    () => null,
    (what) => void noticed.push(what),
  );
  watch.start();
  await clock.run(5000);
  expect(watch.seen).toEqual({ jumps: 0, lastJump: null });
  clock.jumpWall(9000);
  await clock.run(5000);
  clock.jumpWall(-60_000);
  await clock.run(5000);
  watch.stop();
  expect(noticed).toEqual(["clock_jump", "clock_jump"]);
  expect(watch.seen.jumps).toBe(2);
  expect(watch.seen.lastJump).toContain("moved by -60000 ms");
});
