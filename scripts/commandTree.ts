import type { Command } from "commander";
import { buildProgram } from "../src/cli/program.ts";
import type { Terminal } from "../src/cli/terminal.ts";

/** What stands behind a word of the command line, as far as a shell can complete it. */
export type Value = "file" | "directory" | "other" | readonly string[];

export interface CommandOption {
  /** As commander has it: "-o, --output <file>". */
  readonly flags: string;
  /** "--output", and "-o" where there is one. */
  readonly names: readonly string[];
  readonly description: string;
  /** null: a flag. */
  readonly value: Value | null;
}

export interface CommandArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly value: Value;
}

export interface CommandNode {
  /** Words after `springhouse`: ["key", "create"]. */
  readonly path: readonly string[];
  readonly description: string;
  readonly options: readonly CommandOption[];
  readonly arguments: readonly CommandArgument[];
  readonly children: readonly CommandNode[];
}

/** "client, operator or admin; repeatable": some choices are only said in words, as their parser has them. */
function saidChoices(description: string): readonly string[] | undefined {
  const said = /^([a-z0-9-]+, )+[a-z0-9-]+( or [a-z0-9-]+)?(?=;|$)/.exec(description)?.[0];
  return said?.split(/, | or /);
}

function valueOf(name: string, choices: readonly string[] | undefined, description: string): Value {
  const among = choices ?? saidChoices(description);
  if (among !== undefined) return among;
  if (name === "file" || name === "report") return "file";
  return name === "dir" ? "directory" : "other";
}

function nodeOf(command: Command, path: readonly string[]): CommandNode {
  const help = command.createHelp();
  return {
    path,
    description: command.description(),
    options: help.visibleOptions(command).map((option) => ({
      flags: option.flags,
      names: [option.long, option.short].filter((name) => name !== undefined),
      description: option.description,
      value:
        option.required || option.optional
          ? valueOf(
              /[<[]([^>\]]+)/.exec(option.flags)?.[1] ?? "",
              option.argChoices,
              option.description,
            )
          : null,
    })),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      description: argument.description,
      required: argument.required,
      variadic: argument.variadic,
      value: valueOf(argument.name(), argument.argChoices, argument.description),
    })),
    children: help
      .visibleCommands(command)
      .filter((child) => child.name() !== "help")
      .map((child) => nodeOf(child, [...path, child.name()])),
  };
}

/** The command line as it is defined, from `springhouse` down. */
export function commandTree(version: string): CommandNode {
  // Commands are only looked at, never run: nothing stands behind them.
  const nothing = {} as Terminal;
  const none = (): never => {
    throw new Error("a command is looked at and not run");
  };
  return nodeOf(
    buildProgram(nothing, version, { serve: none, adopt: none, examineHere: none }),
    [],
  );
}

/** The node and all below it, each before what is below it. */
export function everyCommand(node: CommandNode): CommandNode[] {
  return [node, ...node.children.flatMap(everyCommand)];
}
