import type { Command } from "commander";
import { DEFAULT_URL } from "../connection.ts";

/** Of a command that asks a running service. */
export const connecting = (command: Command): Command =>
  command
    .option("--url <url>", `the service, or unix:PATH (SPRINGHOUSE_URL; default ${DEFAULT_URL})`)
    .option("--token-file <file>", "a file with the token (or SPRINGHOUSE_TOKEN)")
    .option("--state <dir>", "the service's state directory (SPRINGHOUSE_STATE; default ./state)");

export const asJson = (command: Command): Command => command.option("--json", "for programs");
