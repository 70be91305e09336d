import type { Command } from "commander";
import { reportCompliance } from "../compliance.ts";
import type * as Log from "../log.ts";
import type { ConnectionOptions } from "../connection.ts";
import { recall } from "../recall.ts";
import type { verify } from "../verify.ts";
import type { Terminal } from "../terminal.ts";
import { several } from "./arguments.ts";
import { asJson, connecting } from "./options.ts";

/** Loaded where they are needed: the schemas of a leaf bring hundreds of modules. */
const logCommands = () => import("../log.ts");
const verifying = () => import("../verify.ts");

/** `springhouse verify`, `recall`, `report ...` and `log ...` */
export function addAuditCommands(program: Command, terminal: Terminal): void {
  asJson(program.command("verify"))
    .description(
      "check offline a receipt of any kind, a report, or a recording by its manifest FILE.json",
    )
    .argument("<file>", "the file")
    .option("--vkey <key>", "the log's key, or a file with it (default: a receipt's own)")
    .option("--handovers <file>", "how the log came from that key to others: `log handovers`")
    .option("--witness <key>", "of a witness that must have cosigned it, or a file with it")
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
  connecting(asJson(log.command("rotate-key")))
    .description("have another key go on with it; the one before hands over and is gone")
    .option("--reason <text>", "kept in the log with who asked")
    .action(async (options: Parameters<typeof Log.rotateLogKey>[1]) =>
      (await logCommands()).rotateLogKey(terminal, options),
    );
  connecting(log.command("handovers"))
    .description("how it came from one key to the next, signed by both")
    .action(async (options: ConnectionOptions) =>
      (await logCommands()).logHandovers(terminal, options),
    );
  asJson(log.command("verify"))
    .description("check a copy offline, from its first leaf to its last")
    .argument("<dir>", "what `log export` wrote")
    .option("--vkey <key>", "the log's key, or a file with it (default: the copy's own)")
    .option("--checkpoint <file>", "checkpoints kept elsewhere; repeatable", several)
    .option("--witness <key>", "of a witness that must have cosigned it, or a file with it")
    .action(async (directory: string, options: Log.VerifyLogOptions) =>
      (await logCommands()).verifyExport(terminal, directory, options),
    );
}
