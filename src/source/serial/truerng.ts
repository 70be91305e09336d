import { BYTES } from "../symbols.ts";
import { UNTESTED, type SerialDriver, type SerialOptions } from "./serialSession.ts";

/** TrueRNG v1, v2 and v3: USB 04d8:f5fe. There is nothing to choose: it has one mode. */
export interface TrueRngOptions extends SerialOptions {
  readonly family: "truerng";
}

/** It streams as soon as DTR is on, at any baud rate, and there is no raw mode to ask it for. */
export function trueRngDriver({ settleBytes = 4096 }: TrueRngOptions): SerialDriver {
  return {
    family: "truerng",
    kind: "serial-truerng",
    baudRate: 9600,
    framing: BYTES,
    // What a tty's line discipline holds at most (N_TTY_BUF_SIZE): bytes from before this session.
    settleBytes,
    async start() {
      return {
        mode: "stream (whitened)",
        firmware: null,
        rawConfirmed: false,
        caveats: ["The device whitens inside and has no raw mode.", UNTESTED],
      };
    },
  };
}
