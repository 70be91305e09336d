import { expect, test } from "vitest";
import { HmacDrbg } from "../../../src/drbg/hmacDrbg.ts";
import { openSeededDrbg } from "../../../src/key/derive/seededDrbg.ts";
import { predictable } from "./supply.ts";

const NOTHING = new Uint8Array(0);
const LABEL = Buffer.from("label");

/** What an instance that is made for one seed alone gives. */
function alone(seed: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const drbg = new HmacDrbg("sha256");
  drbg.instantiate(seed, NOTHING, LABEL, 256, false);
  return lengths.map((length) => {
    const out = new Uint8Array(length);
    expect(drbg.generate(out)).toBe("done");
    return out;
  });
}

test("an instance that was used before gives nothing of before, also several at once", () => {
  const lengths = [32, 48, 32];
  for (let round = 0; round < 3; round++) {
    const seeds = [1, 2, 3].map((n) => predictable(10 * round + n, 48));
    const drbgs = seeds.map((seed) => openSeededDrbg(seed, LABEL));
    const given = drbgs.map((): Uint8Array[] => []);
    for (const length of lengths)
      for (const [i, drbg] of drbgs.entries()) given[i]!.push(drbg.generate(length));
    expect(given).toEqual(seeds.map((seed) => alone(seed, lengths)));
    for (const drbg of drbgs) drbg.wipe();
  }
});

test("after its end it gives nothing, and to end it twice takes nobody's", () => {
  const first = openSeededDrbg(predictable(1, 48), LABEL);
  first.wipe();
  expect(() => first.generate(32)).toThrow("after its end");
  const [second, third] = [2, 3].map((n) => openSeededDrbg(predictable(n, 48), LABEL));
  first.wipe();
  expect(second!.generate(32)).toEqual(alone(predictable(2, 48), [32])[0]);
  const fourth = openSeededDrbg(predictable(4, 48), LABEL);
  for (const [drbg, n] of [
    [third!, 3],
    [fourth, 4],
  ] as const)
    expect(drbg.generate(32)).toEqual(alone(predictable(n, 48), [32])[0]);
  for (const drbg of [second!, third!, fourth]) drbg.wipe();
});
