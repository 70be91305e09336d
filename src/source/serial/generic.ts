import { BYTES, type Framing } from "../symbols.ts";
import type { DeviceSelector } from "./find.ts";
import { UNTESTED, type SerialDriver, type SerialOptions } from "./serialSession.ts";

/** Anything that streams over a serial port without being asked. */
export interface GenericSerialOptions extends SerialOptions {
  readonly family: "generic";
  /** Nothing tells such a device from another, so it has to be named. */
  readonly device: DeviceSelector;
  readonly baudRate: number;
  /** Default: a byte is a sample. */
  readonly framing?: Framing;
  /** The operator's evidence that the bytes are raw noise; null, the default, without. */
  readonly vouched?: string | null;
}

export function genericDriver(options: GenericSerialOptions): SerialDriver {
  const { baudRate, framing = BYTES, vouched = null, settleBytes = 4096 } = options;
  if (!Number.isSafeInteger(baudRate) || baudRate < 50) {
    throw new RangeError(`baudRate must be a whole number >= 50, not ${baudRate}`);
  }
  const mode = `stream at ${baudRate} baud`;
  return {
    family: "generic",
    kind: "serial-generic",
    baudRate,
    framing,
    settleBytes,
    async start() {
      return {
        mode: vouched === null ? mode : `${mode}, vouched for: ${vouched}`,
        firmware: null,
        rawConfirmed: vouched !== null,
        caveats: [
          "Nothing is known of this device but what the configuration says.",
          ...(vouched === null ? ["Nobody vouched for the noise being raw."] : []),
          UNTESTED,
        ],
      };
    },
  };
}
