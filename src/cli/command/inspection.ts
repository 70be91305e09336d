import type { Command } from "commander";
import { type Adopt, adoptReport, type AdoptOptions } from "../adopt.ts";
import type { ConnectionOptions } from "../connection.ts";
import type { DoctorOptions, ExamineHere } from "../doctor.ts";
import { sources, status } from "../inspect.ts";
import type { Terminal } from "../terminal.ts";
import { positive, words } from "./arguments.ts";
import { asJson, connecting } from "./options.ts";

/** `springhouse status`, `sources`, `sources adopt` and `doctor` */
export function addInspectionCommands(
  program: Command,
  terminal: Terminal,
  adopt: Adopt,
  examineHere: ExamineHere,
): void {
  for (const [name, description, run] of [
    ["status", "what the service is and does", status],
    ["sources", "the noise sources and their health tests", sources],
  ] as const)
    connecting(asJson(program.command(name)))
      .description(description)
      // What stands behind a command within it is that one's.
      .enablePositionalOptions()
      .action((options: ConnectionOptions & { json?: boolean }) => run(terminal, options));

  connecting(asJson(program.command("doctor")))
    .description("what is wrong with the service and its machine, why, and what to do about it")
    .option("--config <file>", "look at this machine for this configuration, too")
    .action(async (options: DoctorOptions) =>
      (await import("../doctor.ts")).doctor(terminal, examineHere, options),
    );

  asJson(program.commands.find((command) => command.name() === "sources")!.command("adopt"))
    .description("take an assessed figure into the configuration, together with its report")
    .argument("<source>", "its id in the configuration")
    .argument("<report>", "what `assess --json` wrote of its raw samples")
    .requiredOption("--config <file>", "the configuration, YAML; changed in its place")
    .option("--h <entropy>", "a lower figure than the report's, bits a sample", positive)
    .option("--vouch <why>", "the samples are this source's, although no manifest says so", words)
    .option("--dry-run", "show the difference and write nothing")
    .action((source: string, report: string, options: AdoptOptions) =>
      adoptReport(terminal, adopt, source, report, options),
    );
}
