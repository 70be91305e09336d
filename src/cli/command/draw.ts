import { Option, type Command } from "commander";
import { random, stream } from "../draw.ts";
import type { Terminal } from "../terminal.ts";
import { integer, positive } from "./arguments.ts";
import { asJson, connecting } from "./options.ts";

/** `springhouse random` and `stream` */
export function addDrawCommands(program: Command, terminal: Terminal): void {
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
}
