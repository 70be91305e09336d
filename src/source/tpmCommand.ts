/*
 * The two commands of TPM 2.0 that a noise source needs, as bytes. "Part n" is the TCG's Trusted
 * Platform Module Library; everything is big-endian (part 1, 4).
 */

const TPM_ST_NO_SESSIONS = 0x8001;
const TPM_CC_GET_CAPABILITY = 0x0000_017a;
const TPM_CC_GET_RANDOM = 0x0000_017b;
const TPM_CAP_TPM_PROPERTIES = 6;
/** Part 2, 6.13, PT_FIXED + n. Read in one go: the four words of the vendor's string lie between. */
const TPM_PT_MANUFACTURER = 0x105;
const TPM_PT_FIRMWARE_VERSION_1 = 0x10b;
const TPM_PT_FIRMWARE_VERSION_2 = 0x10c;

/** tag, size, response code */
export const HEADER_BYTES = 10;
/** Part 2, 6.12: the reference implementation's buffer; no answer to these commands is longer. */
export const MAXIMUM_RESPONSE_BYTES = 4096;

const NAMES: Readonly<Record<number, string>> = {
  0x01e: "TPM_RC_BAD_TAG", // also what a TPM 1.2 answers
  0x100: "TPM_RC_INITIALIZE",
  0x101: "TPM_RC_FAILURE",
  0x120: "TPM_RC_DISABLED",
  0x12d: "TPM_RC_UPGRADE",
  0x142: "TPM_RC_COMMAND_SIZE",
  0x143: "TPM_RC_COMMAND_CODE",
  0x902: "TPM_RC_OBJECT_MEMORY",
  0x903: "TPM_RC_SESSION_MEMORY",
  0x904: "TPM_RC_MEMORY",
  0x908: "TPM_RC_YIELDED",
  0x909: "TPM_RC_CANCELED",
  0x90a: "TPM_RC_TESTING",
  0x920: "TPM_RC_NV_RATE",
  0x921: "TPM_RC_LOCKOUT",
  0x922: "TPM_RC_RETRY",
  0x923: "TPM_RC_NV_UNAVAILABLE",
};

/** Part 2, 6.6.3: the command was not done, and may be sent again as it stands. */
const TRY_AGAIN: ReadonlySet<number> = new Set([0x908, 0x90a, 0x922]);

export type TpmAnswer =
  | { readonly type: "random"; readonly bytes: Uint8Array }
  | { readonly type: "busy"; readonly detail: string }
  | { readonly type: "fault"; readonly detail: string };

/** TPM2_GetRandom (part 3, 16.1): 12 bytes. @param bytes 1 to 65535; the TPM may give fewer */
export function getRandomCommand(bytes: number): Uint8Array {
  const command = header(12, TPM_CC_GET_RANDOM);
  command.setUint16(10, bytes);
  return new Uint8Array(command.buffer);
}

/** TPM2_GetCapability (part 3, 30.2) for the manufacturer and the firmware version. */
export function getFirmwareCommand(): Uint8Array {
  const command = header(22, TPM_CC_GET_CAPABILITY);
  command.setUint32(10, TPM_CAP_TPM_PROPERTIES);
  command.setUint32(14, TPM_PT_MANUFACTURER);
  command.setUint32(18, TPM_PT_FIRMWARE_VERSION_2 - TPM_PT_MANUFACTURER + 1);
  return new Uint8Array(command.buffer);
}

function header(size: number, commandCode: number): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint16(0, TPM_ST_NO_SESSIONS);
  view.setUint32(2, size);
  view.setUint32(6, commandCode);
  return view;
}

/** The length a response says it has, from its first 10 bytes; null when that cannot be true. */
export function responseSize(head: Uint8Array): number | null {
  const size = viewOf(head).getUint32(2);
  return size >= HEADER_BYTES && size <= MAXIMUM_RESPONSE_BYTES ? size : null;
}

/**
 * Checks a response to TPM2_GetRandom.
 * @returns the bytes as a view into `response`, at most `asked` and at least 1
 */
export function parseRandom(response: Uint8Array, asked: number): TpmAnswer {
  const fault = checkHeader(response);
  if (fault) return fault;
  if (response.length < HEADER_BYTES + 2) {
    return { type: "fault", detail: `TPM2_GetRandom: an answer of ${response.length} bytes` };
  }
  const size = viewOf(response).getUint16(HEADER_BYTES);
  if (size > asked || size === 0 || response.length !== HEADER_BYTES + 2 + size) {
    return {
      type: "fault",
      detail: `TPM2_GetRandom: ${size} bytes announced, ${asked} asked for, answer of ${response.length} bytes`,
    };
  }
  return { type: "random", bytes: response.subarray(HEADER_BYTES + 2) };
}

/** `IBM 2020.1.0.0`-like, from a response to TPM2_GetCapability; null when it holds no such thing. */
export function parseFirmware(response: Uint8Array): string | null {
  if (checkHeader(response) || response.length < HEADER_BYTES + 9) return null;
  const view = viewOf(response);
  const count = view.getUint32(HEADER_BYTES + 5);
  if (count > 64 || response.length < HEADER_BYTES + 9 + 8 * count) return null;
  const properties = new Map<number, number>();
  for (let index = 0; index < count; index += 1) {
    const offset = HEADER_BYTES + 9 + 8 * index;
    properties.set(view.getUint32(offset), view.getUint32(offset + 4));
  }
  const high = properties.get(TPM_PT_FIRMWARE_VERSION_1);
  if (high === undefined) return null;
  const low = properties.get(TPM_PT_FIRMWARE_VERSION_2) ?? 0;
  const maker = properties.get(TPM_PT_MANUFACTURER) ?? 0;
  const letters = [24, 16, 8, 0].map((shift) => String.fromCharCode((maker >>> shift) & 0xff));
  const name = letters.join("").replace(/[^\x21-\x7e]/g, "");
  const version = [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].join(".");
  return `${name} ${version}`.trim();
}

function checkHeader(response: Uint8Array): TpmAnswer | null {
  if (response.length < HEADER_BYTES || responseSize(response) !== response.length) {
    return {
      type: "fault",
      detail: `a TPM answer of ${response.length} bytes with a false length`,
    };
  }
  const code = viewOf(response).getUint32(6);
  if (code === 0) return null;
  const name = NAMES[code];
  const detail = `response code 0x${code.toString(16).padStart(3, "0")}${name ? ` ${name}` : ""}`;
  return { type: TRY_AGAIN.has(code) ? "busy" : "fault", detail };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
