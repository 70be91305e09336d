/** SP 800-90A table 2: 2^19 bits a request. */
export const MAXIMUM_BYTES = 65_536;
export const DEFAULT_BYTES = 32;
