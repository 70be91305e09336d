import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { SeededNoise, uniformOver } from "../../../src/assess/seededNoise.ts";
import { springhouse } from "../../support/springhouse.ts";
import { testFolder } from "./servers.ts";

let samples: Uint8Array;
beforeAll(() => {
  samples = new SeededNoise("31".repeat(32)).symbols(50_000, uniformOver(64));
});

async function recording(): Promise<{ folder: string; file: string }> {
  const folder = await testFolder();
  const file = join(folder, "six.bin");
  await writeFile(file, samples);
  return { folder, file };
}

test("several claims and alphas: a table, JSON and a page, the same from the same seed", async () => {
  const { folder, file } = await recording();
  const html = join(folder, "what.html");
  const grid = ["--bits", "6", "--h", "5,3", "--alpha", "40,20", "--places", "3"];
  const shown = await springhouse(["replay", file, ...grid, "--html", html]);
  expect(shown.code, shown.stderr).toBe(0);
  const text = shown.stdout.toString();
  expect(text).toMatch(/3 +2\^-20 +[\d,]+ ! .*\n +3 +2\^-40/);
  for (const word of ["stuck", "biased", "periodic", "correlated", "50,000 a second"])
    expect(text).toContain(word);
  expect(await readFile(html, "utf8")).toContain("<h1>six.bin</h1>");

  const seed = /--seed ([0-9a-f]{64})/.exec(text)![1]!;
  const again = async () =>
    JSON.parse(
      (
        await springhouse(["replay", file, ...grid, "--seed", seed, "--rate", "1000", "--json"])
      ).stdout.toString(),
    );
  const first = await again();
  expect(first).toMatchObject({ format: "springhouse-what-if-1", samplesPerSecond: 1000, seed });
  expect(first.cells).toHaveLength(4);
  expect(await again()).toEqual(first);
});

test("what makes no sense is refused, and nothing is written", async () => {
  const { folder, file } = await recording();
  const short = join(folder, "short.bin");
  await writeFile(short, samples.subarray(0, 5000));
  for (const [code, ...args] of [
    [2, file, "--h", "5,5"],
    [2, file, "--h", "5,x"],
    [2, file, "--h", "5", "--alpha", "10,20"],
    [2, file, "--h", "5", "--places", "3"],
    [2, file, "--h", "5,6", "--html", file],
    [1, file, "--h", "5,6.5"],
    [1, short, "--h", "5,6"],
  ] as const) {
    const { code: exit, stdout, stderr } = await springhouse(["replay", ...args, "--bits", "6"]);
    expect(exit, `${args.join(" ")}\n${stderr}`).toBe(code);
    expect(stdout.length).toBe(0);
  }
  expect(new Uint8Array(await readFile(file))).toEqual(samples);
});
