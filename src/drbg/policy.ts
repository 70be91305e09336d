import type { Shape } from "../port/lineage.ts";
import { MAXIMUM_BYTES_PER_SEED, MAXIMUM_REQUEST_BYTES } from "../standard/limits.ts";
import type { Door } from "../port/lineage.ts";

/** SP 800-90A: what every instance here is instantiated at. */
export const SECURITY_STRENGTH = 256;

/** How long one seed lasts: whichever limit comes first. The age counts from taking its material. */
export interface SeedLimits {
  readonly bytes: number;
  readonly requests: number;
  readonly ageMilliseconds: number;
}

/**
 * SP 800-90C 5: 2^17 bits. Every generate gives at least a byte, so that limits the requests too.
 * The age is policy: an idle service should not answer from a state of yesterday.
 */
export const RBG2_LIMITS: SeedLimits = {
  bytes: MAXIMUM_BYTES_PER_SEED,
  requests: MAXIMUM_BYTES_PER_SEED,
  ageMilliseconds: 600_000,
};

/** Policy (DESIGN 4.7): 2^27 bits, 2^16 requests or a minute. */
export const RBGC_LIMITS: SeedLimits = {
  bytes: 2 ** 24,
  requests: 2 ** 16,
  ageMilliseconds: 60_000,
};

/** @throws RangeError when an RBG2's limits exceed the standard's, or a limit is not positive */
export function seedLimits(shape: Shape, overrides: Partial<SeedLimits> = {}): SeedLimits {
  const standard = shape === "RBGC" ? RBGC_LIMITS : RBG2_LIMITS;
  const limits = { ...standard, ...overrides };
  if (!(limits.bytes >= 1 && limits.requests >= 1 && limits.ageMilliseconds > 0)) {
    throw new RangeError("a seed's limits are positive");
  }
  if (shape !== "RBGC" && limits.bytes > RBG2_LIMITS.bytes) {
    throw new RangeError(`an RBG2 gives at most ${RBG2_LIMITS.bytes} bytes a seed`);
  }
  return limits;
}

/** The longest single generate: requests are split at 16 KiB in an RBG2. */
export function generateBytes(limits: SeedLimits): number {
  return Math.min(limits.bytes, MAXIMUM_REQUEST_BYTES);
}

/** The most seeds that one request can use up. */
export function seedsOfLongestRequest(limits: SeedLimits): number {
  return Math.ceil(MAXIMUM_REQUEST_BYTES / limits.bytes);
}

/** Durable seeds that are kept ahead of need: at least, and when many are used. */
export interface PreparedSeeds {
  readonly least: number;
  readonly most: number;
}

/**
 * Bulk doors need more, and a parent answers at once. Beyond the most a door waits for the disk; so
 * many may be thrown away unused, which is dearer where they are of noise.
 */
export function preparedSeeds(shape: Shape, door: Door): PreparedSeeds {
  if (door === "fresh") return { least: 0, most: 0 };
  if (shape === "RBGC") return { least: 1, most: 128 };
  return { least: door === "stream" || door === "websocket" ? 8 : 2, most: 32 };
}

/** How long a request waits for records to become durable: as long as a stop may take. */
export const RECORD_MILLISECONDS = 5000;
