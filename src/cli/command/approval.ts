import { Option, type Command } from "commander";
import type * as Custodians from "../custodians.ts";
import { EXPORT_SCHEMES } from "../../port/key.ts";
import type * as KeyExport from "../keyExport.ts";
import type * as Destructions from "../destructions.ts";
import type { ConnectionOptions } from "../connection.ts";
import { Failure } from "../failure.ts";
import {
  approveIntent,
  ask,
  type AskOptions,
  executeIntent,
  exportIntent,
  type KeyIntentOptions,
  listIntents,
  showIntent,
  withdrawIntent,
} from "../intents.ts";
import type { Terminal } from "../terminal.ts";
import { integer, positive } from "./arguments.ts";
import { asJson, connecting } from "./options.ts";

/** Loaded when they are needed: what reads keys, YAML and receipts is no other command's. */
const custodians = (): Promise<typeof Custodians> => import("../custodians.ts");
const destructions = (): Promise<typeof Destructions> => import("../destructions.ts");

const keyExport = (): Promise<typeof KeyExport> => import("../keyExport.ts");

const KEY_ACTS = ["restore", "destroy", "process", "export"] as const;

/** `springhouse intent ...` and `springhouse custodian ...` */
export function addApprovalCommands(program: Command, terminal: Terminal): void {
  const asking = (command: Command): Command =>
    asJson(connecting(command))
      .option("--reason <text>", "what custodians read before they sign")
      .option("--expires-in-hours <n>", "default 24", positive);

  const intent = program
    .command("intent")
    .description("what is done only with the leave of several people");
  asking(intent.command("create"))
    .description("ask for something to be done with a key; prints the intent's id")
    .argument("<key>", "the key's id")
    .addOption(new Option("--to <act>", "what").choices(KEY_ACTS).makeOptionMandatory())
    .requiredOption("--key-version <n>", "of the key", integer(1))
    .option("--recipient <file>", "for an export: whose public key it is sealed to, or age1...")
    .addOption(new Option("--scheme <scheme>", "for an export: how").choices(EXPORT_SCHEMES))
    .option("--hours <n>", "to process with a compromised version: for how long", integer(1))
    .action((key: string, options: KeyActOptions) => askForKey(terminal, key, options));
  asking(intent.command("recover"))
    .description("ask for the vault to be opened by a recovery slot; prints the intent's id")
    .argument("<slot>", "its id, from `seal status`")
    .action((slot: string, options: AskOptions) =>
      ask(terminal, { op: "seal.recover", slot }, options),
    );
  asJson(connecting(intent.command("list")))
    .description("those that you may see")
    .action((options: Parameters<typeof listIntents>[1]) => listIntents(terminal, options));
  asJson(connecting(intent.command("show")))
    .description("one of them")
    .argument("<id>", "its id")
    .option("--document", "the very bytes to sign, and nothing else")
    .action((id: string, options: Parameters<typeof showIntent>[2]) =>
      showIntent(terminal, id, options),
    );
  connecting(intent.command("approve"))
    .description("sign it as a custodian")
    .argument("<id>", "its id")
    .option("--key <file>", "have ssh-keygen sign it with this key; of one in an agent, its .pub")
    .option("--signature <file>", "send what was signed elsewhere; - for stdin")
    .action((id: string, options: Parameters<typeof approveIntent>[2]) =>
      approveIntent(terminal, id, options),
    );
  connecting(intent.command("execute"))
    .description("do what was approved")
    .argument("<id>", "its id")
    .action((id: string, options: ConnectionOptions) => executeIntent(terminal, id, options));
  connecting(intent.command("withdraw"))
    .description("end it; a custodian may end any")
    .argument("<id>", "its id")
    .option("--reason <text>", "for the record")
    .action((id: string, options: Parameters<typeof withdrawIntent>[2]) =>
      withdrawIntent(terminal, id, options),
    );
  connecting(intent.command("export"))
    .description("its document and signatures, for `ssh-keygen -Y verify`")
    .argument("<id>", "its id")
    .argument("<dir>", "where to")
    .action((id: string, directory: string, options: ConnectionOptions) =>
      exportIntent(terminal, id, directory, options),
    );

  const destruction = program
    .command("destruction")
    .description("what becomes of approved destructions");
  asJson(connecting(destruction.command("list")))
    .description("scheduled, called off, and done")
    .action(async (options: Parameters<typeof Destructions.listDestructions>[1]) =>
      (await destructions()).listDestructions(terminal, options),
    );
  connecting(destruction.command("cancel"))
    .description("call one off while it is scheduled")
    .argument("<id>", "that of the intent")
    .option("--reason <text>", "for the record")
    .action(async (id: string, options: Parameters<typeof Destructions.cancelDestruction>[2]) =>
      (await destructions()).cancelDestruction(terminal, id, options),
    );
  connecting(destruction.command("receipt"))
    .description("what proves that it was done")
    .argument("<id>", "that of the intent")
    .requiredOption("-o, --output <file>", "where to; must not exist yet")
    .action(async (id: string, options: Parameters<typeof Destructions.destructionReceipt>[2]) =>
      (await destructions()).destructionReceipt(terminal, id, options),
    );
  asJson(destruction.command("verify"))
    .description("check a receipt; needs no service")
    .argument("<file>", "the receipt")
    .option("--vkey <file>", "the log's public key (default: STATE/log.vkey)")
    .option("--state <dir>", "the service's state directory")
    .action(async (file: string, options: Parameters<typeof Destructions.verifyDestruction>[2]) =>
      (await destructions()).verifyDestruction(terminal, file, options),
    );

  const custodian = program.command("custodian").description("people who approve");
  asJson(connecting(custodian.command("list")))
    .description("all of them, with their keys")
    .action(async (options: Parameters<typeof Custodians.listCustodians>[1]) =>
      (await custodians()).listCustodians(terminal, options),
    );
  connecting(custodian.command("bootstrap"))
    .description("the first ones, while there are none")
    .argument("<file>", "YAML: a list of person, keys and principals")
    .action(async (file: string, options: ConnectionOptions) =>
      (await custodians()).bootstrapCustodians(terminal, file, options),
    );
  asking(custodian.command("enrol"))
    .description("ask the others to let in a key")
    .argument("<person>", "whose it is: lower case, the same for all keys of a person")
    .argument("<file>", "the .pub file")
    .option(
      "--principal <id>",
      "a token's or certificate's id that the person acts under; repeatable",
      (text: string, before: readonly string[]) => [...before, text],
      [] as readonly string[],
    )
    .action(
      async (
        person: string,
        file: string,
        options: Parameters<typeof Custodians.enrolCustodian>[3],
      ) => (await custodians()).enrolCustodian(terminal, person, file, options),
    );
  asking(custodian.command("remove"))
    .description("ask the others to let go of a key")
    .argument("<fingerprint>", "from `custodian list`")
    .action(async (fingerprint: string, options: AskOptions) =>
      (await custodians()).removeCustodian(terminal, fingerprint, options),
    );
}

/** A working day: to protect anew what the version protected. */
const DEFAULT_HOURS = 8;

type KeyActOptions = KeyIntentOptions & {
  readonly to: (typeof KEY_ACTS)[number];
  readonly hours?: number;
};

async function askForKey(
  terminal: Terminal,
  key: string,
  { to, keyVersion: version, recipient, scheme, hours = DEFAULT_HOURS, ...options }: KeyActOptions,
): Promise<void> {
  if (to === "process") return ask(terminal, { op: "key.process", key, version, hours }, options);
  if (to !== "export") return ask(terminal, { op: `key.${to}`, key, version }, options);
  if (recipient === undefined || scheme === undefined)
    throw new Failure(
      2,
      "an export needs --recipient and --scheme",
      "It is approved for one public key only.",
    );
  // Here and not by the service: whose key it is, is what custodians sign.
  const digest = await (await keyExport()).digestOfRecipient({ scheme, to: recipient });
  return ask(terminal, { op: "key.export", key, version, recipient: digest }, options);
}
