/*
 * Where things are in the kernel's memory of two pages of 64 KiB. Words are little-endian there, as
 * WebAssembly has them; what goes in and out as bytes is big-endian (FIPS 180-4 3.1).
 */

/** Constants of the module: the pool, and the initial hash value. */
export const POOL = 0;
export const INITIAL = 0x0400;

/** The state of one HMAC_DRBG; four of these in a row, one for each lane. */
export const CONTEXTS = 0x1000;
export const CONTEXT_BYTES = 0x80;
export const LANES = 4;
/** Within a context: the hash values after HMAC's inner and outer pad, K, and V. */
export const INNER = 0x00;
export const OUTER = 0x20;
export const KEY = 0x40;
export const VALUE = 0x60;

/** What a call works with, wiped after it. A MAC's hash value, its block as bytes, and its result. */
export const SCRATCH = 0x2000;
export const STATE = 0x2000;
export const MESSAGE = 0x2020;
export const RESULT = 0x2060;
/** A block as words, a hash value, and of four lanes side by side: inner, outer, V and a hash value. */
export const BLOCK = 0x2080;
export const DIGEST = 0x20c0;
export const FOUR_INNER = 0x2100;
export const FOUR_OUTER = 0x2180;
export const FOUR_VALUE = 0x2200;
export const FOUR_DIGEST = 0x2280;
export const SCRATCH_END = 0x2300;

/** Output, 64 KiB; each of four lanes has a quarter of it. */
export const OUTPUT = 0x1_0000;
export const OUTPUT_BYTES = 0x1_0000;
export const LANE_OUTPUT_BYTES = OUTPUT_BYTES / LANES;
export const PAGES = 2;
