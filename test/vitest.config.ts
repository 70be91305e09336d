import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/*
 * Two projects: `fast` is what a change is tried with while it is written; `slow` is everything
 * that starts processes, takes whole vector files or thousands of scenarios. `npm test` runs both.
 */
/** Where `.ci/run` wants the counts, as JSON. */
const report = process.env.SPRINGHOUSE_TEST_REPORT;

/** The longest first, so that none of them is what all others are waited for with. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      /(simulation\/(even|odd)|end-to-end\/kill)\.slow/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    root: new URL("..", import.meta.url).pathname,
    globalSetup: ["test/buildEmulator.ts"],
    pool: "forks",
    // One more than there are cores: most slow tests wait for a process of their own, or for a device.
    maxWorkers: availableParallelism() + 1,
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
          testTimeout: 60_000,
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
