import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Assessment } from "../../../src/assess/assessment.ts";
import { signerOf } from "../../../src/log/signer.ts";
import { attestWith, openStatement } from "../../../src/log/statement.ts";
import type { RecordingManifest } from "../../../src/source/recordingManifest.ts";
import { reportFacts, verifyCapture, verifyReport } from "../../../src/verify/verifyAttested.ts";
import { SIGNER } from "../log/logs.ts";

const attest = attestWith(SIGNER);
const { verifier } = SIGNER;
const OTHER = signerOf(verifier.name, new Uint8Array(32).fill(9));

const sha256 = createHash("sha256").update("samples").digest("hex");

const FACTS = {
  source: "trng",
  kind: "serial-generic",
  device: null,
  bitsPerSample: 8,
  configurationVersion: "0123456789abcdef",
  firstSequence: 10,
  samples: 7,
  sha256,
  restart: "none",
  samplesPerRestart: null,
} as const;

const manifest = (more: Partial<RecordingManifest> = {}): RecordingManifest => ({
  format: "springhouse-recording-1",
  ...FACTS,
  host: "one",
  fromMilliseconds: 1,
  toMilliseconds: 2,
  attestation: attest("capture", {
    ...FACTS,
    settleBytesPerRestart: null,
    fromMilliseconds: 1,
    toMilliseconds: 2,
  }),
  ...more,
});

const REPORT = {
  format: "springhouse-assessment-1",
  suite: "sp800-90b-non-iid",
  file: { name: "upload", sha256, samples: 7, bitsPerSample: 8, manifest: null },
  minEntropy: 6.5,
  passed: null,
  atMilliseconds: 3,
  // What JSON has no word for is null once it was read back.
  result: { figures: [0.1, 1e-300, Number.NaN], note: undefined },
  attestation: null,
} as unknown as Assessment;

/** A report as it comes out of a file. */
const signed = (more: object = {}): Assessment => {
  const attestation = attest("assessment", reportFacts(REPORT));
  return JSON.parse(JSON.stringify({ ...REPORT, attestation, ...more })) as Assessment;
};

describe("a capture", () => {
  test("holds with the samples that were given", () => {
    expect(verifyCapture(manifest(), sha256, verifier)).toMatchObject({ valid: true });
  });

  test.each<[string, Partial<RecordingManifest>, string]>([
    ["another source", { source: "other" }, "source"],
    ["another device", { device: { location: "x" } as never }, "device"],
    ["another width", { bitsPerSample: 4 }, "bitsPerSample"],
    ["a restart that was none", { restart: "reset", samplesPerRestart: 7 }, "restart"],
    ["other bytes thrown away", { settleBytesPerRestart: 5 }, "settleBytesPerRestart"],
  ])("%s is told", (_name, more, what) => {
    expect(verifyCapture(manifest(more), sha256, verifier)).toEqual({
      valid: false,
      fault: `the manifest's ${what} is not what was signed`,
    });
  });

  test("other samples, another key, a report's note and none at all are told", () => {
    const faults = [
      verifyCapture(manifest(), sha256.replace(/^./, "x"), verifier),
      verifyCapture(manifest(), sha256, OTHER.verifier),
      verifyCapture(manifest({ attestation: attest("assessment", FACTS) }), sha256, verifier),
      verifyCapture({ ...manifest(), attestation: undefined } as never, sha256, verifier),
    ];
    expect(faults.map(({ valid }) => valid)).toEqual([false, false, false, false]);
  });
});

describe("a report", () => {
  test("holds as it is read back", () => {
    expect(verifyReport(signed(), verifier)).toMatchObject({
      valid: true,
      facts: { minEntropy: 6.5, sha256 },
    });
  });

  test.each<[string, object]>([
    ["a better figure", { minEntropy: 7 }],
    ["a figure behind it", { result: { figures: [0.2, 1e-300, null] } }],
    ["one more member", { more: 1 }],
    ["no file", { file: null }],
    ["no note", { attestation: null }],
    ["a note that is none", { attestation: "words" }],
  ])("%s is told", (_name, more) => {
    expect(verifyReport(signed(more), verifier).valid).toBe(false);
  });

  test("another key is told", () => {
    expect(verifyReport(signed(), OTHER.verifier).valid).toBe(false);
  });
});

test("a statement is not taken for one of another kind, or of another form", () => {
  const note = attest("capture", { one: 1 });
  expect(openStatement(note, "capture", verifier)).toEqual({ v: 1, statement: "capture", one: 1 });
  expect(openStatement(note, "assessment", verifier)).toBeNull();
  expect(openStatement(note.replace('"one":1', '"one":2'), "capture", verifier)).toBeNull();
});
