import Type from "typebox";
import { Health } from "./healthSchema.ts";
import { strict } from "./section.ts";

/** Fields of every kind of source. */
export const sourceFields = {
  id: Type.String({
    pattern: "^[a-z0-9-]{1,32}$",
    description: "Its name in status, metrics and receipts.",
  }),
  testedEntropy: Type.Optional(
    Type.Number({
      minimum: 0.01,
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
        "The device's rate: endless sources are asked at it, false alarms are computed from it, and what comes at more than twice of it is dropped and counted. Default by family.",
    }),
  ),
  health: Health,
};

/** What is claimed for a source that can be credited. */
export const claimFields = {
  assessed: Type.Optional(
    Type.Object(
      {
        entropy: Type.Number({
          minimum: 0.01,
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
        entropy: Type.Number({
          minimum: 0.01,
          maximum: 8,
          description: "Min-entropy per sample, bits; at most what is assessed.",
        }),
        certificate: Type.String({
          minLength: 2,
          maxLength: 100,
          description: "Its number, as it shall stand in status and receipts.",
        }),
      },
      { ...strict, description: "What an entropy source validation certificate allows." },
    ),
  ),
  raw: Type.Optional(
    Type.Object(
      {
        evidence: Type.String({
          minLength: 8,
          maxLength: 500,
          description: "What that rests on: the vendor's document, a capture that was looked at.",
        }),
      },
      {
        ...strict,
        description:
          "You vouch that what this device sends is unwhitened noise, and say why. Without it, a device that cannot confirm its raw mode is credited 0.",
      },
    ),
  ),
};

const settleBytes = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    description:
      "Thrown away after each open: what a buffer held from before is of unknown age. Default by family.",
  }),
);

const framing = Type.Optional(
  Type.Object(
    {
      bitsPerSample: Type.Integer({
        minimum: 1,
        maximum: 8,
        description: "8 with byte; 1, 2 or 4 with bits-msb-first and bits-lsb-first.",
      }),
      mapping: Type.Union(
        [
          Type.Literal("byte"),
          Type.Literal("bits-msb-first"),
          Type.Literal("bits-lsb-first"),
          Type.Literal("low-bits"),
        ],
        {
          description:
            "byte: a byte is a sample. bits-msb-first, bits-lsb-first: a byte holds several, the earliest in its highest, or lowest, bits. low-bits: of a byte or word only the low bits are kept.",
        },
      ),
      bytesPerSample: Type.Optional(
        Type.Union([Type.Literal(1), Type.Literal(2)], {
          description: "2, with low-bits only: a sample comes as a 16-bit word. Default 1.",
        }),
      ),
      byteOrder: Type.Optional(
        Type.Union([Type.Literal("little"), Type.Literal("big")], {
          description: "Of such a word. Default little.",
        }),
      ),
      zeroBits: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 8,
          description:
            "How many of a word's highest bits are always 0 (a 12-bit ADC: 4); needed with bytesPerSample 2, as nothing else tells where a word begins.",
        }),
      ),
    },
    {
      ...strict,
      description:
        "How bytes become samples, where no document of the vendor settles it. Default: a byte is a sample.",
    },
  ),
);

/** A stream of bytes of which springhouse knows nothing. */
export const streamFields = { framing, settleBytes };

/** What the adapter cannot know: whether a phenomenon of physics stands behind the bytes. */
export const physical = Type.Optional(
  Type.Boolean({
    description: "A physical noise source (SP 800-90C 2.3). Default false: only you can know.",
  }),
);

/** How a serial device is found and opened. */
export const serialFields = {
  path: Type.Optional(
    Type.String({ minLength: 1, description: "A fixed path, such as /dev/ttyACM0." }),
  ),
  vendorId: Type.Optional(
    Type.String({
      pattern: "^[0-9a-fA-F]{4}$",
      description: "USB identity, as `lsusb` prints it; by default the family's.",
    }),
  ),
  productId: Type.Optional(
    Type.String({ pattern: "^[0-9a-fA-F]{4}$", description: "Goes with vendorId." }),
  ),
  serialNumber: Type.Optional(
    Type.String({
      minLength: 1,
      description: "Only the device with this USB serial number; needs vendorId and productId.",
    }),
  ),
  physical: Type.Optional(
    Type.Literal(true, {
      description: "Every serial device counts as a physical noise source (SP 800-90C 2.3).",
    }),
  ),
  settleBytes,
  openTimeoutMilliseconds: Type.Optional(
    Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      description:
        "How long the open device may send nothing until it is closed and opened again. Default 5000.",
    }),
  ),
};
