import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { springhouse, startSpringhouse } from "../support/springhouse.ts";

const WALK = new URL("../../docs/key-life.md", import.meta.url);
const BIN = new URL("../../bin", import.meta.url).pathname;

/* Debian: openssh-client. */
const HAS_SSH_KEYGEN = spawnSync("ssh-keygen", ["-?"]).error === undefined;

/** What stands in the fences of this kind, in their order. */
function fences(text: string, kind: string): string[] {
  const pattern = new RegExp(`^\`\`\`${kind} walk\\n(.*?)^\`\`\`$`, "gms");
  return [...text.matchAll(pattern)].map(([, content]) => content!);
}

interface Ran {
  readonly line: string;
  readonly code: number;
  /** stdout and stderr, as a person sees them. */
  readonly text: string;
}

/** Each line in the same shell, as if it were typed; goes on after a failure, as a person could. */
async function type(
  lines: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>>,
): Promise<Ran[]> {
  const END = "=== end of line, exit code ";
  const script = lines.map((line) => `${line}\necho "${END}$?"\n`).join("");
  const shell = spawn("sh", [], {
    cwd: directory,
    env: { ...process.env, ...environment },
    // A line that waits in vain is ended with the shell's whole group.
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => {
    if (shell.exitCode === null) process.kill(-shell.pid!, "SIGKILL");
  });
  shell.stdin.end(`exec 2>&1\n${script}`);
  let text = "";
  for await (const chunk of shell.stdout.setEncoding("utf8")) text += chunk;
  const parts = text.split(END);
  return lines.map((line, index) => ({
    line,
    code: Number.parseInt(parts[index + 1] ?? "", 10),
    text: parts[index]!.replace(/^\d+\n/, ""),
  }));
}

test.skipIf(!HAS_SSH_KEYGEN)("the walk through a key's life goes as it says", async () => {
  const walk = await readFile(WALK, "utf8");
  const [configuration, ...others] = fences(walk, "yaml");
  expect([configuration !== undefined, others.length]).toEqual([true, 0]);
  const lines = fences(walk, "sh").flatMap((block) => block.trimEnd().split("\n"));
  expect(lines.length).toBeGreaterThan(25);
  expect(lines.length).toBeLessThan(45);

  const service = await startSpringhouse({ configuration: configuration! });
  onTestFinished(async () => void (await service.stop()));
  const directory = await mkdtemp(join(tmpdir(), "springhouse-walk-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const walked = await type(lines, directory, {
    PATH: `${BIN}:${process.env["PATH"]}`,
    SPRINGHOUSE_URL: service.url,
    SPRINGHOUSE_STATE: service.state,
    SPRINGHOUSE_TOKEN: "",
  });

  for (const { line, code, text } of walked)
    expect(code, `${line}\n${text}`).toBe(line.includes("# refused") ? 1 : 0);
  /** What the n-th line with this command said. */
  const said = (command: string, nth = 0): string => {
    const found = walked.filter(({ line }) => line.includes(`springhouse ${command}`));
    expect(found.length, command).toBeGreaterThan(nth);
    return found[nth]!.text;
  };

  expect(said("custodian bootstrap")).toMatch(/^ada approves with SHA256:.*\nben approves with/);
  expect(said("key rotate")).toMatch(/v2 \* +active/);
  expect(said("key decrypt")).toBe("fresh milk\n");
  const recall = said("recall");
  expect(recall).toMatch(/FAILS .*version 2 .* 0 bits remain of 256/);
  expect(recall).toMatch(/2 no longer have their strength, [12] keys were suspended/);
  expect(said("key encrypt", 1)).toContain("suspended");
  expect(said("intent approve")).toContain("1 of 2, last ada");
  expect(said("intent execute")).toContain("has that of 1");
  expect(said("intent approve", 1)).toContain("approved: 2 of 2");
  expect(said("key decrypt", 1)).toBe("fresh milk\n");
  expect(said("key deactivate")).toMatch(/v2 \* +deactivated/);
  expect(said("key decrypt", 2)).toContain("destroyed");
  expect(said("log verify")).toContain("all as they were signed");
  expect(said("verify birth.receipt")).toMatch(/stand-in +\d+ bits/);
  // A passphrase is never guaranteed by hardware, and the receipt must say so.
  expect(said("verify death.receipt")).toMatch(/approved by +ada, ben[^]*assurance +best-effort/);

  const altered = join(directory, "altered.receipt");
  const receipt = await readFile(join(directory, "death.receipt"), "utf8");
  await writeFile(altered, receipt.replaceAll("best-effort", "hardware"));
  const vkey = join(directory, "log.vkey");
  const verified = await springhouse(["verify", altered, "--vkey", vkey]);
  expect([verified.code, verified.stdout.toString()]).toEqual([1, ""]);
  expect(verified.stderr).toContain("not signed by this log's key");

  // The commands that the export printed, as they stand.
  const checks = said("intent export")
    .split("\n")
    .filter((line) => line.startsWith("ssh-keygen"));
  expect(checks).toHaveLength(2);
  for (const check of checks)
    expect(execFileSync("sh", ["-c", check], { cwd: join(directory, "leave") }).toString()).toMatch(
      /^Good ".*" signature for (ada|ben)/,
    );
});
