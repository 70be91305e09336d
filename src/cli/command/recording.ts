import type { Command } from "commander";
import type { capture } from "../recordings.ts";
import type { replay } from "../replay.ts";
import type { Terminal } from "../terminal.ts";
import { integer, list, positive, seed } from "./arguments.ts";
import { asJson, connecting } from "./options.ts";

/** Loaded where they are needed: the schemas of a manifest and of a leaf bring hundreds of modules. */
const recordings = () => import("../recordings.ts");

/** `springhouse capture` and `replay` */
export function addRecordingCommands(program: Command, terminal: Terminal): void {
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
    .requiredOption(
      "--h <entropies>",
      "min-entropy a sample that is claimed; several with commas: what if",
      list(positive),
    )
    .option(
      "--alpha <exponents>",
      "intermittent alarms at 2^-this; several with commas: what if",
      list(integer(20, 60)),
      [40],
    )
    .option("--rate <n>", "samples a second (default: its manifest's, or 50,000)", positive)
    .option("--html <file>", "what if, as a page with pictures")
    .option("--places <n>", "what if: where each fault is planted (default: 20)", integer(1, 1000))
    .option("--seed <hex>", "what if: of a result that is to be repeated", seed)
    .addHelpText(
      "after",
      "\nWhat if: false alarms a day against the time to find planted faults, for each claim and alpha.",
    )
    .action(async (file: string, options: Parameters<typeof replay>[2]) =>
      (await import("../replay.ts")).replay(terminal, file, options),
    );
}
