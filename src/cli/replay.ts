import { replay as replayThroughTests, type ReplayReport } from "../health/replay.ts";
import type { RecordingManifest } from "../source/recordingManifest.ts";
import { openRecording } from "../source/recordingReader.ts";
import { Failure } from "./failure.ts";
import { columns, count, paint, type Terminal } from "./terminal.ts";

export interface ReplayOptions {
  readonly bits?: number;
  readonly h: readonly number[];
  readonly alpha: readonly number[];
  readonly rate?: number;
  readonly json?: boolean;
  /** Of a what-if alone. */
  readonly html?: string;
  readonly places?: number;
  readonly seed?: string;
}

/** A recording without a manifest has no times: they are those of a TrueRNG's bytes. */
const RATE_SAMPLES_PER_SECOND = 50_000;

function reportText(terminal: Terminal, file: string, report: ReplayReport): string {
  const verdict = report.passed
    ? paint(terminal, "green", "no alarm")
    : paint(
        terminal,
        "red",
        `${report.alarmTotals.reduce((sum, { total }) => sum + total, 0)} alarms`,
      );
  const head = `${file}: ${count(report.samples)} samples, ${verdict}; a live source would be ${report.state}`;
  const tests = columns([
    ["test", "alarms", "closest", "intermittent", "permanent", "window"],
    ...report.tests.map((test) => [
      test.test,
      count(test.alarms),
      count(test.watermark),
      test.cutoffIntermittent === null ? "off" : count(test.cutoffIntermittent),
      test.cutoffPermanent === null ? "off" : count(test.cutoffPermanent),
      test.windowSamples === null ? "" : count(test.windowSamples),
    ]),
  ]);
  const alarms = report.alarms.slice(0, 10).map((alarm) => {
    const where = `sample ${count(alarm.sequence)}`;
    return `  ${alarm.severity} ${alarm.test} at ${where}: ${alarm.observed} of ${alarm.cutoff}`;
  });
  const more = report.alarms.length - alarms.length;
  if (more > 0) alarms.push(`  and ${count(more)} more (--json has them)`);
  const chance = `false alarms to be expected in ${count(report.samples)} samples as good as claimed: ${report.expectedFalseAlarms.toPrecision(2)}`;
  return `${[head, chance, tests, ...alarms].join("\n")}\n`;
}

/** A recording that is read whole. */
export interface ReadRecording {
  readonly symbols: Uint8Array;
  readonly bitsPerSample: number;
  /** As it was asked for, or as the manifest has it, or a guess. */
  readonly samplesPerSecond: number;
  readonly sha256: string;
}

async function read(
  terminal: Terminal,
  file: string,
  { bits, rate }: ReplayOptions,
): Promise<ReadRecording> {
  const recording = await openRecording(file, {
    bitsPerSample: bits ?? null,
    signal: terminal.signal,
  });
  if (!recording.ok) throw new Failure(1, recording.detail);
  const symbols = new Uint8Array(recording.samples);
  try {
    if (!(await recording.readWhole(symbols)))
      throw new Failure(1, `${file} changed while it was read`, "Replay a file that is at rest.");
  } finally {
    await recording.close();
  }
  const { bitsPerSample, sha256, manifest } = recording;
  const samplesPerSecond = rate ?? rateOf(manifest) ?? RATE_SAMPLES_PER_SECOND;
  return { symbols, bitsPerSample, samplesPerSecond, sha256 };
}

/** Over restarts most of the time went by without samples. */
function rateOf(manifest: RecordingManifest | null): number | null {
  if (manifest === null || manifest.restart !== "none") return null;
  const milliseconds = manifest.toMilliseconds - manifest.fromMilliseconds;
  return milliseconds > 0 ? (manifest.samples / milliseconds) * 1000 : null;
}

/** `springhouse replay`: exit code 1 when a test alarmed; with several claims or alphas a what-if. */
export async function replay(
  terminal: Terminal,
  file: string,
  options: ReplayOptions,
): Promise<void> {
  const { h, alpha, html, places, seed, json } = options;
  const isWhatIf = h.length > 1 || alpha.length > 1 || html !== undefined;
  if (!isWhatIf && (places !== undefined || seed !== undefined))
    throw new Failure(2, "--places and --seed go with several claims or alphas, or with --html");
  const recording = await read(terminal, file, options);
  if (isWhatIf) {
    const { showWhatIf } = await import("./whatIf.ts");
    return showWhatIf(terminal, file, recording, options);
  }
  const report = replayThroughTests(
    {
      bitsPerSample: recording.bitsPerSample,
      minEntropyPerSample: h[0]!,
      alphaIntermittentExponent: alpha[0]!,
      alphaPermanentExponent: Math.max(60, alpha[0]!),
      samplesPerSecond: recording.samplesPerSecond,
      silenceMilliseconds: 1000,
    },
    recording.symbols,
  );
  await terminal.write(
    json ? `${JSON.stringify(report, null, 2)}\n` : reportText(terminal, file, report),
  );
  if (!report.passed) throw new Failure(1, "the health tests alarmed");
}
