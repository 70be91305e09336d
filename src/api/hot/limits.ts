/** A head is a few hundred bytes and comes at once; who trickles it holds a descriptor for this long. */
export const HEADERS_TIMEOUT_MILLISECONDS = 10_000;
export const REQUEST_TIMEOUT_MILLISECONDS = 30_000;
export const KEEP_ALIVE_MILLISECONDS = 60_000;
/** Of each listener. */
export const MAXIMUM_CONNECTIONS = 4096;
