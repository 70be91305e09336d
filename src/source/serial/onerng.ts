import { BYTES } from "../symbols.ts";
import { OneRngVersionParser } from "./onerngAnswer.ts";
import { SessionEnded, type Scope } from "./scope.ts";
import type { SerialLine } from "./serialLine.ts";
import { UNTESTED, type SerialDriver, type SerialOptions } from "./serialSession.ts";

/**
 * The command's digit is a mask: bit 0 switches the CRC whitener off, bit 1 the radio on, bit 2 the
 * avalanche diode off. 4 and 5 have no source at all.
 */
const NOISE = {
  cmd0: { words: "avalanche, whitened", raw: false },
  cmd1: { words: "avalanche raw", raw: true },
  cmd2: { words: "avalanche and radio, whitened", raw: false },
  cmd3: { words: "avalanche and radio raw", raw: true },
  cmd6: { words: "radio, whitened", raw: false },
  cmd7: { words: "radio raw", raw: true },
} as const;

export type OneRngNoise = keyof typeof NOISE;

/** OneRNG, internal or external: 1d50:6086. */
export interface OneRngOptions extends SerialOptions {
  readonly family: "onerng";
  /** Default cmd1, the raw avalanche noise. */
  readonly noise?: OneRngNoise;
  /** How long the device may take to answer `cmdv`. Default 2 s. */
  readonly answerTimeoutMilliseconds?: number;
  /** The operator's evidence for a firmware whose source this driver's author did not read. */
  readonly vouched?: string | null;
}

/** Their public source sets all three bits of the mask from the one digit. */
const KNOWN_FIRMWARE = new Set([2, 3]);

/** The largest pool (7 KiB at 350 kbit/s is 0.16 s) and a slow hub, several times over. */
const QUIET_MILLISECONDS = 100;
const STOP_TIMEOUT_MILLISECONDS = 1_500;
/** With every source off nothing may come for this long: ten packets' worth at the device's rate. */
const SILENCE_MILLISECONDS = 150;
const FAREWELL_MILLISECONDS = 100;

/**
 * The protocol cannot ask a device for its mask. What this handshake takes for a confirmation:
 * the device stops at `cmdo`, names a firmware whose source is known, sends nothing while it runs
 * with `cmd4` (so it obeys the mask), and sends again once the mask is the configured one. The
 * whitener's bit is part of that same mask and shows in no other way.
 */
export function oneRngDriver(options: OneRngOptions): SerialDriver {
  const { noise = "cmd1", vouched = null, settleBytes = 4096 } = options;
  const { words, raw } = NOISE[noise];
  return {
    family: "onerng",
    kind: "serial-onerng",
    baudRate: 9600,
    framing: BYTES,
    settleBytes,
    async start(line, _port, scope) {
      await line.write("cmdo\ncmd4\ncmdw\n");
      await untilQuiet(line, scope);
      const version = await askVersion(line, scope, options.answerTimeoutMilliseconds ?? 2_000);
      await expectSilence(line, scope);
      await line.write(`cmdo\n${noise}\ncmdw\ncmdO\n`);
      const known = KNOWN_FIRMWARE.has(version);
      const caveats = [UNTESTED];
      if (!raw) caveats.push("The mask that was chosen whitens with a CRC inside the device.");
      else caveats.push("The whitener's bit of the mask cannot be read back.");
      if (raw && !known) caveats.push(`The source of firmware version ${version} is not known.`);
      return {
        mode: `${noise} (${words})${raw && vouched !== null ? `, vouched for: ${vouched}` : ""}`,
        firmware: `Version ${version}`,
        rawConfirmed: raw && (known || vouched !== null),
        caveats,
      };
    },
    async stop(line) {
      await line.farewell("cmdo\n", FAREWELL_MILLISECONDS);
    },
  };
}

/** Reads away what was under way. A device that goes on is no OneRNG. */
async function untilQuiet(line: SerialLine, scope: Scope): Promise<void> {
  let heard = false;
  line.listen(() => (heard = true));
  for (let waited = 0; waited < STOP_TIMEOUT_MILLISECONDS; waited += QUIET_MILLISECONDS) {
    heard = false;
    await scope.sleep(QUIET_MILLISECONDS);
    if (!heard) return;
  }
  throw new SessionEnded(
    "protocol",
    `${line.path} went on sending after cmdo (pause): it is no OneRNG`,
  );
}

async function askVersion(line: SerialLine, scope: Scope, milliseconds: number): Promise<number> {
  const parser = new OneRngVersionParser();
  const answer = Promise.withResolvers<number>();
  answer.promise.catch(() => {});
  const noAnswer = `${line.path} did not answer cmdv with its version`;
  line.listen((bytes) => {
    const result = parser.push(bytes);
    if (result.type === "version" && result.rest === 0) answer.resolve(result.version);
    else if (result.type !== "more") {
      const what = result.type === "none" ? noAnswer : `${line.path} sent more than its version`;
      answer.reject(new SessionEnded("protocol", what));
    }
  });
  // A paused device answers nothing, not even this; with cmd4 it has nothing else to send.
  await line.write("cmdv\ncmdO\n");
  const end = { reason: "silent", detail: `${noAnswer} within ${milliseconds} ms` } as const;
  try {
    return await scope.wait(answer.promise, { milliseconds, end });
  } catch (error) {
    const late = error instanceof SessionEnded && error.end.reason === "silent";
    if (!late || parser.bytes === 0) throw error;
    throw new SessionEnded("protocol", `${noAnswer}, but sent ${parser.bytes} other bytes`);
  }
}

async function expectSilence(line: SerialLine, scope: Scope): Promise<void> {
  let bytes = 0;
  line.listen((received) => (bytes += received.length));
  await scope.sleep(SILENCE_MILLISECONDS);
  if (bytes === 0) return;
  throw new SessionEnded(
    "protocol",
    `${line.path} sent ${bytes} bytes with every source off (cmd4): it does not obey the mask`,
  );
}
