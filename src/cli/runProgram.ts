import { type Command, CommanderError } from "commander";
import { CutShortError, RefusalError } from "../client/client.ts";
import { SpringhouseError } from "../port/errors.ts";
import { Failure } from "./failure.ts";
import { paint, type Terminal } from "./terminal.ts";

const NOBODY_THERE = new Set(["ECONNREFUSED", "ECONNRESET", "ENOENT", "ENOTFOUND", "ETIMEDOUT"]);

/** Says what went wrong on stderr and gives the exit code: 1 refused or failed, 2 wrong usage. */
function report(terminal: Terminal, error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const prefix = paint(terminal, "red", "springhouse:");
  if (error instanceof Failure) {
    terminal.tell(`${prefix} ${error.message}`);
    if (error.remedy) terminal.tell(`  → ${error.remedy}`);
    return error.exitCode;
  }
  if (error instanceof RefusalError || error instanceof SpringhouseError) {
    const unmet = error instanceof RefusalError && error.unmet.length > 0;
    const what = unmet ? ` (unmet: ${error.unmet.join(", ")})` : "";
    // A refusal's message begins with its code.
    const detail = error instanceof RefusalError ? error.detail : error.message;
    terminal.tell(`${prefix} ${error.code}${what}: ${detail}`);
    terminal.tell(`  → ${error.remedy}`);
    return error.code === "configuration_invalid" || error.code === "listen_insecure" ? 2 : 1;
  }
  if (error instanceof CutShortError) {
    terminal.tell(`${prefix} ${error.message}`);
    terminal.tell(`  → ${error.remedy}`);
    return 1;
  }
  // What `fetch` throws says nothing but that it failed; the system's word is below it.
  const { code, message, cause } = error as Error & { code?: string; cause?: unknown };
  const below = cause instanceof Error ? (cause as Error & { code?: string }) : null;
  const system = below?.code ?? code;
  const why = system ?? below?.message;
  terminal.tell(`${prefix} ${message}${why ? ` (${why})` : ""}`);
  if (system !== undefined && NOBODY_THERE.has(system))
    terminal.tell("  → Is the service running? `npm start` runs it; --url says where.");
  return 1;
}

/** Runs one command. @returns the exit code */
export async function runProgram(
  program: Command,
  terminal: Terminal,
  args: readonly string[],
): Promise<number> {
  try {
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    return report(terminal, error);
  }
}
