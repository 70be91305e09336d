import { describe, test } from "vitest";
import { holdGeneratedIidSets } from "./iid.ts";
import { hasVectors } from "./nonIid.ts";

describe.skipIf(!hasVectors)("the tool's figures (needs ../shared/vectors)", () => {
  test("generated sets of 20,000 samples", holdGeneratedIidSets);
});
