import { hostname } from "node:os";
import type { RestartTap, SampleTap } from "../client/client.ts";
import { RecordingWriter, type RecordingFacts } from "../source/recordingWriter.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { count, paint, type Terminal } from "./terminal.ts";
import { notWritten } from "./wholeFile.ts";

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

/** What the disk makes of it, said as that and not as a service's failure. */
function kept<T>(path: string, act: Promise<T>): Promise<T> {
  return act.catch((error: unknown) => {
    throw (error as NodeJS.ErrnoException).syscall === undefined
      ? error
      : notWritten("the capture", path, error);
  });
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
  const { output } = options;
  const writer = await kept(output, RecordingWriter.open({ path: output, bitsPerSample }));
  let shown = terminal.clock.monotonicMilliseconds();
  try {
    const tap = await (rows === null
      ? client.tap(source, options.samples)
      : client.restarts(source, rows));
    if (tap.bitsPerSample !== bitsPerSample)
      throw new Failure(1, `${source} gives samples of ${tap.bitsPerSample} bits now`);
    const fromMilliseconds = terminal.clock.wallMilliseconds();
    for await (const chunk of tap.chunks) {
      await kept(output, writer.write(chunk));
      if (terminal.clock.monotonicMilliseconds() - shown > 500) {
        shown = terminal.clock.monotonicMilliseconds();
        terminal.progress(`${count(writer.samples)} of ${count(options.samples)} samples`);
      }
    }
    terminal.progress(null);
    if (writer.samples !== options.samples)
      throw new Failure(1, `only ${writer.samples} of ${options.samples} samples came`);
    const attestation = await tap.attestation();
    const facts: RecordingFacts = {
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
    };
    const manifest = await kept(output, writer.finish(facts));
    const what = rows
      ? `${count(rows.restarts)} rows of ${count(rows.samplesPerRestart)}`
      : count(manifest.samples);
    terminal.tell(`${output}: ${what} contiguous samples, manifest in ${output}.json`);
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
