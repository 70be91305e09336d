import { describe, test } from "vitest";
import { holdIidFile } from "./iid.ts";
import { hasVectors } from "./nonIid.ts";

describe.skipIf(!hasVectors)("the tool's figures (needs ../shared/vectors)", () => {
  test.each(["nist90b/biased-random-bytes", "nist90b/biased-random-bits"])(
    "%s, a million symbols",
    (name) => holdIidFile(name),
    60_000,
  );
});
