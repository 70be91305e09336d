import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";

test("a task runs once, and never before its time", async () => {
  const clock = systemClock();
  const start = clock.monotonicMilliseconds();
  let runs = 0;
  await new Promise<void>((resolve) => {
    clock.schedule(30, () => {
      runs += 1;
      resolve();
    });
  });
  expect(clock.monotonicMilliseconds() - start).toBeGreaterThanOrEqual(30);
  expect(runs).toBe(1);
});

test("a cancelled task does not run, and cancelling again does nothing", async () => {
  const clock = systemClock();
  let runs = 0;
  const cancel = clock.schedule(5, () => (runs += 1));
  cancel();
  cancel();
  await new Promise((resolve) => {
    setTimeout(resolve, 30);
  });
  expect(runs).toBe(0);
});

test("a wait beyond what setTimeout can hold does not fire at once", async () => {
  const clock = systemClock();
  let runs = 0;
  const cancel = clock.schedule(2 ** 40, () => (runs += 1));
  await new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
  cancel();
  expect(runs).toBe(0);
});

test("a scheduled task does not keep the process alive", () => {
  const module = new URL("../../../src/platform/clock.ts", import.meta.url).href;
  const script = `import { systemClock } from ${JSON.stringify(module)};
    systemClock().schedule(3600_000, () => {});`;
  const options = { timeout: 10_000, encoding: "utf8" } as const;
  expect(execFileSync(process.execPath, ["--input-type=module", "-e", script], options)).toBe("");
});

test("the wall clock is the machine's", () => {
  expect(Math.abs(systemClock().wallMilliseconds() - Date.now())).toBeLessThan(1000);
});
