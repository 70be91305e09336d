import type { ConditioningComponent } from "./component.ts";
import { conditioningKey, hmacComponent, type ConditioningName } from "./hmac.ts";

export interface ConditioningSelfTest {
  readonly name: string;
  readonly passed: boolean;
  readonly atMilliseconds: number;
}

type Build = (name: ConditioningName) => ConditioningComponent;

/** The message is the 144 bytes 00 01 .. 8f: longer than one block of either hash. */
const MESSAGE = Uint8Array.from({ length: 144 }, (_, index) => index);

/** Computed with Python's hmac and hashlib from the key's definition in hmac.ts. */
const KNOWN_ANSWERS: Record<ConditioningName, { key: string; digest: string }> = {
  "HMAC-SHA-256": {
    key: "65d3ec208c86b0c963d725375114fb6d26d7b67cfb16b7639361915e83c95f0a",
    digest: "1940b9fba20a9a95980ce5caa87915b4fa901c828e259110a0953c0c6e8622db",
  },
  "HMAC-SHA-512": {
    key: "62771b63238dba2cff1df4ba62c3c498176364e1c92b89d44eabf4b41c8b6e795b387df91b0bf82ab0c1f570542fe317ea0ccd8869160b4e7dedbbe4626668df",
    digest:
      "0fdab4d387bebb4741105864cbed258675833e364d8d31ea1c360e9bc7ff1331e53f6af6181eef5a7bcbebdbfbb1ed22c11ed2286b7acb7513b02b1544cac0ed",
  },
};

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** The answer is right, and a message with one bit changed gives another: the check can fail. */
function passes(name: ConditioningName, build: Build): boolean {
  const known = KNOWN_ANSWERS[name];
  try {
    const component = build(name);
    if (hex(conditioningKey(name)) !== known.key) return false;
    if (hex(component.condition(MESSAGE)) !== known.digest) return false;
    const changed = Uint8Array.from(MESSAGE);
    changed[143]! ^= 1;
    return hex(component.condition(changed)) !== known.digest;
  } catch {
    return false;
  }
}

/**
 * Known-answer tests of both components, each with its negative test. Never throws: a failure is
 * an answer, upon which nothing may be conditioned any more.
 * @param build another maker of components, for tests that plant a fault
 */
export function selfTest(
  atMilliseconds: number,
  build: Build = hmacComponent,
): readonly ConditioningSelfTest[] {
  return (Object.keys(KNOWN_ANSWERS) as ConditioningName[]).map((name) => ({
    name: `conditioning ${name}`,
    passed: passes(name, build),
    atMilliseconds,
  }));
}
