import type { Suite } from "../suite.ts";
import { fips140Findings } from "./findings.ts";
import {
  fips140Campaign,
  runFips140Task,
  type Fips140Part,
  type Fips140Result,
  type Fips140Task,
} from "./fips140.ts";

export const fips140Suite: Suite<Fips140Task, Fips140Part, Fips140Result> = {
  name: "fips140-2",
  fault: () => null,
  campaign: (samples) => fips140Campaign(samples),
  run: runFips140Task,
  findings: fips140Findings,
};
