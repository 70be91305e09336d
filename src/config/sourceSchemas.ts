import Type, { type Static, type TSchema, type TSchemaOptions } from "typebox";
import { checkFraming } from "../source/symbols.ts";
import { show } from "./faults.ts";
import { claimFields, physical, serialFields, sourceFields, streamFields } from "./sourceFields.ts";
import { strict } from "./section.ts";

function kindOf<K extends string, P extends Record<string, TSchema>>(
  kind: K,
  properties: P,
  description: string,
) {
  return Type.Object(
    {
      kind: Type.Literal(kind, { description: "Which adapter speaks to the device." }),
      ...sourceFields,
      ...properties,
    },
    { ...strict, description },
  );
}

function oneOf<T extends string>(values: readonly T[], options: TSchemaOptions) {
  return Type.Union(
    values.map((value) => Type.Literal(value)),
    options,
  );
}

/** Modes in which a device whitens inside: they are tested and mixed in, and never credited. */
const WHITENED: readonly string[] = ["NORMAL", "RNG1WHITE", "RNG2WHITE", "cmd0", "cmd2", "cmd6"];

/** TypeBox gives no defaults where other names are refused, so `environmentFaults` refuses them. */
const ENVIRONMENT_NAME = /^[A-Za-z][A-Za-z0-9_]{0,99}$/;

/** No NUL: the operating system would take it for the end. */
const Word = Type.String({ minLength: 1, pattern: "^[^\\u0000]*$" });

/**
 * One schema for each kind of source, so that a fault names the field of that kind. Only what can be
 * credited has the fields of a claim: a claim must not be ignored.
 */
export const SOURCE_SCHEMAS = {
  "serial-truerng": kindOf(
    "serial-truerng",
    serialFields,
    "TrueRNG v1 to v3. It whitens inside and has no raw mode, so it is never credited.",
  ),
  "serial-truerngpro": kindOf(
    "serial-truerngpro",
    {
      ...claimFields,
      ...serialFields,
      framing: streamFields.framing,
      mode: oneOf(["RAW_BIN", "UNWHITENED", "NORMAL", "RNG1WHITE", "RNG2WHITE"] as const, {
        default: "RAW_BIN",
        description:
          "Set by the baud knock. RAW_BIN: samples of the ADC. UNWHITENED: a V2's alone. The others are whitened and never credited.",
      }),
    },
    "TrueRNGpro and pro V2. It confirms no mode: credited only with raw.",
  ),
  "serial-onerng": kindOf(
    "serial-onerng",
    {
      ...claimFields,
      ...serialFields,
      noise: oneOf(["cmd1", "cmd3", "cmd7", "cmd0", "cmd2", "cmd6"] as const, {
        default: "cmd1",
        description:
          "cmd1: raw avalanche noise; cmd3: avalanche and radio; cmd7: radio. cmd0, cmd2 and cmd6 are the same, whitened and never credited.",
      }),
    },
    "OneRNG. Its handshake confirms the raw mode of firmware 2 and 3; another needs raw.",
  ),
  "serial-generic": kindOf(
    "serial-generic",
    {
      ...claimFields,
      ...serialFields,
      framing: streamFields.framing,
      baudRate: Type.Integer({
        minimum: 50,
        maximum: 20_000_000,
        default: 115_200,
        description: "Of no meaning to most USB devices; a UART needs its own.",
      }),
    },
    "Any serial device that sends noise by itself; path, or vendorId and productId, names it. Credited only with raw.",
  ),
  "character-device": kindOf(
    "character-device",
    {
      ...claimFields,
      ...streamFields,
      physical,
      path: Type.String({ minLength: 1, description: "Such as /dev/hwrng." }),
      reader: oneOf(["nonblocking", "process"] as const, {
        default: "nonblocking",
        description:
          "nonblocking needs a driver that honours O_NONBLOCK, as the kernel's hw_random does; process reads through dd, which can be killed in the middle of a read.",
      }),
    },
    "A character device, or a FIFO that another program writes into. Credited only with raw.",
  ),
  tpm: kindOf(
    "tpm",
    {
      address: Type.String({
        pattern: "^(/.+|tcp://[^:/]+:[0-9]{1,5})$",
        default: "/dev/tpmrm0",
        description: "A TPM device, or tcp://HOST:PORT of a simulator.",
      }),
    },
    "TPM 2.0, by TPM2_GetRandom. Its output is a DRBG's, so it is never credited.",
  ),
  program: kindOf(
    "program",
    {
      ...claimFields,
      ...streamFields,
      physical,
      command: Type.Array(Word, {
        minItems: 1,
        maxItems: 100,
        description: "Program and arguments; no shell.",
      }),
      environment: Type.Optional(
        Type.Record(
          Type.String({ pattern: ENVIRONMENT_NAME.source }),
          Type.String({ maxLength: 10_000, pattern: "^[^\\u0000]*$" }),
          {
            description:
              "What it gets beside PATH, HOME, LANG, LC_ALL and TZ; nothing else does it.",
          },
        ),
      ),
    },
    "An external program's stdout, such as `infnoise --raw`. Credited only with raw.",
  ),
  recording: kindOf(
    "recording",
    {
      path: Type.String({ minLength: 1, description: "One sample a byte, as `capture` writes." }),
      bitsPerSample: Type.Integer({
        minimum: 1,
        maximum: 8,
        description: "As the recording's manifest has it.",
      }),
    },
    "A file of samples, one a byte. For trials: whoever holds the file knows it, so it is never credited.",
  ),
} as const;

type Sources = typeof SOURCE_SCHEMAS;
type Claims = Partial<Pick<Static<Sources["program"]>, "assessed" | "compliant" | "raw">>;
/** Where a kind cannot be credited its schema has no claim, and here it is undefined. */
export type SourceConfiguration = {
  [K in keyof Sources]: Static<Sources[K]>;
}[keyof Sources] &
  Claims & { readonly physical?: boolean };

/** Whether what comes is whitened, or known to others, so that no claim for it can hold. */
export function isWhitened(source: SourceConfiguration): boolean {
  if (source.kind === "serial-truerngpro") return WHITENED.includes(source.mode);
  if (source.kind === "serial-onerng") return WHITENED.includes(source.noise);
  return !("assessed" in SOURCE_SCHEMAS[source.kind].properties);
}

/** Whether a device of this kind can confirm by itself that its samples are raw. */
export function confirmsRaw({ kind }: SourceConfiguration): boolean {
  return kind === "serial-onerng";
}

/** Whether it counts where only physical sources do: every serial device does. */
export function isPhysical(source: SourceConfiguration): boolean {
  return source.kind.startsWith("serial-") || source.physical === true;
}

/** Names that no variable of a program's environment may have. */
export function environmentFaults(source: SourceConfiguration): string[] {
  if (source.kind !== "program") return [];
  return Object.keys(source.environment ?? {})
    .filter((name) => !ENVIRONMENT_NAME.test(name))
    .map(
      (name) =>
        `environment: ${show(name)} is no name; needs text that matches ${ENVIRONMENT_NAME.source}`,
    );
}

/** @returns what contradicts itself in the framing; null when nothing does */
export function framingFault(source: SourceConfiguration): string | null {
  if (!("framing" in source) || source.framing === undefined) return null;
  try {
    checkFraming(source.framing);
    return null;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
}

/** Min-entropy per sample at which a source is health-tested: the claim, or half a bit a bit. */
export function testedEntropy(source: SourceConfiguration): number {
  return source.assessed?.entropy ?? source.testedEntropy ?? bitsPerSample(source) / 2;
}

/** Width of a sample: the framing's where there is one, else a byte (TrueRNG, OneRNG, TPM). */
export function bitsPerSample(source: SourceConfiguration): number {
  if (source.kind === "recording") return source.bitsPerSample;
  return ("framing" in source ? source.framing?.bitsPerSample : undefined) ?? 8;
}

/** Samples a second by which false alarms are budgeted; by family where it is not configured. */
export function samplesPerSecond(source: SourceConfiguration): number {
  if (source.samplesPerSecond !== undefined) return source.samplesPerSecond;
  // 3.3 Mbit/s is the V2's self-test floor; 400 kbit/s a TrueRNG's; hwrng and TPM are slow devices.
  const bytes = {
    "serial-truerngpro": 412_500,
    "character-device": 10_000,
    tpm: 4096,
    recording: 65_536,
  };
  return (bytes[source.kind as keyof typeof bytes] ?? 50_000) * samplesPerByte(source);
}

function samplesPerByte(source: SourceConfiguration): number {
  const framing = "framing" in source ? source.framing : undefined;
  if (framing?.mapping.startsWith("bits-")) return 8 / framing.bitsPerSample;
  return 1 / (framing?.bytesPerSample ?? 1);
}

/** The options of a source's health monitor. */
export function healthOptions(source: SourceConfiguration) {
  const { lag, blockRepetition, band, ...rest } = source.health;
  return {
    ...rest,
    bitsPerSample: bitsPerSample(source),
    minEntropyPerSample: testedEntropy(source),
    samplesPerSecond: samplesPerSecond(source),
    lag,
    blockRepetition,
    ...(band ? { band } : {}),
  };
}
