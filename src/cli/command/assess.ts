import { Option, type Command } from "commander";
import { SUITE_FLAGS } from "../../assess/assessment.ts";
import { SUITE_CARDS, SUITE_NAMES } from "../../assess/suites.ts";
import { assess } from "../assess.ts";
import { outputEntropyCommand, type OutputEntropyOptions } from "../outputEntropy.ts";
import type { Terminal } from "../terminal.ts";
import { integer, positive, seed, share } from "./arguments.ts";
import { asJson } from "./options.ts";

/** The sizes of SP 800-90B 3.1.5. */
const component = [
  ["--n-in <bits>", "what goes into a conditioning component", integer(1)],
  ["--n-out <bits>", "what comes out of it", integer(1)],
  ["--nw <bits>", "its narrowest internal width", integer(1)],
  ["--h-in <bits>", "min-entropy of what goes in", positive],
] as const;

/** `springhouse assess` and `output-entropy` */
export function addAssessmentCommands(program: Command, terminal: Terminal, version: string): void {
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
}
