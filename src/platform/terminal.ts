import { once } from "node:events";
import { fstatSync, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { ReadStream } from "node:tty";
import { Failure } from "../cli/failure.ts";
import type { Clock } from "../port/clock.ts";
import type { Terminal } from "../cli/terminal.ts";

function unwritable({ code = "unknown" }: NodeJS.ErrnoException): Failure {
  return new Failure(
    1,
    `cannot write to stdout (${code})`,
    "What was written is not whole: make room, or write elsewhere.",
  );
}

/**
 * To a file, whole or not at all told as done: of what the platform's stream writes to one, a part that
 * a full disk still takes counts as all.
 */
function writeToFile(descriptor: number, result: string | Uint8Array): void {
  const bytes = typeof result === "string" ? Buffer.from(result) : result;
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
  } catch (error) {
    throw unwritable(error as NodeJS.ErrnoException);
  }
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false; // Closed by whoever started us.
  }
}

/**
 * Reads a line from the process's terminal, which shows nothing of it. Not from stdin: that may be the
 * data of a pipe.
 */
async function askSecret(question: string, signal: AbortSignal): Promise<string | null> {
  let descriptor: number;
  try {
    descriptor = openSync("/dev/tty", "r+");
  } catch {
    return null;
  }
  const input = new ReadStream(descriptor);
  // What readline would echo goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true, historySize: 0 });
  try {
    writeSync(descriptor, question);
    const interrupted = new Promise<never>((_resolve, reject) => {
      const stop = (): void => reject(new Failure(1, "it was interrupted"));
      // In raw mode the terminal sends no signal: the key is all there is.
      lines.once("SIGINT", stop);
      signal.addEventListener("abort", stop, { once: true });
    });
    const ended = once(lines, "close").then(() => {
      throw new Failure(1, "the terminal was closed");
    });
    const [line] = (await Promise.race([once(lines, "line"), interrupted, ended])) as [string];
    return line;
  } finally {
    writeSync(descriptor, "\n");
    lines.close();
    input.destroy();
  }
}

/** The process's own streams, environment and signals. */
export function processTerminal(clock: Clock, signal: AbortSignal): Terminal {
  const { stdout, stderr } = process;
  let closed = false;
  const toFile = isFile(stdout.fd);
  // Each write tells its own failure. Of stderr nothing can be told, and the command goes on.
  stdout.on("error", () => {});
  stderr.on("error", () => {});
  return {
    clock,
    environment: process.env,
    coloured: stdout.isTTY && process.env["NO_COLOR"] === undefined,
    signal,
    write: (result) =>
      new Promise((resolve, reject) => {
        if (closed) resolve(false);
        else if (toFile) {
          writeToFile(stdout.fd, result);
          resolve(true);
        } else
          stdout.write(result, (error: NodeJS.ErrnoException | null | undefined) => {
            if (error?.code === "EPIPE") closed = true;
            if (!error || closed) resolve(!error);
            else reject(unwritable(error));
          });
      }),
    askSecret: (question) => askSecret(question, signal),
    tell: (line) => void stderr.write(`${line}\n`),
    progress: (line) => {
      if (stderr.isTTY) stderr.write(line === null ? "\r\u001B[K" : `\r\u001B[K${line}`);
    },
  };
}
