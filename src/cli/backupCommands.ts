import type { Command } from "commander";
import {
  discardBackup,
  listBackups,
  makeBackup,
  restoreBackup,
  type RestoreOptions,
} from "./backups.ts";
import type { ConnectionOptions } from "./connection.ts";
import type { Terminal } from "./terminal.ts";

interface Parsers {
  readonly connecting: (command: Command) => Command;
  readonly asJson: (command: Command) => Command;
}

/** `springhouse backup ...` and `springhouse restore` */
export function addBackupCommands(
  program: Command,
  terminal: Terminal,
  { connecting, asJson }: Parsers,
): void {
  const backup = connecting(program.command("backup"))
    .description("copies of everything, which recovery recipients alone can open")
    .option("-o, --output <file>", "where it goes; must not exist yet")
    .action((options: Parameters<typeof makeBackup>[1]) => makeBackup(terminal, options));
  asJson(connecting(backup.command("list")))
    .description("those that were made")
    .action((options: Parameters<typeof listBackups>[1]) => listBackups(terminal, options));
  connecting(backup.command("discard"))
    .description("say that no copy of one is left")
    .argument("<id>", "its id")
    .action((id: string, options: ConnectionOptions) => discardBackup(terminal, id, options));

  asJson(program.command("restore"))
    .description("a backup into a new state directory; needs no service")
    .argument("<file>", "the backup")
    .requiredOption("--identity <file>", "a secret key of age-keygen")
    .option("--state <dir>", "where to; empty or not there")
    .option("--drill", "look whether every key would open, and leave nothing behind")
    .option("--slot <name>", "add a passphrase slot, where none of its slots is left")
    .option("--passphrase-file <file>", "of that slot; without it the terminal is asked")
    .action((file: string, options: RestoreOptions) => restoreBackup(terminal, file, options));
}
