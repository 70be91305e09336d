import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";

/** A larger manifest is not one of ours, and is not read into memory. */
export const MAXIMUM_MANIFEST_BYTES = 65_536;

/** No control characters: these words are printed on terminals and into reports. */
export const line = (maximum: number) =>
  Type.String({ maxLength: maximum, pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]*$" });
const lineOrNull = Type.Union([line(200), Type.Null()]);
const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** As `line`, but of several lines. */
const NOTE = "^[^\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f]*$";
const strict = { additionalProperties: false } as const;

const Device = Type.Object(
  {
    location: line(4096),
    vendorId: lineOrNull,
    productId: lineOrNull,
    serialNumber: lineOrNull,
    firmware: lineOrNull,
    mode: line(200),
    rawConfirmed: Type.Boolean(),
    caveats: Type.Array(line(500), { maxItems: 50 }),
  },
  strict,
);

/**
 * What is known of a recording (SP 800-90B 3.2.4 item 5 wants the conditions of a collection kept).
 * It stands in FILE.json beside FILE, which holds one symbol a byte, right-justified, and nothing else.
 */
export const RECORDING_MANIFEST = Type.Object(
  {
    format: Type.Literal("springhouse-recording-1"),
    source: line(32),
    kind: line(40),
    device: Type.Union([Device, Type.Null()]),
    bitsPerSample: Type.Integer({ minimum: 1, maximum: 8 }),
    configurationVersion: line(200),
    host: line(255),
    /** Unix milliseconds of the first and the last sample's arrival. */
    fromMilliseconds: count,
    toMilliseconds: count,
    firstSequence: count,
    samples: count,
    /** Lower-case hexadecimal, of FILE. */
    sha256: Type.String({ pattern: "^[0-9a-f]{64}$" }),
    /**
     * What came between the rows of a restart matrix (SP 800-90B 3.1.4): nothing, a mere re-open of
     * the device, or a reset of the noise source itself. Only `reset` is what the standard asks for.
     */
    restart: Type.Union([Type.Literal("none"), Type.Literal("reopen"), Type.Literal("reset")]),
    /** Samples of one row when there were restarts, else null: the file is one consecutive run. */
    samplesPerRestart: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
    /** Bytes that the source threw away after each restart, before a row's first sample. */
    settleBytesPerRestart: Type.Optional(count),
    /** The service's signed note on what it gave (`springhouse verify FILE`); words of others have none. */
    attestation: Type.Optional(Type.String({ maxLength: 32_768, pattern: NOTE })),
  },
  strict,
);

export type RecordingManifest = Static<typeof RECORDING_MANIFEST>;

const VALIDATOR = Compile(RECORDING_MANIFEST);

export type ParsedManifest =
  | { readonly ok: true; readonly manifest: RecordingManifest }
  | { readonly ok: false; readonly detail: string };

/** @param text the content of a FILE.json, from anybody */
export function parseManifest(text: string): ParsedManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, and that may be anything.
    return { ok: false, detail: "it is not JSON" };
  }
  if (!VALIDATOR.Check(value)) {
    const [error] = VALIDATOR.Errors(value);
    const place = printable(error?.instancePath ?? "") || "the whole";
    return {
      ok: false,
      detail: `${place}: ${printable(error?.message ?? "is not as it should be")}`,
    };
  }
  const fault = contradiction(value);
  return fault ? { ok: false, detail: fault } : { ok: true, manifest: value };
}

/** What the fields of a manifest say against each other; null when nothing. */
export function contradiction(manifest: RecordingManifest): string | null {
  const { samples, samplesPerRestart, restart } = manifest;
  if (manifest.toMilliseconds < manifest.fromMilliseconds) return "it ends before it begins";
  if ((restart === "none") !== (samplesPerRestart === null)) {
    return "restart and samplesPerRestart contradict each other";
  }
  if (samplesPerRestart !== null && samples % samplesPerRestart !== 0) {
    return `${samples} samples are not a whole number of rows of ${samplesPerRestart}`;
  }
  return null;
}

/** Of a text from anybody, what may stand on a terminal. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 200);
}
