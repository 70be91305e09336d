import Type, { type Static, type TSchema } from "typebox";
import { section, strict } from "./section.ts";

const Health = section(
  {
    alphaIntermittentExponent: Type.Integer({
      minimum: 20,
      maximum: 60,
      default: 40,
      description:
        "An intermittent alarm has a false-alarm probability of 2^-this per test. 2^-40: at 400,000 samples a second 2^-30 would alarm daily on good noise.",
    }),
    alphaPermanentExponent: Type.Integer({
      minimum: 40,
      maximum: 80,
      default: 60,
      description: "The same for the alarm that latches.",
    }),
    startupSamples: Type.Integer({
      minimum: 1024,
      maximum: 1_000_000,
      default: 1024,
      description: "Consecutive samples that must pass before the first is used (SP 800-90B 4.3).",
    }),
    silenceMilliseconds: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 2000,
      description: "A device that sends nothing for this long has failed totally.",
    }),
    lag: Type.Boolean({
      default: true,
      description: "The lag predictor, which sees periods that RCT and APT pass.",
    }),
    blockRepetition: Type.Boolean({
      default: true,
      description: "Alarms when a whole block of samples comes again: a replaying device.",
    }),
    band: Type.Optional(
      Type.Object(
        {
          statistic: Type.Union(
            [Type.Literal("ones_proportion"), Type.Literal("collision_entropy")],
            {
              description: "What is measured over each window.",
            },
          ),
          lower: Type.Number({ description: "Below this the device is worse than its physics." }),
          upper: Type.Number({ description: "Above this it is better than its physics: swapped." }),
          windowSamples: Type.Optional(Type.Integer({ minimum: 1024, maximum: 1_000_000 })),
        },
        { ...strict, description: "Two-sided band, for devices whose physics gives one." },
      ),
    ),
  },
  "The health tests of this source.",
);

const sourceFields = {
  id: Type.String({
    pattern: "^[a-z0-9-]{1,32}$",
    description: "Its name in status, metrics and receipts.",
  }),
  assessed: Type.Optional(
    Type.Object(
      {
        entropy: Type.Number({
          exclusiveMinimum: 0,
          maximum: 8,
          description: "Min-entropy per sample, bits, from an assessment of raw samples.",
        }),
        evidence: Type.String({
          minLength: 8,
          maxLength: 500,
          description: "Where that figure comes from: a report, a file's SHA-256, a study.",
        }),
      },
      { ...strict, description: "Without it the source is tested and mixed in, and credited 0." },
    ),
  ),
  compliant: Type.Optional(
    Type.Object(
      {
        entropy: Type.Number({ exclusiveMinimum: 0, maximum: 8 }),
        certificate: Type.String({ minLength: 2, maxLength: 100 }),
      },
      { ...strict, description: "What an entropy source validation certificate allows." },
    ),
  ),
  raw: Type.Optional(
    Type.Object(
      { evidence: Type.String({ minLength: 8, maxLength: 500 }) },
      {
        ...strict,
        description:
          "You vouch that what this device sends is unwhitened noise, and say why. Without it, a device that cannot confirm its raw mode is credited 0.",
      },
    ),
  ),
  physical: Type.Optional(
    Type.Boolean({ description: "A physical noise source (SP 800-90C); default by family." }),
  ),
  testedEntropy: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 8,
      description:
        "Min-entropy per sample that the health tests assume while nothing is assessed; default 0.5 a bit.",
    }),
  ),
  component: Type.Union([Type.Literal("HMAC-SHA-512"), Type.Literal("HMAC-SHA-256")], {
    default: "HMAC-SHA-512",
    description: "The vetted conditioning component. One SHA-512 block carries a whole seed.",
  }),
  samplesPerSecond: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 50_000_000,
      description:
        "The device's rate: paces endless sources, and false alarms are computed from it.",
    }),
  ),
  health: Health,
};

const Framing = Type.Object(
  {
    bitsPerSample: Type.Integer({ minimum: 1, maximum: 8 }),
    mapping: Type.Union([
      Type.Literal("byte"),
      Type.Literal("bits-msb-first"),
      Type.Literal("bits-lsb-first"),
      Type.Literal("low-bits"),
    ]),
  },
  {
    ...strict,
    description: "How bytes become samples, where no document of the vendor settles it.",
  },
);

const serialFields = {
  path: Type.Optional(
    Type.String({ minLength: 1, description: "A fixed path, such as /dev/ttyACM0." }),
  ),
  vendorId: Type.Optional(
    Type.String({
      pattern: "^[0-9a-fA-F]{4}$",
      description: "USB identity, as `lsusb` prints it; by default the family's.",
    }),
  ),
  productId: Type.Optional(Type.String({ pattern: "^[0-9a-fA-F]{4}$" })),
  serialNumber: Type.Optional(
    Type.String({
      minLength: 1,
      description: "Only the device with this USB serial number; needs vendorId and productId.",
    }),
  ),
  settleBytes: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 10_000_000, description: "Thrown away after each open." }),
  ),
};

function kindOf<K extends string, P extends Record<string, TSchema>>(
  kind: K,
  properties: P,
  description: string,
) {
  return Type.Object(
    { kind: Type.Literal(kind), ...sourceFields, ...properties },
    { ...strict, description },
  );
}

/** One schema for each kind of source, so that a fault names the field of that kind. */
export const SOURCE_SCHEMAS = {
  "serial-truerng": kindOf("serial-truerng", serialFields, "TrueRNG v1 to v3: whitened inside."),
  "serial-truerngpro": kindOf(
    "serial-truerngpro",
    {
      ...serialFields,
      framing: Type.Optional(Framing),
      mode: Type.Union(
        [Type.Literal("RAW_BIN"), Type.Literal("UNWHITENED"), Type.Literal("NORMAL")],
        {
          default: "RAW_BIN",
          description: "Set by the baud knock. UNWHITENED is a V2's; NORMAL is whitened.",
        },
      ),
    },
    "TrueRNGpro and pro V2.",
  ),
  "serial-onerng": kindOf("serial-onerng", serialFields, "OneRNG, raw avalanche mode (cmd1)."),
  "serial-generic": kindOf(
    "serial-generic",
    {
      ...serialFields,
      framing: Type.Optional(Framing),
      baudRate: Type.Integer({ minimum: 50, maximum: 20_000_000, default: 115_200 }),
    },
    "Any serial device that sends noise by itself.",
  ),
  "character-device": kindOf(
    "character-device",
    { path: Type.String({ minLength: 1 }), framing: Type.Optional(Framing) },
    "A character device or FIFO, such as /dev/hwrng.",
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
    "TPM 2.0, by TPM2_GetRandom. Its output is a DRBG's.",
  ),
  program: kindOf(
    "program",
    {
      command: Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        maxItems: 100,
        description: "Program and arguments; no shell.",
      }),
      framing: Type.Optional(Framing),
    },
    "An external program's stdout, such as `infnoise --raw`.",
  ),
  recording: kindOf(
    "recording",
    {
      path: Type.String({ minLength: 1 }),
      bitsPerSample: Type.Integer({ minimum: 1, maximum: 8 }),
    },
    "A file of samples, one a byte. For trials: it is known to whoever holds the file.",
  ),
} as const;

type Sources = typeof SOURCE_SCHEMAS;
export type SourceConfiguration = { [K in keyof Sources]: Static<Sources[K]> }[keyof Sources];

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
  const perByte = "framing" in source && source.framing?.mapping.startsWith("bits") ? 8 : 1;
  return (bytes[source.kind as keyof typeof bytes] ?? 50_000) * perByte;
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
