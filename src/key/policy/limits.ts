import type { KeyAlgorithm } from "../../port/key.ts";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { KeyPolicy } from "./policy.ts";
import { operationsCap } from "./purpose.ts";

/** What one version has protected, or what it may. */
export interface Amount {
  readonly operations: number;
  readonly bytes: number;
}

/** All that a version may protect: its policy's limits, and never more than its algorithm's cap. */
export function limitOf(policy: KeyPolicy, algorithm: KeyAlgorithm): Amount {
  return {
    operations: Math.min(policy.maximumOperations ?? Infinity, operationsCap(algorithm)),
    bytes: policy.maximumBytes ?? Number.MAX_SAFE_INTEGER,
  };
}

/** Null when one more operation over so many bytes still fits, else `key_limit_reached`. */
export function overLimit(used: Amount, bytes: number, limit: Amount): Refusal | null {
  if (used.operations + 1 > limit.operations)
    return refuse("key_limit_reached", `The version has done its ${limit.operations} operations.`);
  if (used.bytes + bytes > limit.bytes)
    return refuse(
      "key_limit_reached",
      `The version has ${Math.max(limit.bytes - used.bytes, 0)} bytes left, and this takes ${bytes}.`,
    );
  return null;
}

/**
 * How much to reserve durably ahead of use. What is reserved and not used when the process dies
 * counts as used, so that a counter never goes back; so a range is small against what is left, and
 * begins small: a key that is used once a day loses little.
 * @param before operations in the last range; 0 for the first of this start
 */
export function nextRange(used: Amount, before: number, bytes: number, limit: Amount): Amount {
  const left = { operations: limit.operations - used.operations, bytes: limit.bytes - used.bytes };
  const operations = clamp(
    Math.min(before === 0 ? FIRST_RANGE : before * 2, Math.floor(left.operations / SHARE)),
    1,
    LARGEST_RANGE,
  );
  return {
    operations,
    bytes: clamp(Math.floor(left.bytes / SHARE), bytes, Math.max(bytes, operations * RANGE_BYTES)),
  };
}

const FIRST_RANGE = 16;
/** At 10,000 encryptions a second, one durable write every 0.4 s. */
const LARGEST_RANGE = 4_096;
/** A crash costs a key at most this part of what its limits leave. */
const SHARE = 64;
/** The largest body of an operation. */
const RANGE_BYTES = 65_536;

const clamp = (value: number, least: number, most: number): number =>
  Math.min(Math.max(value, least), most);
