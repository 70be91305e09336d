import { expect, test } from "vitest";
import { violations } from "./checkers.ts";
import { makeScenario } from "./scenario.ts";
import { simulate } from "./simulate.ts";

/** A longer soak: how many scenarios instead of a thousand. */
const SCENARIOS = Number(process.env["SPRINGHOUSE_SIMULATION_SCENARIOS"] ?? 1000);
/** A replay: only the scenario of this seed. */
const ONLY = process.env["SPRINGHOUSE_SIMULATION_SEED"];
const IN_ONE_TEST = 50;

/** Holds one share of the scenarios, so that shares in files of their own run side by side. */
export function holdScenarios(share: number, shares: number): void {
  const all = Array.from({ length: SCENARIOS }, (_, index) => index + 1);
  const chosen = ONLY === undefined ? all : [Number(ONLY)];
  const mine = chosen.filter((seed) => seed % shares === share);
  for (let at = 0; at < mine.length; at += IN_ONE_TEST) {
    const seeds = mine.slice(at, at + IN_ONE_TEST);
    test(`scenarios ${seeds[0]} to ${seeds.at(-1)}, every ${shares}th`, async () => {
      const found: string[] = [];
      for (const seed of seeds) found.push(...violations(await simulate(makeScenario(seed))));
      expect(found).toEqual([]);
    });
  }
}
