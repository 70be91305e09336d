import { readFileSync } from "node:fs";
import { commandTree } from "./commandTree.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "./completions.ts";
import { manPage } from "./manPage.ts";
import { udevRules } from "./udevRules.ts";

const FOLDER = "packaging/generated";

/** What a package brings besides the program. */
export function packagingFiles(): readonly (readonly [string, string])[] {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  const commands = commandTree(version);
  return [
    [`${FOLDER}/springhouse.1`, manPage(commands, version)],
    [`${FOLDER}/bash/springhouse`, bashCompletion(commands)],
    [`${FOLDER}/zsh/_springhouse`, zshCompletion(commands)],
    [`${FOLDER}/fish/springhouse.fish`, fishCompletion(commands)],
    [`${FOLDER}/springhouse.udev`, udevRules()],
  ];
}
