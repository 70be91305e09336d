import { describe, test } from "vitest";
import { hasVectors, holdGeneratedSets, holdNistFile } from "./nonIid.ts";

describe.skipIf(!hasVectors)("the tool's figures (needs ../shared/vectors)", () => {
  test.each(["normal", "biased-random-bytes", "biased-random-bits"])(
    "%s, a million symbols",
    (name) => holdNistFile(name),
    60_000,
  );
  test("generated sets of a million samples", () => holdGeneratedSets(1_000_000), 120_000);
});
