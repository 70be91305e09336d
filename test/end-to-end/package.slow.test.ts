import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { until } from "../support/springhouse.ts";

/*
 * What `npm pack` makes, as somebody has it who installed it: compiled, below node_modules, where
 * Node.js strips no types, and without anything that is not in its `files` and `dependencies`.
 */

const CLONE = new URL("../..", import.meta.url).pathname;
const run = promisify(execFile);
let folder = "";
let installed = "";
/** The launcher finds no Node.js beside the package, as there is none, and takes that of the PATH. */
const environment = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "springhouse-package-"));
  installed = join(folder, "node_modules/springhouse");
  await mkdir(installed, { recursive: true });
  const [tarball] = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: CLONE,
    env: environment,
    encoding: "utf8",
  })
    .trim()
    .split("\n")
    .slice(-1);
  execFileSync("tar", ["-xzf", join(folder, tarball!), "--strip-components=1", "-C", installed]);
  const { dependencies } = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const link = join(folder, "node_modules", name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(CLONE, "node_modules", name), link);
  }
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test("serves, its command draws, and its client is imported by name", async () => {
  const bin = join(installed, "bin/springhouse");
  const state = join(folder, "state");
  const configuration = join(folder, "springhouse.yaml");
  await writeFile(configuration, "outlets: 2\n");
  const serve = ["serve", "--config", configuration, "--state", state, "--listen", "127.0.0.1:0"];
  const child = spawn(bin, serve, {
    env: environment,
    stdio: ["ignore", "inherit", "pipe"],
  });
  const gone = new Promise<number | null>((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill();
    await gone;
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (log += text));
  const url = await until("a listening address", () => {
    if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode}:\n${log}`);
    return /"url":"(http:[^"]+)"/.exec(log)?.[1];
  });
  await until("readiness", async () => (await fetch(`${url}/readyz`)).ok);
  await until("the outlet's thread", () => log.includes("outlet_opened"));

  // The console, whose modules are JavaScript here and TypeScript in a clone.
  const left = ["/"];
  for (const path of left) {
    const answer = await fetch(`${url}${path}`);
    expect(answer.status, path).toBe(200);
    const text = await answer.text();
    const names = [...text.matchAll(/(?:"\/console\/|from "\.\/)([a-zA-Z]+\.[a-z]+)"/g)];
    for (const [, name] of names)
      if (!left.includes(`/console/${name}`)) left.push(`/console/${name}`);
  }
  expect(left).toContain("/console/main.js");
  expect(left).toContain("/console/uPlot.js");
  expect(left.length).toBeGreaterThan(20);

  const there = { ...environment, SPRINGHOUSE_URL: url, SPRINGHOUSE_STATE: state };
  const { stdout } = await run(bin, ["random", "32"], { env: there });
  expect(stdout).toMatch(/^[0-9a-f]{64}\n$/);

  const script = join(folder, "draw.mjs");
  await writeFile(
    script,
    `import { readFileSync } from "node:fs";
import { SpringhouseClient } from "springhouse/client";
const token = readFileSync("${state}/admin.token", "utf8").trim();
const client = new SpringhouseClient({ url: "${url}", token });
const { bytes, seed } = await client.random(16);
console.log(bytes.length, seed);
`,
  );
  const drawn = await run(process.execPath, [script]);
  expect(drawn.stdout).toMatch(/^16 s-[0-9a-f]{16}-\d+\n$/);

  child.kill("SIGTERM");
  expect(await gone).toBe(0);
}, 60_000);

test("its other threads are found, too", async () => {
  const file = join(folder, "noise.bin");
  // Bytes of a counter's squares: no noise, and no matter.
  await writeFile(
    file,
    Uint8Array.from({ length: 20_000 }, (_, i) => (i * i) & 1),
  );
  const page = join(folder, "report.html");
  const args = ["assess", file, "--bits", "1", "--fips140", "--html", page];
  const { stderr } = await run(join(installed, "bin/springhouse"), args, {
    env: environment,
  }).catch((error: { stderr: string }) => error);
  expect(stderr).toContain("1 of 1 blocks failed");
  expect(await readFile(page, "utf8")).toContain("FIPS 140-2");
}, 60_000);
