import * as fc from "fast-check";
import { test } from "vitest";
import { device } from "./device.ts";
import { runHistory, steps } from "./history.ts";

test("no material is told, the log is the database, and nothing destroyed opens, in a few histories", async () => {
  const property = fc.asyncProperty(steps(60), async (history) => {
    await runHistory({ device: device() }, history);
  });
  await fc.assert(property, { numRuns: 3, endOnFailure: true });
}, 120_000);
