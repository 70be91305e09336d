import type { Command } from "commander";
import { expect, test } from "vitest";
import { buildProgram } from "../../../src/cli/program.ts";
import { DASHBOARDS } from "../../../src/telemetry/dashboards/dashboards.ts";
import { ALERTS } from "../../../src/telemetry/rules/files.ts";

/** Everything that tells somebody what to do. */
const ADVICE = [
  ...ALERTS.flatMap(({ remedy, meaning, steps }) => [remedy, meaning, ...steps]),
  ...DASHBOARDS.flatMap(({ rows }) =>
    rows.flatMap(({ panels }) => panels.map(({ description }) => description)),
  ),
];

const never = (): never => {
  throw new Error("only looked at");
};
const PROGRAM = buildProgram(never as never, "0", {
  serve: never,
  adopt: never,
  examineHere: never,
});

/** What is wrong with a command line; null when nothing is. Words in capitals are somebody's own. */
function fault(line: string): string | null {
  let command: Command = PROGRAM;
  const words = line.split(" ").slice(1);
  for (const word of words) {
    const below = command.commands.find((one) => one.name() === word);
    if (below) command = below;
    else if (word.startsWith("-")) {
      if (!command.options.some(({ long, short }) => long === word || short === word))
        return `${command.name()} has no ${word}`;
    } else if (command.registeredArguments.length === 0 && !/^[A-Z0-9]+$/.test(word))
      return `${command.name()} has no ${word}`;
  }
  return command === PROGRAM ? "no command" : null;
}

const commands = [
  ...new Set(
    ADVICE.flatMap((text) =>
      [...text.matchAll(/`(springhouse [a-z][^`]*)`/g)].map(([, line]) => line!),
    ),
  ),
];

test.each(commands)("%s is a command that there is", (line) => {
  expect(fault(line)).toBeNull();
});

test("commands that there are not would be seen", () => {
  expect(commands.length).toBeGreaterThan(8);
  expect(fault("springhouse unseal")).not.toBeNull();
  expect(fault("springhouse recall --since now")).toBe("recall has no --since");
  expect(fault("springhouse seal smash")).toBe("seal has no smash");
});

test("an alert that another one's section names is there", () => {
  const names = new Set(ALERTS.map(({ name }) => name));
  for (const text of ADVICE)
    for (const [name] of text.matchAll(/Springhouse[A-Z]\w+/g)) expect(names).toContain(name);
});
