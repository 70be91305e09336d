import type { Suite } from "../suite.ts";
import {
  ais31Campaign,
  runAis31Task,
  type Ais31Part,
  type Ais31Result,
  type Ais31Task,
} from "./ais31.ts";
import {
  ais31v3Campaign,
  runAis31v3Task,
  type Ais31v3Part,
  type Ais31v3Result,
  type Ais31v3Task,
} from "./ais31v3.ts";
import { ais31Findings, ais31v3Findings } from "./findings.ts";

export const ais31Suite: Suite<Ais31Task, Ais31Part, Ais31Result> = {
  name: "ais31",
  fault: () => null,
  campaign: (samples) => ais31Campaign(samples),
  run: runAis31Task,
  findings: ais31Findings,
};

export const ais31v3Suite: Suite<Ais31v3Task, Ais31v3Part, Ais31v3Result> = {
  name: "ais20-31-v3",
  fault: () => null,
  campaign: (samples) => ais31v3Campaign(samples),
  run: runAis31v3Task,
  findings: ais31v3Findings,
};
