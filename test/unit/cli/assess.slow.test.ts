import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RecordingWriter } from "../../../src/source/recordingWriter.ts";
import { springhouse } from "../../support/springhouse.ts";

const BIN = new URL("../../../bin/springhouse", import.meta.url).pathname;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "springhouse-assess-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Samples of a generator without a seed of its own, so that every run has the same. */
async function samplesFile(name: string, count: number, mask: number): Promise<string> {
  let state = 1;
  const samples = Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 24) & mask;
  });
  const path = join(folder, name);
  await writeFile(path, samples);
  return path;
}

test("two reports of one file are the same but for the time, and hold what repeats them", async () => {
  const path = await samplesFile("bytes.bin", 20_000, 0xff);
  const reports = [];
  for (let run = 0; run < 2; run++) {
    const { code, stdout } = await springhouse(["assess", path, "--bits", "8", "--json"]);
    expect(code).toBe(0);
    const { atMilliseconds, ...report } = JSON.parse(stdout.toString());
    expect(atMilliseconds).toBeGreaterThan(1.7e12);
    reports.push(report);
  }
  expect(reports[0]).toEqual(reports[1]);
  const [{ file, result: nonIid, minEntropy, warnings }] = reports;
  expect(file).toMatchObject({ name: "bytes.bin", samples: 20_000, bitsPerSample: 8 });
  expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
  expect(nonIid.literal).toHaveLength(7);
  expect(nonIid.bitstring).toHaveLength(10);
  expect(nonIid.assessed).toBe(Math.min(nonIid.hOriginal, 8 * nonIid.hBitstring));
  expect(minEntropy).toBe(nonIid.assessed);
  expect(warnings).toHaveLength(1);
});

test("people see each estimate, the least of them, and what was not run and why", async () => {
  const path = await samplesFile("few\u001b[31m.bin", 400, 1);
  const { code, stdout } = await springhouse(["assess", path, "--bits", "1"]);
  expect(code).toBe(0);
  const text = stdout.toString();
  expect(text).toContain("few?[31m.bin: 400 samples");
  expect(text).toMatch(/most common value \(6\.3\.1\) +0\.\d{6}/);
  expect(text).toMatch(/\d ◂$/m);
  expect(text).toMatch(/compression \(6\.3\.4\) +not run/);
  expect(text).toContain("MultiMCW (6.3.7) was not run on the symbols: needs 4096 samples");
  expect(text).toContain("400 samples: SP 800-90B 3.1.1 asks for 1,000,000");
  expect(text).toMatch(/assessed min-entropy 0\.\d+ bits a sample/);
});

test("a claim that the samples do not support is exit 1, one that they do is 0", async () => {
  const path = await samplesFile("nibbles.bin", 20_000, 0x0f);
  const low = await springhouse(["assess", path, "--bits", "4", "--h", "0.5", "--json"]);
  expect(low.code).toBe(0);
  expect(JSON.parse(low.stdout.toString())).toMatchObject({
    parameters: { claimedEntropy: 0.5 },
    minEntropy: 0.5,
  });
  const high = await springhouse(["assess", path, "--bits", "4", "--h", "3.99"]);
  expect(high.code).toBe(1);
  expect(high.stdout.toString()).toContain("NOT supported");
  expect(high.stderr).toContain("not passed: assessed min-entropy");
});

describe("bad input gets a clear error, exit 1 or 2, and no figure", () => {
  const refused = async (args: readonly string[], code: number, said: RegExp): Promise<void> => {
    const result = await springhouse(["assess", ...args]);
    expect(result.stdout.toString()).toBe("");
    expect(result.stderr).toMatch(said);
    expect(result.code).toBe(code);
  };

  test("files that are no samples", async () => {
    const empty = join(folder, "empty.bin");
    await writeFile(empty, "");
    const wide = await samplesFile("wide.bin", 1000, 0xff);
    const huge = join(folder, "huge.bin");
    await writeFile(huge, "");
    await truncate(huge, 2 ** 30);
    await refused([empty, "--bits", "8"], 1, /is empty[^]*→ /);
    await refused([wide, "--bits", "4"], 1, /→ /);
    await refused([await samplesFile("one.bin", 1, 1), "--bits", "1"], 1, /at least 2 are needed/);
    await refused([wide], 1, /bits per sample must be given[^]*--bits/);
    await refused([huge, "--bits", "8"], 1, /more than 134,217,728 samples[^]*head -c/);
    await refused([folder, "--bits", "8"], 1, /not a regular file/);
    await refused([join(folder, "missing"), "--bits", "8"], 1, /ENOENT|not there|no such/i);
  });

  test("samples that are too few for any test of a suite", async () => {
    const path = await samplesFile("block.bin", 2499, 0xff);
    for (const flag of ["--fips140", "--ais31", "--ais31-v3"]) {
      const { code, stdout, stderr } = await springhouse(["assess", path, "--bits", "8", flag]);
      expect(stdout.toString()).toMatch(/not applicable|needs [\d,]+/);
      expect(stderr).toMatch(/no verdict: [^]*more samples/);
      expect(code).toBe(1);
    }
  });

  test("options that cannot be", async () => {
    const path = await samplesFile("some.bin", 1000, 0xff);
    await refused([path, "--bits", "9"], 2, /1 to 8|--bits/);
    await refused([path, "--bits", "8", "--h", "8.5"], 2, /more than the 8 bits/);
    await refused([path, "--bits", "8", "--h", "0"], 2, /--h/);
    await refused([path, "--bits", "8", "--constants", "text"], 2, /takes no constants[^]*→ /);
  });

  test("an interrupt ends it at once, and leaves no half report", async () => {
    const path = await samplesFile("long.bin", 4_000_000, 0xff);
    const child = spawn(BIN, ["assess", path, "--bits", "8", "--json"]);
    let stdout = "";
    child.stdout.on("data", (text) => (stdout += text));
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    // Both threads are at work for many seconds.
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const before = performance.now();
    child.kill("SIGINT");
    expect(await ended).toBe(1);
    expect(performance.now() - before).toBeLessThan(2000);
    expect(stdout).toBe("");
  }, 60_000);
});

test("a recording's manifest says the width, and stands in the report", async () => {
  const path = join(folder, "recorded.bin");
  const writer = await RecordingWriter.open({ path, bitsPerSample: 2 });
  await writer.write(Uint8Array.from({ length: 5000 }, (_, at) => (at * at) & 3));
  const manifest = await writer.finish({
    source: "rng",
    kind: "recording",
    device: null,
    configurationVersion: "1",
    host: "here",
    fromMilliseconds: 1,
    toMilliseconds: 2,
    firstSequence: 7,
    restart: "none",
    samplesPerRestart: null,
  });
  const { code, stdout } = await springhouse(["assess", path, "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout.toString()).file).toMatchObject({ bitsPerSample: 2, manifest });
});

test("each flag runs its suite, says what it is good for, and writes a page that needs nothing else", async () => {
  const path = await samplesFile("suites.bin", 20_000, 0xff);
  const asked = [
    ["--sts", "sp800-22"],
    ["--fips140", "fips140-2"],
    ["--ais31", "ais31"],
    ["--ais31-v3", "ais20-31-v3"],
  ] as const;
  for (const [flag, suite] of asked) {
    const html = join(folder, `${suite}.html`);
    const { stdout } = await springhouse([
      "assess",
      path,
      "--bits",
      "8",
      flag,
      "--json",
      "--html",
      html,
    ]);
    const report = JSON.parse(stdout.toString());
    expect(report).toMatchObject({ suite, minEntropy: null });
    expect(report.purpose).toMatch(/sanity check[^]*No evidence of entropy/);
    expect(report.command).toContain(flag);
    const page = await readFile(html, "utf8");
    expect(page).toContain(report.file.sha256);
    expect(page).not.toMatch(/<script|https?:\/\//);
  }
});

test("--nist-json writes a file as NIST's tool does, and refuses what that does not run", async () => {
  const path = await samplesFile("shape.bin", 5000, 0x0f);
  const shape = join(folder, "shape.json");
  const { code } = await springhouse(["assess", path, "--bits", "4", "--nist-json", shape]);
  expect(code).toBe(0);
  const written = JSON.parse(await readFile(shape, "utf8"));
  expect(written.testCases).toHaveLength(11);
  const other = await springhouse(["assess", path, "--bits", "4", "--sts", "--nist-json", shape]);
  expect(other.code).toBe(2);
  expect(other.stderr).toContain("NIST's tool does not run SP 800-22");
});

describe("the IID track", () => {
  const asked = async (path: string, ...options: readonly string[]) => {
    const { code, stdout, stderr } = await springhouse([
      "assess",
      path,
      "--bits",
      "3",
      "--iid",
      "--json",
      ...options,
    ]);
    return { code, stderr, report: JSON.parse(stdout.toString()) };
  };

  test("its seed gives the same report again", async () => {
    const path = await samplesFile("iid.bin", 4000, 7);
    const html = join(folder, "iid.html");
    const first = await asked(path, "--html", html);
    const { seed } = first.report.parameters;
    expect(seed).toMatch(/^[0-9a-f]{64}$/);
    expect(first.report.command).toBe(`springhouse assess iid.bin --bits 3 --iid --seed ${seed}`);
    const again = await asked(path, "--seed", seed);
    expect({ ...again.report, atMilliseconds: 0 }).toEqual({ ...first.report, atMilliseconds: 0 });
    const { passed, minEntropy } = first.report;
    expect(typeof passed).toBe("boolean");
    expect(minEntropy !== null).toBe(passed);
    expect([first.code, again.code]).toEqual(passed ? [0, 0] : [1, 1]);
    const page = await readFile(html, "utf8");
    for (const text of [seed, "periodicity, lag 32 (5.1.9)", "is no test"])
      expect(page).toContain(text);
  });

  test("the plain kernel gives the same report, and one that there is not is refused", async () => {
    const path = await samplesFile("iid-form.bin", 4000, 7);
    const args = `assess ${path} --bits 3 --iid --json --seed ${"5a".repeat(32)}`.split(" ");
    const reportOf = async (form: string) => {
      const { stdout } = await springhouse(args, { SPRINGHOUSE_ORDER_KERNEL: form });
      return { ...JSON.parse(stdout.toString()), atMilliseconds: 0 };
    };
    expect(await reportOf("plain")).toEqual(await reportOf("sixteen-lanes"));
    const { code, stdout, stderr } = await springhouse(args, { SPRINGHOUSE_ORDER_KERNEL: "fast" });
    expect([code, stdout.length]).toEqual([2, 0]);
    expect(stderr).toMatch(/sixteen-lanes or plain, not fast\n {2}→ /);
  });

  test("time that runs out is no verdict, and exit 1", async () => {
    const path = await samplesFile("iid-long.bin", 200_000, 7);
    const { code, report, stderr } = await asked(path, "--time-limit", "0.01");
    expect(code).toBe(1);
    expect(report).toMatchObject({ passed: null, minEntropy: null });
    expect(stderr).toMatch(/not finished[^]*--time-limit/);
    const other = await springhouse(["assess", path, "--bits", "3", "--time-limit", "0.01"]);
    expect(other.code).toBe(1);
    expect(other.stdout.toString()).toBe("");
    expect(other.stderr).toMatch(/not finished within 0.01 s/);
  });

  test("samples of one value are refused without a figure", async () => {
    const path = await samplesFile("iid-constant.bin", 4000, 0);
    const result = await springhouse(["assess", path, "--bits", "3", "--iid"]);
    expect(result.code).toBe(1);
    expect(result.stdout.toString()).toBe("");
    expect(result.stderr).toMatch(/all samples have one value/);
  });
});

test("two suites at once and a page that cannot be written are refused", async () => {
  const path = await samplesFile("two.bin", 2000, 0xff);
  const both = await springhouse(["assess", path, "--bits", "8", "--sts", "--fips140"]);
  expect(both.code).toBe(2);
  expect(both.stderr).toContain("--sts and --fips140 cannot be asked for together");
  const before = await readFile(path);
  const fifo = join(folder, "report.fifo");
  execFileSync("mkfifo", [fifo]);
  const link = join(folder, "link.bin");
  await symlink(path, link);
  for (const [html, nist, said, code] of [
    [path, "x.json", /samples, their manifest or another report/, 2],
    [link, "x.json", /samples, their manifest or another report/, 2],
    [join(folder, "x.html"), `${path}.json`, /samples, their manifest or another report/, 2],
    [join(folder, "same"), join(folder, ".", "same"), /samples, their manifest or another/, 2],
    [fifo, "x.json", /not a regular file/, 1],
  ] as const) {
    const taken = await springhouse([
      "assess",
      path,
      "--bits",
      "8",
      "--html",
      html,
      "--nist-json",
      resolve(folder, nist),
    ]);
    expect(taken.stderr).toMatch(said);
    expect([taken.code, taken.stdout.length]).toEqual([code, 0]);
  }
  expect((await readFile(path)).equals(before)).toBe(true);
  const nowhere = join(folder, "missing", "report.html");
  const lost = await springhouse(["assess", path, "--bits", "8", "--fips140", "--html", nowhere]);
  expect(lost.code).toBe(1);
  expect(lost.stderr).toContain("cannot be written");
  expect(lost.stdout.toString()).toBe("");
});

describe("a restart matrix", () => {
  test("of the wrong size, and without an initial estimate, is refused", async () => {
    const path = await samplesFile("short.bin", 20_000, 0xff);
    const short = await springhouse(`assess ${path} --bits 8 --restart --h 4 --json`.split(" "));
    expect([short.code, short.stdout.length]).toEqual([1, 0]);
    expect(short.stderr).toContain("exactly 1,000 x 1,000 samples, and these are 20,000");
    const unclaimed = await springhouse(`assess ${path} --bits 8 --restart`.split(" "));
    expect([unclaimed.code, unclaimed.stdout.length]).toEqual([1, 0]);
    expect(unclaimed.stderr).toContain("--h");
  });

  test("of bits says loudly what its manifest says of the restarts", async () => {
    const path = join(folder, "matrix.bin");
    const writer = await RecordingWriter.open({ path, bitsPerSample: 1 });
    let state = 1;
    await writer.write(
      Uint8Array.from({ length: 1_000_000 }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state >>> 31;
      }),
    );
    await writer.finish({
      source: "rng",
      kind: "serial-generic",
      device: null,
      configurationVersion: "1",
      host: "here",
      fromMilliseconds: 1,
      toMilliseconds: 2,
      firstSequence: 7,
      restart: "reopen",
      samplesPerRestart: 1000,
      settleBytesPerRestart: 4096,
    });
    const html = join(folder, "matrix.html");
    const { code, stdout } = await springhouse(
      `assess ${path} --restart --h 0.5 --html ${html}`.split(" "),
    );
    expect(code).toBe(0);
    const text = stdout.toString();
    expect(text).toMatch(/most common value \(6\.3\.1\) +0\.99\d+ +0\.99\d+/);
    expect(text).toContain("warning: NO RESTART IN THE STANDARD'S SENSE");
    expect(text).toContain("min-entropy 0.500000 bits a sample");
    const page = await readFile(html, "utf8");
    expect(page).toContain("Sanity check (3.1.4.3)");
    expect(page).toContain("NO RESTART IN THE STANDARD");
  }, 60_000);
});

test("conditioned data gets h' and what its component makes of it, and no figure of a source", async () => {
  const path = await samplesFile("conditioned.bin", 20_000, 0xff);
  const sizes = "--n-in 512 --n-out 256 --nw 256 --h-in 320";
  const { code, stdout } = await springhouse(
    `assess ${path} --bits 8 --conditioned ${sizes} --json`.split(" "),
  );
  expect(code).toBe(0);
  const { minEntropy, passed, command, result } = JSON.parse(stdout.toString());
  expect([minEntropy, passed]).toEqual([null, null]);
  expect(command).toBe(`springhouse assess conditioned.bin --bits 8 --conditioned ${sizes}`);
  expect(result.component).toMatchObject({ vetted: 256, nonVetted: result.hPrime * 256 });
  const some = await springhouse(`assess ${path} --bits 8 --conditioned --nw 256`.split(" "));
  expect(some.code).toBe(2);
  expect(some.stderr).toContain("are given together");
});

describe("output-entropy", () => {
  const asked = (args: string) => springhouse(`output-entropy ${args}`.split(" "));

  test("for people and for programs", async () => {
    const sizes = "--n-in 512 --n-out 256 --nw 256 --h-in 256";
    const people = await asked(sizes);
    expect(people.stdout.toString()).toBe(
      "  vetted component (3.1.5.1.2)  255 = (1 - 2^-8.00) x 256\n  any other (3.1.5.2)           needs h' of its outputs: --h-prime\n",
    );
    const programs = await asked(`${sizes} --h-prime 0.9 --json`);
    expect(JSON.parse(programs.stdout.toString())).toMatchObject({
      inputBits: 512,
      vetted: 255,
      nonVetted: 230.4,
    });
  });

  test("what cannot be is wrong usage", async () => {
    for (const wrong of [
      "--n-in 256 --n-out 256 --nw 256 --h-in 257",
      "--n-in 0 --n-out 256 --nw 256 --h-in 1",
      "--n-in 256 --n-out 256 --nw 256 --h-in 1 --h-prime 1.1",
      "--n-in 256 --n-out 256 --nw 256",
    ]) {
      const { code, stdout } = await asked(wrong);
      expect([code, stdout.length], wrong).toEqual([2, 0]);
    }
  });
});
