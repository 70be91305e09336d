import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { AnyEstimate, NonIid } from "../assess/nonIid/nonIid.ts";
import { runNonIid } from "../assess/runNonIid.ts";
import type { Samples } from "../assess/samples.ts";
import { openRecording } from "../source/recordingReader.ts";
import type { RecordingManifest } from "../source/recordingManifest.ts";
import { Failure } from "./failure.ts";
import { columns, count, paint, type Terminal } from "./terminal.ts";

export interface AssessOptions {
  readonly bits?: number;
  readonly h?: number;
  readonly json?: boolean;
}

/**
 * Of all samples together. Sorting takes 12 bytes a bit and the bits themselves one each, on both
 * threads: this many need about 2 GB.
 */
const MOST_BITS = 2 ** 27;
/** SP 800-90B 3.1.1 asks for so many. */
const WANTED_SAMPLES = 1_000_000;

const NAMES: Readonly<Record<AnyEstimate["estimator"], string>> = {
  mostCommonValue: "most common value (6.3.1)",
  collision: "collision (6.3.2)",
  markov: "Markov (6.3.3)",
  compression: "compression (6.3.4)",
  tTuple: "t-tuple (6.3.5)",
  lrs: "LRS (6.3.6)",
  multiMcw: "MultiMCW (6.3.7)",
  lag: "lag (6.3.8)",
  multiMmc: "MultiMMC (6.3.9)",
  lz78y: "LZ78Y (6.3.10)",
};

/** Everything that is needed to repeat it; the same for the same file but for the time. */
export interface Assessment {
  readonly format: "springhouse-assessment-1";
  readonly suite: "sp800-90b-non-iid";
  readonly atMilliseconds: number;
  readonly springhouse: string;
  readonly node: string;
  readonly file: {
    readonly name: string;
    readonly sha256: string;
    readonly samples: number;
    readonly bitsPerSample: number;
    /** Null where none stood beside the file. */
    readonly manifest: RecordingManifest | null;
  };
  /** What was claimed (--h); null without. */
  readonly claimedEntropy: number | null;
  readonly warnings: readonly string[];
  readonly nonIid: NonIid;
  /** The least of what was assessed and what was claimed: H_I of SP 800-90B 3.1.3. */
  readonly minEntropy: number;
}

function warningsOf({ samples, literal, bitstring }: NonIid): string[] {
  const warnings: string[] = [];
  if (samples < WANTED_SAMPLES)
    warnings.push(
      `${count(samples)} samples: SP 800-90B 3.1.1 asks for ${count(WANTED_SAMPLES)}, and fewer give lower figures`,
    );
  for (const [part, estimates] of [
    ["symbols", literal],
    ["bits", bitstring ?? []],
  ] as const)
    for (const estimate of estimates)
      if (estimate.minEntropy === null)
        warnings.push(
          `${NAMES[estimate.estimator]} was not run on the ${part}: ${estimate.notApplicable}`,
        );
  return warnings;
}

function table(terminal: Terminal, { literal, bitstring, bitsPerSymbol }: NonIid): string {
  const figure = (estimates: readonly AnyEstimate[], name: string, scale: number): string => {
    const estimate = estimates.find(({ estimator }) => estimator === name);
    if (!estimate) return "";
    if (estimate.minEntropy === null) return "not run";
    const text = (estimate.minEntropy * scale).toFixed(6);
    const least = Math.min(...estimates.map(({ minEntropy }) => minEntropy ?? Infinity));
    return estimate.minEntropy === least ? `${text} ◂` : text;
  };
  const rows = (Object.keys(NAMES) as (keyof typeof NAMES)[])
    .map((name) => [
      NAMES[name],
      figure(literal, name, 1),
      ...(bitstring ? [figure(bitstring, name, 1), figure(bitstring, name, bitsPerSymbol)] : []),
    ])
    .filter(([, ...figures]) => figures.some((text) => text !== ""));
  const head = ["estimator", "symbols", ...(bitstring ? ["bits", `${bitsPerSymbol} bits`] : [])];
  const [first = "", ...rest] = columns([head, ...rows]).split("\n");
  return [paint(terminal, "dim", first), ...rest].join("\n");
}

function reportText(terminal: Terminal, assessment: Assessment): string {
  const { file, nonIid, claimedEntropy, warnings } = assessment;
  const { assessed, hOriginal, hBitstring, bitsPerSymbol } = nonIid;
  const parts = [`H_original ${hOriginal.toFixed(6)}`];
  if (hBitstring !== null)
    parts.push(`${bitsPerSymbol} x H_bitstring ${(bitsPerSymbol * hBitstring).toFixed(6)}`);
  const lines = [
    `${file.name}: ${count(file.samples)} samples of ${file.bitsPerSample} bits, sha256 ${file.sha256}`,
    table(terminal, nonIid),
    `${paint(terminal, "bold", `assessed min-entropy ${assessed.toFixed(6)} bits a sample`)} (${parts.join(", ")})`,
  ];
  if (claimedEntropy !== null) {
    const holds = assessed >= claimedEntropy;
    const text = holds ? "supported" : "NOT supported";
    lines.push(
      `the claim of ${claimedEntropy} is ${paint(terminal, holds ? "green" : "red", text)} by these samples`,
    );
  }
  lines.push(...warnings.map((warning) => `${paint(terminal, "yellow", "warning:")} ${warning}`));
  return `${lines.join("\n")}\n`;
}

interface Loaded {
  readonly samples: Samples;
  readonly file: Assessment["file"];
}

async function load(terminal: Terminal, path: string, bits: number | null): Promise<Loaded> {
  const tooLarge = (most: string): Failure =>
    new Failure(
      1,
      `${path} has more than ${most}, which is the most that is assessed`,
      "Cut a contiguous part with `head -c`, and say in your evidence which.",
    );
  // Before a gigabyte is read through for its hash.
  const known = await stat(path).catch(() => null);
  if (known?.isFile() && known.size > MOST_BITS) throw tooLarge(`${count(MOST_BITS)} samples`);
  const recording = await openRecording(path, { bitsPerSample: bits, signal: terminal.signal });
  if (!recording.ok)
    throw new Failure(
      1,
      recording.detail,
      "FILE holds one sample a byte, right-justified; --bits says how wide they are.",
    );
  try {
    const { bitsPerSample, samples, sha256, manifest } = recording;
    if (samples * bitsPerSample > MOST_BITS) throw tooLarge(`${count(MOST_BITS)} bits`);
    // Shared, so that both threads read the same memory.
    const symbols = new Uint8Array(new SharedArrayBuffer(samples));
    let filled = 0;
    for await (const chunk of recording.chunks()) {
      symbols.set(chunk, filled);
      filled += chunk.length;
    }
    if (filled !== samples)
      throw new Failure(1, `${path} shrank while it was read`, "Assess a file that is at rest.");
    return {
      samples: { symbols, bitsPerSymbol: bitsPerSample },
      file: { name: basename(path), sha256, samples, bitsPerSample, manifest },
    };
  } finally {
    await recording.close();
  }
}

/** `springhouse assess`: exit code 1 where the samples do not support what is claimed of them. */
export async function assess(
  terminal: Terminal,
  version: string,
  path: string,
  options: AssessOptions,
): Promise<void> {
  const { samples, file } = await load(terminal, path, options.bits ?? null);
  if (options.h !== undefined && options.h > file.bitsPerSample)
    throw new Failure(
      2,
      `--h ${options.h} is more than the ${file.bitsPerSample} bits of a sample`,
    );
  let ready = 0;
  terminal.progress("estimating");
  let nonIid: NonIid;
  try {
    nonIid = await runNonIid(samples, terminal.signal, (part, { estimator }) => {
      ready++;
      terminal.progress(`${ready} estimates ready (${estimator} on the ${part})`);
    });
  } finally {
    terminal.progress(null);
  }
  const claimedEntropy = options.h ?? null;
  const assessment: Assessment = {
    format: "springhouse-assessment-1",
    suite: "sp800-90b-non-iid",
    atMilliseconds: terminal.clock.wallMilliseconds(),
    springhouse: version,
    node: process.version,
    file,
    claimedEntropy,
    warnings: warningsOf(nonIid),
    nonIid,
    minEntropy: Math.min(nonIid.assessed, claimedEntropy ?? Infinity),
  };
  await terminal.write(
    options.json ? `${JSON.stringify(assessment, null, 2)}\n` : reportText(terminal, assessment),
  );
  if (claimedEntropy !== null && nonIid.assessed < claimedEntropy)
    throw new Failure(
      1,
      `the samples support ${nonIid.assessed.toFixed(6)} bits, not the ${claimedEntropy} that are claimed`,
    );
}
