import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/*
 * Two projects: `fast` is what a change is tried with while it is written; `slow` is everything
 * that starts processes, takes whole vector files or thousands of scenarios. `npm test` runs both.
 */
/** Where `.ci/run` wants the counts, as JSON. */
const report = process.env.SPRINGHOUSE_TEST_REPORT;

export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    globalSetup: ["test/buildEmulator.ts"],
    pool: "forks",
    // By default one core would stay idle: most slow tests wait for a process of their own.
    maxWorkers: availableParallelism(),
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
    projects: [
      {
        extends: true,
        test: {
          name: "fast",
          // These hold nothing outside themselves, and a process for each file costs more than they do.
          isolate: false,
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.slow.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: "slow",
          include: ["test/**/*.slow.test.ts"],
          testTimeout: 600_000,
          // They start services, which takes a busy machine long.
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
