import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../", import.meta.url).pathname;
const RESULTS = `${ROOT}bench/results.json`;

const bench = (...names: readonly string[]) =>
  spawnSync(process.execPath, ["bench/run.ts", ...names], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, SPRINGHOUSE_BENCH_ROUNDS: "1" },
  });

test("a trial of some benches prints their table, and keeps nothing", () => {
  const before = readFileSync(RESULTS, "utf8");
  const { status, stdout, stderr } = bench("start", "health");
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^what +ratio +spread +goal +beside +figure$/m);
  expect(stdout).toMatch(
    /^start-up +\d[\d.]* +one round +less is better +a node that does nothing /m,
  );
  expect(stdout).toMatch(/^monitor, all tests, 8-bit samples +0\.\d+ +one round /m);
  expect(stdout).not.toContain("HMAC_DRBG");
  expect(readFileSync(RESULTS, "utf8")).toBe(before);
});

test("a bench that is not there is named, with those that are", () => {
  const { status, stderr } = bench("health", "helth");
  expect(status).toBe(2);
  expect(stderr).toMatch(/no bench is called helth; there are drbg, .*health/);
});
