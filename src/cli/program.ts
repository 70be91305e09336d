import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { CutShortError, RefusalError } from "../client/client.ts";
import { SpringhouseError } from "../port/errors.ts";
import { ROLES, type Role } from "../port/principal.ts";
import { SLOT_KINDS } from "../port/seal.ts";
import { addApprovalCommands } from "./approvalCommands.ts";
import { addBackupCommands } from "./backupCommands.ts";
import { addKeyCommands } from "./keyCommands.ts";
import { SUITE_FLAGS } from "../assess/assessment.ts";
import { SUITE_CARDS, SUITE_NAMES } from "../assess/suites.ts";
import { type Adopt, adoptReport, type AdoptOptions } from "./adopt.ts";
import { assess } from "./assess.ts";
import type { capture, replay } from "./recordings.ts";
import { type ConnectionOptions, DEFAULT_URL } from "./connection.ts";
import { random, stream } from "./draw.ts";
import { Failure } from "./failure.ts";
import { outputEntropyCommand, type OutputEntropyOptions } from "./outputEntropy.ts";
import { doctor, sources, status } from "./inspect.ts";
import {
  addSlot,
  closeSeal,
  initialiseSeal,
  type NewSlotOptions,
  openSeal,
  removeSlot,
  rotateSeal,
  sealStatus,
} from "./seal.ts";
import type { VerifyLogOptions } from "./log.ts";
import { paint, type Terminal } from "./terminal.ts";
import { recall } from "./recall.ts";
import { reportCompliance } from "./compliance.ts";
import type { verify } from "./verify.ts";
import { createToken, listTokens, revokeToken } from "./tokens.ts";

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
}

/** A whole number within bounds; commander reports the fault as wrong usage. */
function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || value > maximum)
      throw new InvalidArgumentError(`a whole number from ${minimum} to ${maximum} is needed.`);
    return value;
  };
}

function seed(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new InvalidArgumentError("64 lower-case hexadecimal digits are needed.");
  return text;
}

/** As it can stand in an evidence, which has 500 characters with all the rest. */
function words(text: string): string {
  if (!/^\P{Cc}{4,100}$/u.test(text))
    throw new InvalidArgumentError("4 to 100 characters on one line are needed.");
  return text;
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw new InvalidArgumentError("a number above 0 is needed.");
  return value;
}

/** h', bits a bit. */
function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError("a number from 0 to 1 is needed.");
  return value;
}

function rate(text: string): number | "unlimited" {
  return text === "unlimited" ? text : positive(text);
}

function role(text: string, previous: readonly Role[] = []): readonly Role[] {
  if (!(ROLES as readonly string[]).includes(text))
    throw new InvalidArgumentError(`one of ${ROLES.join(", ")} is needed.`);
  return [...previous, text as Role];
}

const several = (text: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  text,
];

const connecting = (command: Command): Command =>
  command
    .option("--url <url>", `the service, or unix:PATH (SPRINGHOUSE_URL; default ${DEFAULT_URL})`)
    .option("--token-file <file>", "a file with the token (or SPRINGHOUSE_TOKEN)")
    .option("--state <dir>", "the service's state directory (SPRINGHOUSE_STATE; default ./state)");

/** Loaded where they are needed: the schemas of a manifest and of a leaf bring hundreds of modules. */
const recordings = () => import("./recordings.ts");
const logCommands = () => import("./log.ts");
const verifying = () => import("./verify.ts");

const asJson = (command: Command): Command => command.option("--json", "for programs");

/** The sizes of SP 800-90B 3.1.5. */
const component = [
  ["--n-in <bits>", "what goes into a conditioning component", integer(1)],
  ["--n-out <bits>", "what comes out of it", integer(1)],
  ["--nw <bits>", "its narrowest internal width", integer(1)],
  ["--h-in <bits>", "min-entropy of what goes in", positive],
] as const;

export function buildProgram(
  terminal: Terminal,
  version: string,
  { serve, adopt }: Upstairs,
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

  connecting(asJson(program.command("random")))
    .description("random bytes from the running service")
    .argument("<n>", "how many bytes", integer(1))
    .addOption(
      new Option("--format <format>", "how they are printed")
        .choices(["hex", "base64", "raw"])
        .default("hex"),
    )
    .option("--strength <bits>", "security strength that the seed must have", integer(1, 256))
    .option("--sources <k>", "independent credited sources that it must draw on", integer(0, 16))
    .option("--max-seed-age <seconds>", "the oldest noise that may be in it", positive)
    .option("--fresh", "noise younger than a second, never used before")
    .option("--receipt <file>", "with a receipt, for `springhouse verify`; its salt to FILE.salt")
    .action((bytes: number, options: Parameters<typeof random>[2]) =>
      random(terminal, bytes, options),
    );

  connecting(program.command("stream"))
    .description("raw bytes to stdout, for dieharder, PractRand or ent")
    .option("--bytes <n>", "stop after so many", integer(1))
    .action((options: Parameters<typeof stream>[1]) => stream(terminal, options));

  for (const [name, description, run] of [
    ["status", "what the service is and does", status],
    ["sources", "the noise sources and their health tests", sources],
    ["doctor", "what is wrong, why, and what to do about it", doctor],
  ] as const)
    connecting(asJson(program.command(name)))
      .description(description)
      // What stands behind a command within it is that one's.
      .enablePositionalOptions()
      .action((options: ConnectionOptions & { json?: boolean }) => run(terminal, options));

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

  connecting(program.command("capture"))
    .description("contiguous raw samples of a source, with a manifest beside them")
    .argument("<source>", "the source's id")
    .requiredOption("--samples <n>", "how many, in all", integer(1))
    .requiredOption("-o, --output <file>", "where to; must not exist yet")
    .option("--restart", "the first samples after each of many restarts (SP 800-90B 3.1.4)")
    .option("--restarts <r>", "with --restart: how many (default: 1000)", integer(1, 100_000))
    .action(async (source: string, options: Parameters<typeof capture>[2]) =>
      (await recordings()).capture(terminal, source, options),
    );

  asJson(program.command("replay"))
    .description("a recording through the same health tests as live samples")
    .argument("<file>", "samples, one a byte")
    .option("--bits <b>", "bits in a sample (default: its manifest's)", integer(1, 8))
    .requiredOption("--h <entropy>", "min-entropy a sample that is claimed", positive)
    .option("--alpha <exponent>", "intermittent alarms at 2^-this", integer(20, 60), 40)
    .action(async (file: string, options: Parameters<typeof replay>[2]) =>
      (await recordings()).replay(terminal, file, options),
    );

  const assessing = asJson(program.command("assess"))
    .description("the auditors' suites; without a flag SP 800-90B's non-IID estimators")
    .argument("<file>", "samples, one a byte")
    .option("--bits <b>", "bits in a sample (default: its manifest's)", integer(1, 8))
    .option("--h <entropy>", "min-entropy a sample that is claimed", positive)
    .addOption(
      new Option(
        "--constants <whose>",
        "of SP 800-22, where its text and its program disagree",
      ).choices(["text", "program"]),
    )
    .option("--html <file>", "write the report as a page that needs nothing else")
    .option("--time-limit <seconds>", "end with what there is by then", positive)
    .option("--nist-json <file>", "write it in the shape of NIST's tool (its -o), where it has one")
    .option("--seed <hex>", "of a report whose permutations are to be repeated", seed);
  for (const name of SUITE_NAMES)
    if (SUITE_FLAGS[name] !== "") assessing.option(SUITE_FLAGS[name], SUITE_CARDS[name].title);
  assessing.action((file: string, options: Parameters<typeof assess>[3]) =>
    assess(terminal, version, file, options),
  );

  asJson(program.command("verify"))
    .description(
      "check offline a receipt of any kind, a report, or a recording by its manifest FILE.json",
    )
    .argument("<file>", "the file")
    .option("--vkey <key>", "the log's key, or a file with it (default: a receipt's own)")
    .option("--value-file <file>", "the value, or a key as it was answered; `-` is stdin")
    .option("--salt-file <file>", "the salt (default: RECEIPT.salt)")
    .action(async (receipt: string, options: Parameters<typeof verify>[2]) =>
      (await verifying()).verify(terminal, receipt, options),
    );

  connecting(asJson(program.command("recall")))
    .description("which keys and receipted outputs drew on noise that turned out bad")
    .requiredOption("--source <id>", "the noise source, also one that is gone")
    .requiredOption("--from <time>", "such as 2026-11-27T05:00:00Z, or how long ago: 90min")
    .option("--to <time>", "likewise, inclusive; default: now")
    .option("--reason <text>", "kept in the log with who asked")
    .option("--suspend", "suspend each active key that no longer has its strength")
    .action((options: Parameters<typeof recall>[1]) => recall(terminal, options));

  connecting(asJson(program.command("report").description("reports").command("compliance")))
    .description(
      "what an assessor of key management would ask about, and what maps to which control",
    )
    .action((options: Parameters<typeof reportCompliance>[1]) =>
      reportCompliance(terminal, options),
    );

  const calculating = asJson(program.command("output-entropy")).description(
    "min-entropy of a conditioning component's output (SP 800-90B 3.1.5)",
  );
  for (const [flags, description, parse] of component) {
    assessing.option(flags, `with --conditioned: ${description}`, parse);
    calculating.requiredOption(flags, description, parse);
  }
  calculating
    .option("--h-prime <entropy>", "h' of `assess --conditioned`, for what is not vetted", share)
    .action((options: OutputEntropyOptions) => outputEntropyCommand(terminal, options));
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
    .action((name: string, options: NewSlotOptions) => addSlot(terminal, name, options));
  connecting(slot.command("remove"))
    .description("end one; the last stays")
    .argument("<id>", "its id, from `seal status`")
    .action((id: string, options: ConnectionOptions) => removeSlot(terminal, id, options));
  const log = program.command("log").description("the transparency log, and its verification");
  connecting(log.command("checkpoint"))
    .description("its last signed checkpoint, to be kept elsewhere")
    .action(async (options: ConnectionOptions) =>
      (await logCommands()).logCheckpoint(terminal, options),
    );
  connecting(log.command("export"))
    .description("a copy of it as files; again into the same directory fetches what is new")
    .argument("<dir>", "where to")
    .action(async (directory: string, options: ConnectionOptions) =>
      (await logCommands()).exportLog(terminal, directory, options),
    );
  connecting(log.command("receipt"))
    .description("the proof of one leaf, for `springhouse verify`")
    .argument("<leaf>", "its id, as the answer to a change of a key names it")
    .action(async (leaf: string, options: ConnectionOptions) =>
      (await logCommands()).leafReceipt(terminal, leaf, options),
    );
  asJson(log.command("verify"))
    .description("check a copy offline, from its first leaf to its last")
    .argument("<dir>", "what `log export` wrote")
    .option("--vkey <key>", "the log's key, or a file with it (default: the copy's own)")
    .option("--checkpoint <file>", "checkpoints kept elsewhere; repeatable", several)
    .action(async (directory: string, options: VerifyLogOptions) =>
      (await logCommands()).verifyExport(terminal, directory, options),
    );

  addKeyCommands(program, terminal, { connecting, asJson, integer, positive });
  addBackupCommands(program, terminal, { connecting, asJson });
  addApprovalCommands(program, terminal, { connecting, asJson, integer, positive });

  const token = program.command("token").description("who may ask");
  connecting(asJson(token.command("create")))
    .description("make a token; it is shown once")
    .argument("<name>", "whose it is")
    .requiredOption(
      "--role <role>",
      "client, operator, auditor, custodian or admin; repeatable",
      role,
    )
    .option("--requests-per-second <n>", "quota, or unlimited; default: the configured", rate)
    .option("--bytes-per-second <n>", "quota, or unlimited; default: the configured", rate)
    .option("--expires-in-days <n>", "when it ends by itself", positive)
    .action((name: string, options: Parameters<typeof createToken>[2]) =>
      createToken(terminal, name, options),
    );
  connecting(asJson(token.command("list")))
    .description("every token, without its secret")
    .action((options: Parameters<typeof listTokens>[1]) => listTokens(terminal, options));
  connecting(token.command("revoke"))
    .description("end a token now")
    .argument("<id>", "its id, from `token list`")
    .action((id: string, options: ConnectionOptions) => revokeToken(terminal, id, options));

  return program;
}

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
