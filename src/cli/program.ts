import { Command } from "commander";
import type { Adopt } from "./adopt.ts";
import type { ExamineHere } from "./doctor.ts";
import { addApprovalCommands } from "./command/approval.ts";
import { addAssessmentCommands } from "./command/assess.ts";
import { addAuditCommands } from "./command/audit.ts";
import { addBackupCommands } from "./command/backup.ts";
import { addDrawCommands } from "./command/draw.ts";
import { addDrillCommands } from "./command/drill.ts";
import { addKeyCommands } from "./command/key.ts";
import { addRecordingCommands } from "./command/recording.ts";
import { addSealCommands } from "./command/seal.ts";
import { addInspectionCommands } from "./command/inspection.ts";
import { addTokenCommands } from "./command/token.ts";
import type { Terminal } from "./terminal.ts";

export interface ServeOptions {
  readonly config?: string;
  readonly state?: string;
  readonly listen?: string;
}

/** What is above the command line, from the composition root. */
export interface Upstairs {
  /** Starts the service and resolves when it has stopped. */
  readonly serve: (options: ServeOptions) => Promise<void>;
  readonly adopt: Adopt;
  readonly examineHere: ExamineHere;
}

export function buildProgram(
  terminal: Terminal,
  version: string,
  { serve, adopt, examineHere }: Upstairs,
): Command {
  const program = new Command("springhouse")
    .description("Random bytes and keys that can be traced to the health-tested noise behind them.")
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void terminal.write(text),
      writeErr: (text) => terminal.tell(text.trimEnd()),
    })
    .showHelpAfterError("(--help shows how)");

  program
    .command("serve")
    .description("run the service")
    .option("--config <file>", "configuration, YAML; without it the embedded default")
    .option("--state <dir>", "state directory (SPRINGHOUSE_STATE; default ./state)")
    .option("--listen <host:port>", "overrides the configuration (default 127.0.0.1:7450)")
    .action((options: ServeOptions) => serve(options));

  addDrawCommands(program, terminal);
  addInspectionCommands(program, terminal, adopt, examineHere);
  addRecordingCommands(program, terminal);
  addDrillCommands(program, terminal);
  addAssessmentCommands(program, terminal, version);
  addAuditCommands(program, terminal);
  addSealCommands(program, terminal);
  addKeyCommands(program, terminal);
  addBackupCommands(program, terminal);
  addApprovalCommands(program, terminal);
  addTokenCommands(program, terminal);
  return program;
}
