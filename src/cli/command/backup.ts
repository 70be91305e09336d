import type { Command } from "commander";
import type * as Backups from "../backups.ts";
import type { ConnectionOptions } from "../connection.ts";
import type { Terminal } from "../terminal.ts";
import { asJson, connecting } from "./options.ts";

/** Loaded when it is needed: no other command has a use for age. */
const load = (): Promise<typeof Backups> => import("../backups.ts");

/** `springhouse backup ...` and `springhouse restore` */
export function addBackupCommands(program: Command, terminal: Terminal): void {
  const backup = connecting(program.command("backup"))
    .description("copies of everything, which recovery recipients alone can open")
    .option("-o, --output <file>", "where it goes; must not exist yet")
    .action(async (options: Parameters<typeof Backups.makeBackup>[1]) =>
      (await load()).makeBackup(terminal, options),
    );
  asJson(connecting(backup.command("list")))
    .description("those that were made")
    .action(async (options: Parameters<typeof Backups.listBackups>[1]) =>
      (await load()).listBackups(terminal, options),
    );
  connecting(backup.command("drilled"))
    .description("say that `restore --drill` found one whole")
    .argument("<id>", "its id")
    .action(async (id: string, options: ConnectionOptions) =>
      (await load()).drilledBackup(terminal, id, options),
    );
  connecting(backup.command("discard"))
    .description("say that no copy of one is left")
    .argument("<id>", "its id")
    .action(async (id: string, options: ConnectionOptions) =>
      (await load()).discardBackup(terminal, id, options),
    );

  asJson(program.command("restore"))
    .description("a backup into a new state directory; needs no service")
    .argument("<file>", "the backup")
    .requiredOption("--identity <file>", "a secret key of age-keygen")
    .option("--state <dir>", "where to; empty or not there")
    .option("--drill", "look whether every key would open, and leave nothing behind")
    .option("--slot <name>", "add a passphrase slot, where none of its slots is left")
    .option("--passphrase-file <file>", "of that slot; without it the terminal is asked")
    .action(async (file: string, options: Backups.RestoreOptions) =>
      (await load()).restoreBackup(terminal, file, options),
    );
}
