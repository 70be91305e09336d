import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { springhouse } from "../../support/springhouse.ts";
import { changed, NOW } from "../config/adopt/report.ts";

const CONFIGURATION = `# the house on the hill
sources:
  - id: noise   # on the shelf
    kind: serial-onerng
    testedEntropy: 3
`;

let folder = "";
let config = "";
let report = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "springhouse-adopt-"));
  config = join(folder, "springhouse.yaml");
  report = join(folder, "report.json");
  await writeFile(config, CONFIGURATION);
  // The command reads the machine's clock.
  await writeFile(report, changed({ atMilliseconds: Math.min(NOW, Date.now()) }));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = (...more: readonly string[]) =>
  springhouse(["sources", "adopt", "noise", report, "--config", config, ...more]);

test("the figure goes into the configuration, and the report beside it", async () => {
  await chmod(config, 0o640);
  const { code, stdout, stderr } = await run();
  expect([code, stderr]).toEqual([0, expect.stringMatching(/no restart test[^]*→ Restart/)]);
  expect(stdout.toString()).toMatch(/^\+ entropy: 4\.23$[^]*^- testedEntropy: 3/m);
  const text = await readFile(config, "utf8");
  expect(text).toContain("# the house on the hill\nsources:\n  - id: noise   # on the shelf\n");
  expect((await stat(config)).mode & 0o777).toBe(0o640);
  const kept = /report (assessments\/\S+)/.exec(text)![1]!;
  expect(await readFile(join(folder, kept))).toEqual(await readFile(report));
  expect((await readdir(folder)).toSorted()).toEqual([
    "assessments",
    "report.json",
    "springhouse.yaml",
  ]);
  const again = await run();
  expect([again.code, again.stderr]).toEqual([0, expect.stringContaining("says so already")]);
  expect(await readFile(config, "utf8")).toBe(text);
});

test("--dry-run writes nothing; a program can read what would be", async () => {
  const { code, stdout } = await run("--dry-run", "--json", "--h", "4");
  expect(code).toBe(0);
  expect(JSON.parse(stdout.toString())).toMatchObject({
    source: "noise",
    written: false,
    before: null,
    after: { entropy: 4 },
    testedEntropy: 3,
  });
  expect(await readFile(config, "utf8")).toBe(CONFIGURATION);
  expect(await readdir(folder)).toHaveLength(2);
});

test("what is refused leaves everything as it was, and says every reason with its remedy", async () => {
  await writeFile(report, changed({ "file.manifest.source": "other", minEntropy: 7 }));
  const { code, stdout, stderr } = await run("--h", "8");
  expect([code, stdout.toString()]).toEqual([1, ""]);
  expect(stderr.match(/→/g)).toHaveLength(3);
  expect(await readFile(config, "utf8")).toBe(CONFIGURATION);
  expect(await readdir(folder)).toHaveLength(2);
});

test("a link's file is changed, and the link stays", async () => {
  const link = join(folder, "link.yaml");
  await symlink("springhouse.yaml", link);
  const real = config;
  config = link;
  expect((await run()).code).toBe(0);
  expect(
    (await readdir(folder, { withFileTypes: true }))
      .find(({ name }) => name === "link.yaml")
      ?.isSymbolicLink(),
  ).toBe(true);
  expect(await readFile(real, "utf8")).toContain("assessed:");
});

test("wrong usage is 2, a file that is not there or does not hold is told", async () => {
  expect((await springhouse(["sources", "adopt", "noise", report])).code).toBe(2);
  expect((await run("--vouch", "a\nb")).code).toBe(2);
  await writeFile(config, "sources: 7");
  const invalid = await run();
  expect([invalid.code, invalid.stderr]).toEqual([2, expect.stringMatching(/sources/)]);
  report = join(folder, "missing.json");
  const missing = await run();
  expect([missing.code, missing.stderr]).toEqual([
    1,
    expect.stringMatching(/missing.json.*ENOENT/),
  ]);
});
