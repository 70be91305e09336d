import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { AnyEstimate } from "../../../src/assess/nonIid/nonIid.ts";
import { runRestartTask, type Restart } from "../../../src/assess/restart/restart.ts";
import { runSuite } from "../../../src/assess/runSuite.ts";
import { ESTIMATOR_TITLES, hasVectors, printedValues, VALUE_TITLES, VECTORS } from "./nonIid.ts";

test.skipIf(!hasVectors)(
  "every figure of NIST's ea_restart for its own file (needs ../shared/vectors)",
  async () => {
    const text = readFileSync(`${VECTORS}nist90b/normal.restart-n.txt`, "utf8");
    const bytes = readFileSync(`${VECTORS}nist90b/normal.bin`);
    const symbols = new Uint8Array(new SharedArrayBuffer(bytes.length));
    symbols.set(bytes);
    const result = (await runSuite({
      suite: "sp800-90b-restart",
      samples: { symbols, bitsPerSymbol: 8 },
      parameters: { claimedEntropy: 4.100096, seed: null, constants: null, conditioning: null },
      threads: 2,
      niceness: 5,
      signal: new AbortController().signal,
      progress: () => {},
    })) as Restart;
    let compared = 0;
    const hold = (estimates: readonly AnyEstimate[], which: 0 | 1): void => {
      expect(estimates).toHaveLength(7);
      for (const estimate of estimates)
        for (const [name, value] of Object.entries(estimate)) {
          // The rows come first.
          const theirs = printedValues(
            text,
            "Literal",
            ESTIMATOR_TITLES[estimate.estimator],
            VALUE_TITLES[name] ?? name,
          )[which];
          if (theirs === undefined || typeof value !== "number") continue;
          const what = `${estimate.estimator} ${name}: ${value}, not ${theirs}`;
          expect(Math.abs(value - theirs), what).toBeLessThan(1e-9);
          compared++;
        }
    };
    hold(result.rows, 0);
    hold(result.columns, 1);
    expect(compared).toBe(74);
    const figure = (name: string): number =>
      Number(new RegExp(`${name}: ([\\d.e-]+)`).exec(text)![1]);
    // Six digits.
    expect(result.hRows).toBeCloseTo(figure("H_r"), 5);
    expect(result.hColumns).toBeCloseTo(figure("H_c"), 5);
    expect(result.assessed).toBe(4.100096);
    expect(result.sanity.largestCount).toBe(figure("X_max"));
    expect(Math.abs(result.sanity.tool.alpha - figure("ALPHA"))).toBeLessThan(1e-15);
    // The tool's is a simulation's: 98, and exactly it is 99.
    expect(Math.abs(result.sanity.tool.cutoff - figure("X_cutoff"))).toBeLessThanOrEqual(1);
  },
  60_000,
);

test("a source that begins alike after each restart is seen by the columns, not by the rows", () => {
  let state = 1;
  const row = Uint8Array.from({ length: 1000 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  const symbols = Uint8Array.from({ length: 1_000_000 }, (_, at) => row[at % 1000]!);
  const lagOf = (direction: "rows" | "columns"): number => {
    const task = { direction, group: "predictors" } as const;
    const found = runRestartTask({ symbols, bitsPerSymbol: 8 }, task, () => {});
    return found.find(({ estimator }) => estimator === "lag")!.minEntropy!;
  };
  // Lags go to 128: a period of 1,000 is beyond them.
  expect(lagOf("rows")).toBeGreaterThan(4);
  expect(lagOf("columns")).toBeLessThan(0.1);
}, 60_000);
