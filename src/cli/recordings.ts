import { hostname } from "node:os";
import type { RestartTap, SampleTap } from "../client/client.ts";
import { RecordingWriter, type RecordingFacts } from "../source/recordingWriter.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { count, paint, type Terminal } from "./terminal.ts";

export interface CaptureOptions extends ConnectionOptions {
  /** How many FILE holds; over restarts, those of all rows together. */
  readonly samples: number;
  readonly output: string;
  readonly restart?: boolean;
  /** Rows; default 1,000. */
  readonly restarts?: number;
}

/** SP 800-90B 3.1.4.1. */
const RESTARTS = 1000;

interface Rows {
  readonly restarts: number;
  readonly samplesPerRestart: number;
}

function rowsOf({ samples, restart = false, restarts }: CaptureOptions): Rows | null {
  if (!restart && restarts !== undefined)
    throw new Failure(2, "--restarts says how many rows --restart takes, and goes with it");
  if (!restart) return null;
  const rows = restarts ?? RESTARTS;
  if (samples % rows !== 0)
    throw new Failure(
      2,
      `${count(samples)} samples are no whole number of rows for ${count(rows)} restarts`,
      "SP 800-90B 3.1.4 asks for --samples 1000000: 1,000 after each of 1,000 restarts.",
    );
  return { restarts: rows, samplesPerRestart: samples / rows };
}

function restartFacts(
  tap: SampleTap | RestartTap,
  rows: Rows | null,
): Pick<RecordingFacts, "restart" | "samplesPerRestart" | "settleBytesPerRestart"> {
  if (rows === null || !("restart" in tap)) return { restart: "none", samplesPerRestart: null };
  const { restart, settleBytes } = tap;
  return {
    restart,
    samplesPerRestart: rows.samplesPerRestart,
    settleBytesPerRestart: settleBytes,
  };
}

/**
 * `springhouse capture`: what it takes was health-tested and is diverted, so it never seeds
 * anything. A gap fails the capture: the file is contiguous or it is not there.
 */
export async function capture(
  terminal: Terminal,
  source: string,
  options: CaptureOptions,
): Promise<void> {
  const rows = rowsOf(options);
  const client = connect(terminal, options);
  const snapshot = await client.status();
  const known = snapshot.sources.find(({ id }) => id === source);
  if (!known) {
    const ids = snapshot.sources.map(({ id }) => id).join(", ");
    throw new Failure(1, `no source ${source}`, `The service has: ${ids}.`);
  }
  // The file first: where it cannot be made, no sample is diverted for it.
  const { bitsPerSample } = known;
  const writer = await RecordingWriter.open({ path: options.output, bitsPerSample });
  let shown = terminal.clock.monotonicMilliseconds();
  try {
    const tap = await (rows === null
      ? client.tap(source, options.samples)
      : client.restarts(source, rows));
    if (tap.bitsPerSample !== bitsPerSample)
      throw new Failure(1, `${source} gives samples of ${tap.bitsPerSample} bits now`);
    const fromMilliseconds = terminal.clock.wallMilliseconds();
    for await (const chunk of tap.chunks) {
      await writer.write(chunk);
      if (terminal.clock.monotonicMilliseconds() - shown > 500) {
        shown = terminal.clock.monotonicMilliseconds();
        terminal.progress(`${count(writer.samples)} of ${count(options.samples)} samples`);
      }
    }
    terminal.progress(null);
    if (writer.samples !== options.samples)
      throw new Failure(1, `only ${writer.samples} of ${options.samples} samples came`);
    const attestation = await tap.attestation();
    const manifest = await writer.finish({
      source,
      kind: known.kind,
      device: known.device && { ...known.device, caveats: [...known.device.caveats] },
      configurationVersion: snapshot.configurationVersion,
      host: hostname(),
      fromMilliseconds,
      toMilliseconds: terminal.clock.wallMilliseconds(),
      firstSequence: tap.firstSequence,
      ...restartFacts(tap, rows),
      ...(attestation === null ? {} : { attestation }),
    });
    const what = rows
      ? `${count(rows.restarts)} rows of ${count(rows.samplesPerRestart)}`
      : count(manifest.samples);
    terminal.tell(
      `${options.output}: ${what} contiguous samples, manifest in ${options.output}.json`,
    );
    if (manifest.restart === "reopen")
      terminal.tell(
        `${paint(terminal, "yellow", "warning:")} the device was opened again before each row, and its noise source was not reset: this is no restart in the sense of SP 800-90B 3.1.4`,
      );
  } catch (error) {
    terminal.progress(null);
    await writer.abandon();
    throw error;
  }
}
