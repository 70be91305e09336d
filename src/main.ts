import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildProgram } from "./cli/program.ts";
import { runProgram } from "./cli/runProgram.ts";
import { systemClock } from "./platform/clock.ts";
import { processTerminal } from "./platform/terminal.ts";

/** How often nothing is done while a service runs. */
const ALIVE_MILLISECONDS = 60_000;

const root = new URL("..", import.meta.url).pathname;
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
};
const clock = systemClock();
const stopping = new AbortController();
let isHanging = false;
// A second interrupt of the keyboard ends it at once; a second SIGTERM does not cut the stop short.
process.once("SIGINT", () => stopping.abort());
process.on("SIGTERM", () => stopping.abort());

const terminal = processTerminal(clock, stopping.signal);
// Most commands are done before these modules would be loaded.
const program = buildProgram(terminal, version, {
  async serve(options) {
    const { serve } = await import("./serve.ts");
    // A stop may wait for no more than a timer of the clock, and those keep no process alive: node would
    // end it with 13 in the middle of the stop.
    const alive = setInterval(() => {}, ALIVE_MILLISECONDS);
    try {
      await serve(options, {
        clock,
        version,
        stopping: stopping.signal,
        hanging: () => (isHanging = true),
      });
    } finally {
      clearInterval(alive);
    }
  },
  async examineHere(question) {
    const { examineHere } = await import("./service/examineHere.ts");
    return examineHere(question);
  },
  async adopt(request) {
    const { adopt } = await import("./config/adopt/adopt.ts");
    return adopt(request);
  },
});
process.exitCode = await runProgram(program, terminal, process.argv.slice(2));
if (isHanging) process.exit();
