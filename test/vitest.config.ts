import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/*
 * Two projects: `fast` is what a change is tried with while it is written; `slow` is everything
 * that starts processes, takes whole vector files or thousands of scenarios. `npm test` runs both.
 */
/** Where `.ci/run` wants the counts, as JSON. */
const report = process.env.SPRINGHOUSE_TEST_REPORT;

/**
 * What takes longest comes first: begun last, one of these is what all else is waited for with. What
 * computes all the time has beside it what mostly waits, so that the cores are never without either.
 * A file that is not here and takes more than twenty seconds belongs here.
 */
const LONGEST = [
  "simulation/odd",
  "simulation/even",
  "console/console",
  "end-to-end/liveEstimate",
  "end-to-end/kill",
  "end-to-end/device",
  "end-to-end/debianPackage",
  "end-to-end/idle",
  "cli/log",
  "end-to-end/keys",
  "assess/nonIid",
  "source/serialUnplug",
  "cli/assess",
  "end-to-end/prometheus",
  "key/history/history",
  "end-to-end/outlets",
  "simulation/plants",
  "end-to-end/signals",
  "end-to-end/calls",
  "end-to-end/doors",
  "end-to-end/consoleCost",
].map((name) => `/${name}.slow.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return at < 0 ? LONGEST.length : at;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    root: new URL("..", import.meta.url).pathname,
    globalSetup: ["test/buildEmulator.ts"],
    pool: "forks",
    // More than there are cores: most slow tests wait for a process of their own, or for a device.
    maxWorkers: availableParallelism() + 2,
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
          // Those of one file that run side by side do so because they sleep.
          maxConcurrency: 8,
          // They start services, which takes a busy machine long.
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
