import type { RecordingManifest } from "../../../../src/source/recordingManifest.ts";

export const NOW = Date.UTC(2026, 10, 27, 12);
const SHA256 = "ab".repeat(32);

export const MANIFEST: RecordingManifest = {
  format: "springhouse-recording-1",
  source: "noise",
  kind: "serial-onerng",
  device: {
    location: "/dev/ttyACM3",
    vendorId: "1d50",
    productId: "6086",
    serialNumber: "007",
    firmware: "Version 3",
    mode: "cmd1 (avalanche, raw)",
    rawConfirmed: true,
    caveats: [],
  },
  bitsPerSample: 8,
  configurationVersion: "1",
  host: "here",
  fromMilliseconds: NOW - 7_200_000,
  toMilliseconds: NOW - 7_000_000,
  firstSequence: 0,
  samples: 1_000_000,
  sha256: SHA256,
  restart: "none",
  samplesPerRestart: null,
};

const estimates = (names: readonly string[], minEntropy: number) =>
  names.map((estimator, at) => ({ estimator, minEntropy: minEntropy + at / 8 }));
const SYMBOLS = ["tTuple", "lrs", "multiMcw", "lag", "multiMmc", "lz78y", "mostCommonValue"];

/** A report as `springhouse assess --json` writes it, of 4.2391 bits a sample. */
export const REPORT = {
  format: "springhouse-assessment-1",
  suite: "sp800-90b-non-iid",
  title: "SP 800-90B, non-IID track",
  purpose: "",
  atMilliseconds: NOW - 3_600_000,
  springhouse: "0.1.0",
  node: "v24",
  file: {
    name: "noise.bin",
    sha256: SHA256,
    samples: 1_000_000,
    bitsPerSample: 8,
    manifest: MANIFEST,
  },
  parameters: { claimedEntropy: null, seed: null, constants: null },
  command: "springhouse assess noise.bin --bits 8",
  minEntropy: 4.2391,
  passed: null,
  summary: "",
  warnings: [],
  result: {
    samples: 1_000_000,
    bitsPerSymbol: 8,
    alphabet: 256,
    literal: estimates(SYMBOLS, 4.2391),
    bitstring: estimates([...SYMBOLS, "collision", "markov", "compression"], 0.6).map((one) => ({
      ...one,
      minEntropy: Math.min(1, one.minEntropy),
    })),
    hOriginal: 4.2391,
    hBitstring: 0.6,
    assessed: 4.2391,
  },
};

/** The report with something at `a.b` changed; undefined takes it out. */
export function changed(changes: Readonly<Record<string, unknown>>): string {
  const report = structuredClone(REPORT) as unknown as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) {
    const names = path.split(".");
    const last = names.pop()!;
    const holder = names.reduce<Record<string, unknown>>(
      (inner, name) => inner[name] as Record<string, unknown>,
      report,
    );
    holder[last] = value;
  }
  return JSON.stringify(report);
}
