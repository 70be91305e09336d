import { Type, type Static } from "typebox";
import { Compile } from "typebox/compile";
import { contradiction, line, printable, RECORDING_MANIFEST } from "../source/recordingManifest.ts";

/** The longest, SP 800-22 of many streams, has a few megabytes; one that is evidence has some kilobytes. */
export const MAXIMUM_REPORT_BYTES = 2 ** 25;

const sha256 = Type.String({ pattern: "^[0-9a-f]{64}$" });
/** Of the time that a date can hold. */
const milliseconds = Type.Number({ minimum: 0, maximum: 8.64e15 });

/**
 * What every suite's report has in common, as `springhouse assess --json` writes it. From anybody: what
 * is not named here is not looked at, and `result` is its suite's.
 */
const REPORT = Type.Object({
  format: Type.Literal("springhouse-assessment-1"),
  suite: line(40),
  title: line(100),
  atMilliseconds: milliseconds,
  springhouse: line(40),
  file: Type.Object({
    name: line(4096),
    sha256,
    samples: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    bitsPerSample: Type.Integer({ minimum: 1, maximum: 8 }),
    manifest: Type.Union([RECORDING_MANIFEST, Type.Null()]),
  }),
  parameters: Type.Object({
    claimedEntropy: Type.Union([Type.Number({ exclusiveMinimum: 0, maximum: 8 }), Type.Null()]),
  }),
  minEntropy: Type.Union([Type.Number({ minimum: 0, maximum: 8 }), Type.Null()]),
  passed: Type.Union([Type.Boolean(), Type.Null()]),
  warnings: Type.Array(line(2000), { maxItems: 1000 }),
  result: Type.Unknown(),
});

/** A report that was read again. Its fields agree with each other; whether they are true is not known. */
export type ReadReport = Static<typeof REPORT>;

const VALIDATOR = Compile(REPORT);

/** @param text the content of a report, from anybody. @returns it, or in words what is wrong with it */
export function parseReport(text: string): ReadReport | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  if (!VALIDATOR.Check(value)) {
    const [error] = VALIDATOR.Errors(value);
    const place = printable(error?.instancePath ?? "") || "the whole";
    return `${place}: ${printable(error?.message ?? "is not as it should be")}`;
  }
  const { file, minEntropy } = value;
  if (minEntropy !== null && minEntropy > file.bitsPerSample)
    return `${minEntropy} bits are more than the ${file.bitsPerSample} of a sample`;
  const { manifest } = file;
  if (manifest === null) return value;
  const fault = contradiction(manifest);
  if (fault !== null) return `/file/manifest: ${fault}`;
  if (
    manifest.sha256 !== file.sha256 ||
    manifest.samples !== file.samples ||
    manifest.bitsPerSample !== file.bitsPerSample
  )
    return "its manifest is of other samples";
  return value;
}
