import type { Clock } from "../port/clock.ts";
import type { Terminal } from "../cli/terminal.ts";

/** The process's own streams, environment and signals. */
export function processTerminal(clock: Clock, signal: AbortSignal): Terminal {
  const { stdout, stderr } = process;
  let closed = false;
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    closed = true;
    if (error.code !== "EPIPE") throw error;
  });
  return {
    clock,
    environment: process.env,
    coloured: stdout.isTTY && process.env["NO_COLOR"] === undefined,
    signal,
    write: (result) =>
      new Promise((resolve) => {
        if (closed) resolve(false);
        else stdout.write(result, (error) => resolve(!error));
      }),
    tell: (line) => void stderr.write(`${line}\n`),
    progress: (line) => {
      if (stderr.isTTY) stderr.write(line === null ? "\r\u001B[K" : `\r\u001B[K${line}`);
    },
  };
}
