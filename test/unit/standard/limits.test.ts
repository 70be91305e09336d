import { expect, test } from "vitest";
import {
  FULL_ENTROPY_NEGATIVE_LOG2_EPSILON,
  fullEntropyInputBits,
  HASH_SECURITY_STRENGTH,
  instantiateEntropyBits,
  MAXIMUM_BITS_PER_SEED,
  MAXIMUM_BYTES_PER_SEED,
  MAXIMUM_REQUEST_BITS,
  MAXIMUM_REQUEST_BYTES,
  MAXIMUM_RESEED_INTERVAL,
  MAXIMUM_STRING_BITS,
  reseedEntropyBits,
} from "../../../src/standard/limits.ts";
import { negativeLog2Epsilon } from "../../../src/standard/outputEntropy.ts";

test("SP 800-90A table 2", () => {
  expect(MAXIMUM_REQUEST_BITS).toBe(524_288);
  expect(MAXIMUM_REQUEST_BYTES).toBe(65_536);
  expect(MAXIMUM_RESEED_INTERVAL).toBe(281_474_976_710_656);
  expect(MAXIMUM_STRING_BITS).toBe(34_359_738_368);
});

test("SP 800-90C: a seed lasts 16 KiB, less than a request may ask for", () => {
  expect(MAXIMUM_BITS_PER_SEED).toBe(131_072);
  expect(MAXIMUM_BYTES_PER_SEED).toBe(16_384);
  expect(MAXIMUM_BYTES_PER_SEED).toBeLessThan(MAXIMUM_REQUEST_BYTES);
});

test("s = 256 takes 384 bits to instantiate and 256 to reseed", () => {
  expect(instantiateEntropyBits(256)).toBe(384);
  expect(instantiateEntropyBits(112)).toBe(168);
  expect(reseedEntropyBits(256)).toBe(256);
});

test("64 bits more than come out are full entropy by Output_Entropy too", () => {
  expect(fullEntropyInputBits(256)).toBe(320);
  for (const outputBits of [128, 256, 384, 512]) {
    const inputEntropy = fullEntropyInputBits(outputBits);
    expect(
      negativeLog2Epsilon({
        inputBits: 2 * outputBits + 128,
        outputBits,
        narrowestWidthBits: outputBits,
        inputEntropy,
      }),
    ).toBeGreaterThan(FULL_ENTROPY_NEGATIVE_LOG2_EPSILON);
  }
});

test("strength by hash", () => {
  expect(HASH_SECURITY_STRENGTH["SHA-1"]).toBe(128);
  expect(HASH_SECURITY_STRENGTH["SHA-224"]).toBe(192);
  expect(HASH_SECURITY_STRENGTH["SHA-512"]).toBe(256);
});
