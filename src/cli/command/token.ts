import type { Command } from "commander";
import type { ConnectionOptions } from "../connection.ts";
import type { Terminal } from "../terminal.ts";
import { createToken, listTokens, revokeToken } from "../tokens.ts";
import { positive, rate, role } from "./arguments.ts";
import { asJson, connecting } from "./options.ts";

/** `springhouse token ...` */
export function addTokenCommands(program: Command, terminal: Terminal): void {
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
}
