import { Option, type Command } from "commander";
import { SLOT_KINDS } from "../../port/seal.ts";
import type { ConnectionOptions } from "../connection.ts";
import {
  addSlot,
  closeSeal,
  initialiseSeal,
  type NewSlotOptions,
  openSeal,
  removeSlot,
  rotateSeal,
  sealStatus,
} from "../seal.ts";
import type { Terminal } from "../terminal.ts";
import { asJson, connecting } from "./options.ts";

/** `springhouse seal ...` */
export function addSealCommands(program: Command, terminal: Terminal): void {
  const seal = program.command("seal").description("the vault of kept keys, and what opens it");
  const withPassphrase = (command: Command): Command =>
    connecting(command).option(
      "--passphrase-file <file>",
      "a file whose first line it is, - for stdin; without it the terminal is asked",
    );
  const makingSlot = (command: Command): Command =>
    withPassphrase(command)
      .argument("<name>", "what the slot is called")
      .addOption(
        new Option("--kind <kind>", "what opens it").choices(SLOT_KINDS).default("passphrase"),
      )
      .option("--place <name>", "what stands behind it, by its name in the configuration");
  connecting(asJson(seal.command("status")))
    .description("whether it is open, and its slots")
    .action((options: Parameters<typeof sealStatus>[1]) => sealStatus(terminal, options));
  makingSlot(seal.command("initialise"))
    .description("make the vault and its first slot")
    .action((name: string, options: NewSlotOptions) => initialiseSeal(terminal, name, options));
  withPassphrase(seal.command("open"))
    .description("open it by a slot")
    .option("--slot <slot>", "id or name; without it every slot that could be")
    .option("--by-itself", "by a slot that needs no passphrase")
    .option("--intent <id>", "by a recovery slot: the intent that custodians approved")
    .action((options: Parameters<typeof openSeal>[1]) => openSeal(terminal, options));
  connecting(seal.command("close"))
    .description("seal it at once")
    .option("--reason <text>", "for the record")
    .action((options: Parameters<typeof closeSeal>[1]) => closeSeal(terminal, options));
  connecting(asJson(seal.command("rotate")))
    .description("begin a new epoch, and end the old one as well as each slot can")
    .option("--reason <text>", "for the record")
    .action((options: Parameters<typeof rotateSeal>[1]) => rotateSeal(terminal, options));
  const slot = seal.command("slot").description("the ways to open it");
  makingSlot(slot.command("add"))
    .description("one more way; the vault must be open")
    .option("--recovery", "opens only with an intent that custodians approved")
    .action((name: string, options: NewSlotOptions) => addSlot(terminal, name, options));
  connecting(slot.command("remove"))
    .description("end one; the last stays")
    .argument("<id>", "its id, from `seal status`")
    .action((id: string, options: ConnectionOptions) => removeSlot(terminal, id, options));
}
