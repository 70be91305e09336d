import { BYTES, type Framing } from "../symbols.ts";
import { TRUERNGPRO_V2_PRODUCT, type LocatedPort } from "./find.ts";
import { SessionEnded } from "./scope.ts";
import { SerialLine } from "./serialLine.ts";
import { UNTESTED, type SerialDriver, type SerialOptions } from "./serialSession.ts";

/** The binary modes, and the baud rate that chooses each. The ASCII modes are for people. */
const MODES = {
  /** Both generators combined, then a Mersenne Twister. */
  NORMAL: { baudRate: 300, raw: false, v2Only: false },
  RNG1WHITE: { baudRate: 4800, raw: false, v2Only: false },
  RNG2WHITE: { baudRate: 9600, raw: false, v2Only: false },
  /** ADC samples. */
  RAW_BIN: { baudRate: 19_200, raw: true, v2Only: false },
  /** RNG1 - RNG2, not whitened. */
  UNWHITENED: { baudRate: 57_600, raw: true, v2Only: true },
} as const;

export type TrueRngProMode = keyof typeof MODES;

/** TrueRNGpro (16d0:0aa0) and TrueRNGpro V2 (04d8:ebb5). */
export interface TrueRngProOptions extends SerialOptions {
  readonly family: "truerngpro";
  /** Default RAW_BIN. UNWHITENED is V2's alone. */
  readonly mode?: TrueRngProMode;
  /**
   * How the mode's bytes hold samples; no document says. Default: a byte is a sample. Look at a
   * capture (`springhouse capture`) before you rely on it.
   */
  readonly framing?: Framing;
  /**
   * The operator's evidence that these bytes are raw noise (a report, a capture's hash); null
   * without. The device confirms nothing, so without it the credit is 0. Ignored in a whitened mode.
   */
  readonly vouched?: string | null;
}

/**
 * The knock: open and close at 110, 300 and 110 baud. The vendor's script holds the first for half
 * a second and the others for as long as Python takes; 100 ms gives a slow hub time for each.
 */
const KNOCK = [
  { baudRate: 110, holdMilliseconds: 500 },
  { baudRate: 300, holdMilliseconds: 100 },
  { baudRate: 110, holdMilliseconds: 100 },
] as const;

export function trueRngProDriver(options: TrueRngProOptions): SerialDriver {
  const { mode = "RAW_BIN", framing = BYTES, vouched = null, settleBytes = 65_536 } = options;
  const { baudRate, raw, v2Only } = MODES[mode];
  const caveats = [
    "The device confirms neither its mode nor that the knock was understood.",
    ...(raw
      ? ["No document describes the framing of this mode: it is the operator's claim."]
      : ["This mode is whitened by a Mersenne Twister inside the device."]),
    ...(raw && vouched === null ? ["Nobody vouched for the noise being raw."] : []),
    UNTESTED,
  ];
  return {
    family: "truerngpro",
    kind: "serial-truerngpro",
    baudRate,
    framing,
    // 0.16 s of the fastest model's 3.3 Mbit/s: past the buffers of the mode before.
    settleBytes,
    async prepare(port, scope) {
      if (v2Only) refuseFirstModel(port, mode);
      for (const step of KNOCK) {
        const line = await SerialLine.open(port.path, step.baudRate, scope);
        try {
          await scope.sleep(step.holdMilliseconds);
          await line.release();
        } finally {
          await line.close();
        }
      }
    },
    async start() {
      return {
        mode: vouched === null || !raw ? mode : `${mode}, vouched for: ${vouched}`,
        firmware: null,
        rawConfirmed: raw && vouched !== null,
        caveats,
      };
    },
  };
}

/** A first model would stay in its whitened mode without a word. */
function refuseFirstModel({ path, productId }: LocatedPort, mode: TrueRngProMode): void {
  if (productId === null || productId === TRUERNGPRO_V2_PRODUCT) return;
  throw new SessionEnded(
    "protocol",
    `${path} is a first TrueRNGpro (product ${productId}); only V2 has the mode ${mode}`,
  );
}
