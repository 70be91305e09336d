import type { Requirement } from "../port/lineage.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { withReceipt } from "./receiptFiles.ts";
import { count, type Terminal } from "./terminal.ts";

export interface RandomOptions extends ConnectionOptions {
  readonly format: "hex" | "base64" | "raw";
  readonly strength?: number;
  readonly sources?: number;
  readonly maxSeedAge?: number;
  readonly fresh?: boolean;
  /** Where the receipt goes; the salt goes to `FILE.salt`. */
  readonly receipt?: string;
  readonly json?: boolean;
}

/** The largest request; longer draws are put together from several. */
const REQUEST_BYTES = 65_536;

function requirementOf(options: RandomOptions): Requirement {
  return {
    ...(options.strength === undefined ? {} : { strength: options.strength }),
    ...(options.sources === undefined ? {} : { sources: options.sources }),
    ...(options.maxSeedAge === undefined ? {} : { maxSeedAgeSeconds: options.maxSeedAge }),
    ...(options.fresh === undefined ? {} : { fresh: options.fresh }),
  };
}

/** `springhouse random N` */
export async function random(
  terminal: Terminal,
  bytes: number,
  options: RandomOptions,
): Promise<void> {
  if (bytes > REQUEST_BYTES)
    throw new Failure(
      2,
      `at most ${count(REQUEST_BYTES)} bytes in one request`,
      "Use `springhouse stream --bytes N` for more.",
    );
  const client = connect(terminal, options);
  const requirement = requirementOf(options);
  const { receipt } = options;
  const drawn =
    receipt === undefined
      ? await client.random(bytes, requirement)
      : await withReceipt(receipt, () => client.receipted(bytes, requirement));
  const buffer = Buffer.from(drawn.bytes.buffer, drawn.bytes.byteOffset, drawn.bytes.byteLength);
  try {
    if (options.json) {
      const { output, outputs, seed } = drawn;
      // As the service's own JSON: every output where there are several.
      const proof = { output, seed, ...(outputs.length > 1 ? { outputs } : {}) };
      await terminal.write(`${JSON.stringify({ bytes: buffer.toString("base64"), ...proof })}\n`);
    } else if (options.format === "raw") await terminal.write(buffer);
    else await terminal.write(`${buffer.toString(options.format)}\n`);
  } finally {
    buffer.fill(0);
  }
  if (receipt !== undefined)
    terminal.tell(`${receipt} proves it; ${receipt}.salt opens it: keep that with the bytes`);
}

export interface StreamOptions extends ConnectionOptions {
  readonly bytes?: number;
}

/** `springhouse stream`: raw bytes to stdout until the count, an interrupt, or nobody reads. */
export async function stream(terminal: Terminal, options: StreamOptions): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([terminal.signal, stop.signal]);
  let bytes = 0;
  let shown = terminal.clock.monotonicMilliseconds();
  const chunks = connect(terminal, options).stream({
    ...(options.bytes === undefined ? {} : { bytes: options.bytes }),
    signal,
  });
  try {
    for await (const chunk of chunks) {
      const taken = await terminal.write(chunk);
      bytes += chunk.length;
      if (!taken) break; // EPIPE: the reader has what it wanted.
      if (terminal.clock.monotonicMilliseconds() - shown > 500) {
        shown = terminal.clock.monotonicMilliseconds();
        const whole = options.bytes === undefined ? "" : ` of ${count(options.bytes)}`;
        terminal.progress(`${count(bytes)}${whole} bytes`);
      }
    }
  } catch (error) {
    if (!terminal.signal.aborted) throw error;
  } finally {
    stop.abort();
    terminal.progress(null);
  }
}
