import { expect, test } from "vitest";
import { CHECKERS, type CheckerName } from "./checkers.ts";
import { PLANTS } from "./plants.ts";
import { makeScenario } from "./scenario.ts";
import { simulate } from "./simulate.ts";

/** A scenario in which the bug shows must come up among so many. */
const SCENARIOS = 60;

test.for(Object.keys(PLANTS) as CheckerName[])(
  "%s: the checker catches its planted bug",
  async (name) => {
    for (let seed = 1; seed <= SCENARIOS; seed++) {
      const trace = await simulate(makeScenario(seed), PLANTS[name]);
      if (CHECKERS[name](trace).length > 0) return;
    }
    expect.fail(`the planted bug went unseen in ${SCENARIOS} scenarios`);
  },
);
