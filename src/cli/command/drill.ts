import type { Command } from "commander";
import type { drill } from "../drill.ts";
import type { Terminal } from "../terminal.ts";
import { asJson, connecting } from "./options.ts";

/** `springhouse drill` */
export function addDrillCommands(program: Command, terminal: Terminal): void {
  connecting(asJson(program.command("drill")))
    .description("every health test driven to failure, in a shadow of the live ones")
    .option("--source <id>", "only this one (default: all)")
    .option("-o, --output <folder>", "write the signed evidence there, drill-SOURCE-TIME.json each")
    .action(async (options: Parameters<typeof drill>[1]) =>
      (await import("../drill.ts")).drill(terminal, options),
    );
}
