import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/*
 * The generated completions in the shells that they are for. Debian: fish, zsh; and mandoc, man-db for
 * the page.
 */

const GENERATED = new URL("../../../packaging/generated/", import.meta.url).pathname;
const has = (program: string): boolean => spawnSync(program, ["--version"]).error === undefined;
const run = promisify(execFile);
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "springhouse-completion-"));
  writeFileSync(join(folder, "noise sample.bin"), "");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is completed for `springhouse WORDS`, of which the last is not done yet. */
type Complete = (...words: readonly string[]) => Promise<string[]>;

const bash: Complete = async (...words) => {
  const script = `. ${GENERATED}bash/springhouse
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
$(complete -p springhouse | sed 's/.*-F \\([^ ]*\\) .*/\\1/') 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const args = ["--norc", "-c", script, "bash", "springhouse", ...words];
  return (await run("bash", args, { cwd: folder })).stdout.split("\n").filter(Boolean);
};

const fish: Complete = async (...words) => {
  const line = ["springhouse", ...words].join(" ");
  const script = `source ${GENERATED}fish/springhouse.fish; complete -C '${line}'`;
  const { stdout } = await run("fish", ["--no-config", "-c", script], { cwd: folder });
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((text) => text.split("\t")[0]!);
};

/** A real line editor on a pseudo-terminal; it lists what it would insert, one in a line. */
const zsh: Complete = async (...words) => {
  // Keys that are there already stop it in the middle of a list, so a slow machine waits before more.
  for (const seconds of [0, 0.3, 1, 3]) {
    const found = await askZsh(words, seconds);
    if (found.length > 0) return found;
  }
  return [];
};

async function askZsh(words: readonly string[], seconds: number): Promise<string[]> {
  const line = ["springhouse", ...words].join(" ");
  const script = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=; fpath=(${GENERATED}zsh \\$fpath); autoload -U compinit; compinit -D -u"
zpty -w z "compadd() { builtin compadd -O found \\"\\$@\\"; print -l -- '<'\\$^found'>'; builtin compadd \\"\\$@\\"; }"
zpty -w z "bindkey '^I' complete-word; echo re''ady"
while zpty -r z line && [[ $line != *ready* ]]; do :; done
zpty -w -n z ${JSON.stringify(line)}$'\\t'
sleep ${seconds}
zpty -w z $'\\x15echo do''ne'
while zpty -r z line && [[ $line != *done* ]]; do print -r -- $line; done
zpty -d z`;
  const { stdout } = await run("zsh", ["-f", "-c", script], { cwd: folder });
  return [...new Set([...stdout.matchAll(/<([^<>\r\n]+)>/g)].map(([, word]) => word!))];
}

describe.each([
  ["bash", bash],
  ["fish", fish],
  ["zsh", zsh],
] as const)("%s completes", (name, complete) => {
  test.skipIf(!has(name))("commands, options, choices and files", async () => {
    expect(await complete("key", "cr")).toContain("create");
    expect(await complete("seal", "slot", "")).toEqual(expect.arrayContaining(["add", "remove"]));
    expect(await complete("key", "create", "aes-2")).toEqual(expect.arrayContaining(["aes-256"]));
    expect(await complete("random", "32", "--for")).toEqual(
      expect.arrayContaining([expect.stringContaining("--format")]),
    );
    expect((await complete("random", "--format", "")).toSorted()).toEqual(["base64", "hex", "raw"]);
    expect((await complete("replay", "noise")).join()).toMatch(/^noise(\\)? sample\.bin$/);
  });
});

test("bash knows an option's value from a command, also with =", async () => {
  expect(await bash("random", "--format", "=", "h")).toEqual(["hex"]);
  expect(await bash("random", "--format", "raw", "--f")).toEqual(["--format", "--fresh"]);
  expect(await bash("backup", "--output", "list", "")).toEqual(
    expect.arrayContaining(["list", "discard"]),
  );
});

test.skipIf(!has("man"))("the man page has no fault that man(1) or mandoc(1) finds", () => {
  const page = `${GENERATED}springhouse.1`;
  const { stderr, status } = spawnSync("man", ["--warnings", "-l", page], {
    encoding: "utf8",
    env: { ...process.env, MANPAGER: "cat" },
  });
  expect([status, stderr]).toEqual([0, ""]);
  // It exits with 1 or more where it finds something.
  if (spawnSync("mandoc").error === undefined)
    expect(execFileSync("mandoc", ["-T", "lint", page], { encoding: "utf8" })).toBe("");
});
