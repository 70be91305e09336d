import { InvalidArgumentError, Option, type Command } from "commander";
import {
  EXPORT_SCHEMES,
  KEY_PURPOSES,
  KEY_STATES,
  KEY_TRANSITIONS,
  MANAGED_TYPES,
} from "../../port/key.ts";
import type { KeyTransition, ManagedType } from "../../port/key.ts";
import type { ConnectionOptions } from "../connection.ts";
import { KEY_COMMANDS, operateKey, type OperateOptions } from "../keyOperations.ts";
import { exportKey, showRecipient, type RecipientOptions } from "../keyExport.ts";
import {
  createKey,
  type CreateKeyOptions,
  importKey,
  listKeys,
  rotateKey,
  setKeyPolicy,
  showKey,
  showPublicKey,
  transitKey,
  type TransitOptions,
} from "../keys.ts";
import type { Terminal } from "../terminal.ts";
import { integer, positive } from "./arguments.ts";
import { asJson, connecting } from "./options.ts";

const WHAT: Readonly<Record<KeyTransition, string>> = {
  activate: "make a version active",
  suspend: "stop a version for a while: needs nobody's leave",
  restore: "take a suspension back: needs custodians' approval",
  deactivate: "end a version's protecting; it still decrypts and verifies",
  compromise: "report that a version may be known to others",
  destroy: "destroy a version's material: needs custodians' approval",
  process: "let a compromised version process for a while: needs custodians' approval",
};

const principal = (text: string, previous: readonly string[]): readonly string[] => [
  ...previous,
  text,
];

function contextPart(
  text: string,
  previous: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const equals = text.indexOf("=");
  if (equals < 1) throw new InvalidArgumentError("NAME=VALUE is needed.");
  return { ...previous, [text.slice(0, equals)]: text.slice(equals + 1) };
}

/** `springhouse key ...` */
export function addKeyCommands(program: Command, terminal: Terminal): void {
  const key = program.command("key").description("managed keys: they stay in the service");
  const withPolicy = (command: Command): Command =>
    command
      .option("--principal <id>", "who may use it besides its owner; repeatable", principal, [])
      .option("--not-after-days <n>", "its validity ends then", positive)
      .option("--maximum-operations <n>", "limit of a version", integer(1))
      .option("--maximum-bytes <n>", "limit of a version", integer(1))
      .option("--rotate-every-days <n>", "a new version so often", positive)
      .option("--rotate-after-operations <n>", "a new version after so many", integer(1))
      .option("--overlap-days <n>", "a replaced version stays active so long", positive)
      .option("--keep-versions <n>", "replaced versions that still decrypt", integer(0, 10_000));
  const making = (command: Command): Command =>
    withPolicy(asJson(connecting(command)))
      .addOption(new Option("--purpose <purpose>", "what it is for").choices(KEY_PURPOSES))
      .option("--name <name>", "for people")
      .option("--exportable", "its material may leave, some day")
      .option("--no-activate", "not active yet");
  const ifRevision = (command: Command): Command =>
    command.option("--if-revision <n>", "only if the key is still at this revision", integer(1));
  const typeOf = (text: string): ManagedType => {
    const type = MANAGED_TYPES.find((one) => one === text);
    if (!type) throw new InvalidArgumentError(`one of ${MANAGED_TYPES.join(", ")} is needed.`);
    return type;
  };
  const withVersion = (command: Command): Command =>
    command.option("--key-version <n>", "default: the primary", integer(1, 10_000));

  making(key.command("create"))
    .description("make a key; its id goes to stdout")
    .option("--receipt <file>", "the proof of its birth, for `springhouse verify`")
    .argument("<type>", MANAGED_TYPES.join(", "), typeOf)
    .action((type: ManagedType, options: CreateKeyOptions) => createKey(terminal, type, options));
  making(key.command("import"))
    .description("take in a key that was made elsewhere")
    .argument("<type>", MANAGED_TYPES.join(", "), typeOf)
    .argument("<file>", "its raw bytes, - for stdin")
    .action((type: ManagedType, file: string, options: CreateKeyOptions) =>
      importKey(terminal, type, file, options),
    );
  asJson(connecting(key.command("list")))
    .description("the keys that you may see")
    .addOption(new Option("--with-state <state>", "only these").choices(KEY_STATES))
    .action((options: Parameters<typeof listKeys>[1]) => listKeys(terminal, options));
  asJson(connecting(key.command("get")))
    .description("a key with its versions and policy")
    .argument("<id>", "its id")
    .action((id: string, options: Parameters<typeof showKey>[2]) => showKey(terminal, id, options));
  connecting(key.command("public-key"))
    .description("the primary version's public key, PEM")
    .argument("<id>", "its id")
    .action((id: string, options: ConnectionOptions) => showPublicKey(terminal, id, options));
  ifRevision(asJson(connecting(key.command("rotate"))))
    .description("make a further version; the one before protects no more")
    .argument("<id>", "its id")
    .option("--no-activate", "not active yet")
    .option("--reason <text>", "for the log")
    .action((id: string, options: Parameters<typeof rotateKey>[2]) =>
      rotateKey(terminal, id, options),
    );
  ifRevision(withPolicy(asJson(connecting(key.command("policy")))))
    .description("change limits, rotation or principals; what is left out stays")
    .argument("<id>", "its id")
    .action((id: string, options: Parameters<typeof setKeyPolicy>[2]) =>
      setKeyPolicy(terminal, id, options),
    );
  for (const transition of KEY_TRANSITIONS) {
    const command = ifRevision(withVersion(asJson(connecting(key.command(transition)))))
      .description(WHAT[transition])
      .argument("<id>", "its id")
      .option("--reason <text>", "for the log");
    if (transition === "compromise")
      command.option("--occurred-days-ago <n>", "when it happened; default now", positive);
    command.action((id: string, options: TransitOptions) =>
      transitKey(terminal, id, transition, options),
    );
  }
  const toRecipient = (command: Command): Command =>
    connecting(command)
      .addOption(
        new Option("--scheme <scheme>", "how it is sealed")
          .choices(EXPORT_SCHEMES)
          .makeOptionMandatory(),
      )
      .requiredOption("--to <file>", "a public key, PEM or JWK; or an age recipient (age1...)");
  toRecipient(key.command("recipient"))
    .description("the digest of a recipient, which an intent to export names")
    .action((options: RecipientOptions) => showRecipient(terminal, options));
  toRecipient(key.command("export"))
    .description("an exportable key, sealed to a recipient: needs custodians' approval")
    .argument("<id>", "its id")
    .requiredOption("--intent <id>", "the approved one, for this recipient")
    .action((id: string, options: Parameters<typeof exportKey>[2]) =>
      exportKey(terminal, id, options),
    );
  for (const one of KEY_COMMANDS) {
    const command = connecting(key.command(one.name))
      .description(one.description)
      .argument("<id>", "its id");
    if (one.input) command.argument("[file]", one.input.what);
    if (one.context)
      command.option("--context <name=value>", "what it is bound to; repeatable", contextPart);
    if (one.version) withVersion(command);
    if (one.proof) command.requiredOption(one.proof.flag, "in base64");
    command.action(
      (id: string, ...rest: [string | undefined, OperateOptions] | [OperateOptions]) => {
        const [file, options] = one.input
          ? (rest as [string | undefined, OperateOptions])
          : [undefined, rest[0] as OperateOptions];
        return operateKey(terminal, one, id, file, options);
      },
    );
  }
}
