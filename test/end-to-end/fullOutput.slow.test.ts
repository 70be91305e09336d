import { execFileSync } from "node:child_process";
import { rmdirSync } from "node:fs";
import { readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { KeptEvent } from "../../src/port/event.ts";
import type { SourceSnapshot } from "../../src/port/snapshot.ts";
import { fill, mountSmallDisk } from "../support/smallDisk.ts";
import {
  makeState,
  removeState,
  type Running,
  springhouse,
  startSpringhouse,
  until,
} from "../support/springhouse.ts";

let service: Running;
let folder = "";
beforeAll(async () => {
  service = await startSpringhouse({
    configuration:
      "sources: [{ id: quick, kind: character-device, path: /dev/urandom, samplesPerSecond: 200000 }]\n",
  });
  await until("a healthy source", async () => {
    const { url, authorization: headers } = service;
    const answer = await fetch(`${url}/v1/sources/quick`, { headers });
    return ((await answer.json()) as SourceSnapshot).state === "healthy";
  });
  folder = await makeState();
});
afterAll(async () => {
  await service.stop();
  await removeState(folder);
});

const reach = () => ({ SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: service.state });

const capture = (file: string, samples: number, wrapper: readonly string[] = []) =>
  springhouse(
    `capture quick --samples ${samples} -o ${file}`.split(" "),
    wrapped(wrapper),
    wrapper,
  );

/** A file that is cut short must not be one of the compiler's. */
const wrapped = (wrapper: readonly string[]) =>
  wrapper.length === 0 ? reach() : { ...reach(), NODE_DISABLE_COMPILE_CACHE: "1" };

async function samplesFile(): Promise<string> {
  const path = join(folder, "samples.bin");
  await writeFile(
    path,
    Uint8Array.from({ length: 20_000 }, (_, at) => (at * at + (at >> 3)) & 0xff),
  );
  return path;
}

/** What was tapped is closed, and the service answers as before. */
async function goesOn(taps: number): Promise<void> {
  const headers = service.authorization;
  await until("as many closed taps", async () => {
    const answer = await fetch(`${service.url}/v1/events?limit=1000`, { headers });
    const { events } = (await answer.json()) as { events: KeptEvent[] };
    const of = (kind: string): number => events.filter((event) => event.kind === kind).length;
    expect(of("tap_opened")).toBe(taps);
    return of("tap_closed") === taps;
  });
  expect((await fetch(`${service.url}/v1/random?bytes=32`, { headers })).status).toBe(200);
}

const disk = mountSmallDisk();
afterAll(() => {
  if (disk === null) return;
  execFileSync("umount", [disk]);
  rmdirSync(disk);
});

describe.skipIf(disk === null)("on a full disk", () => {
  /** Leaves so much room, in whole pages. */
  async function full(room: number): Promise<void> {
    const filler = join(disk!, "filler");
    fill(filler);
    const { size } = await stat(filler);
    await truncate(filler, size - room);
    onTestFinished(() => rm(filler, { force: true }));
  }

  const ROOM = 65_536;
  test.each([
    ["samples", 4 * ROOM],
    ["a manifest", ROOM],
  ])("a capture without room for %s", async (_what, samples) => {
    await full(ROOM);
    const before = await tapsSoFar();
    const file = join(disk!, "capture.bin");
    const { code, stderr } = await capture(file, samples);
    expect(stderr).toContain(`the capture cannot be written to ${file} (ENOSPC)\n  → Make room`);
    expect(code).toBe(1);
    expect(await readdir(disk!)).toEqual(["filler"]);
    await goesOn(before + 1);
    await rm(join(disk!, "filler"));
    expect((await capture(file, samples)).code).toBe(0);
    expect((await stat(file)).size).toBe(samples);
    await Promise.all([rm(file), rm(`${file}.json`)]);
  });

  test("a report, of which the one that stood there stays", async () => {
    const samples = await samplesFile();
    const report = join(disk!, "report");
    await writeFile(report, "the one before");
    await full(0);
    for (const flag of ["--html", "--nist-json"]) {
      const args = ["assess", samples, "--bits", "8", flag, report, "--json"];
      const { code, stdout, stderr } = await springhouse(args);
      expect(stderr).toContain(`the report cannot be written to ${report} (ENOSPC)\n  → Make room`);
      expect([code, stdout.length]).toEqual([1, 0]);
      expect((await readdir(disk!)).toSorted()).toEqual(["filler", "report"]);
      expect(await readFile(report, "utf8")).toBe("the one before");
    }
    await rm(report);
  });
});

async function tapsSoFar(): Promise<number> {
  const headers = service.authorization;
  const answer = await fetch(`${service.url}/v1/events?limit=1000`, { headers });
  const { events } = (await answer.json()) as { events: KeptEvent[] };
  return events.filter(({ kind }) => kind === "tap_opened").length;
}

test("where no file may be so long, neither a capture nor a report is begun and left", async () => {
  const limit = ["prlimit", "--fsize=20000"];
  const samples = await samplesFile();
  const there = await readdir(folder);
  const before = await tapsSoFar();
  const file = join(folder, "capture.bin");
  const captured = await capture(file, 100_000, limit);
  expect(captured.stderr).toMatch(
    /the capture cannot be written to \S+ \(EFBIG\)\n {2}→ .*ulimit -f/,
  );
  const page = join(folder, "report.html");
  const assessed = await springhouse(
    ["assess", samples, "--bits", "8", "--html", page],
    wrapped(limit),
    limit,
  );
  expect(assessed.stderr).toMatch(
    /the report cannot be written to \S+ \(EFBIG\)\n {2}→ .*ulimit -f/,
  );
  expect([captured.code, assessed.code, assessed.stdout.length]).toEqual([1, 1, 0]);
  expect(await readdir(folder)).toEqual(there);
  await goesOn(before + 1);
});

test("a folder that is not there is no service that is not there", async () => {
  const { code, stderr } = await capture(join(folder, "nowhere", "capture.bin"), 1000);
  expect(code).toBe(1);
  expect(stderr).toMatch(/cannot be written to \S+ \(ENOENT\)\n {2}→ Make its folder/);
});
