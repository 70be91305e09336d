import { spawn } from "node:child_process";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { startEmulator } from "../../support/emulator.ts";
import { springhouse, startSpringhouse, until } from "../../support/springhouse.ts";
import { SNAPSHOT, SOURCE } from "../api/house.ts";
import { ANY_TOKEN, httpServer, testFolder } from "./servers.ts";

const BIN = new URL("../../../bin/springhouse", import.meta.url).pathname;

/** A service with the source of SNAPSHOT, whose tap is what `samples` makes of it. */
async function tapping(samples: (response: ServerResponse) => void) {
  const asked: string[] = [];
  const SPRINGHOUSE_URL = await httpServer((request, response) => {
    asked.push(request.url!);
    if (request.url === "/v1/status") response.end(JSON.stringify(SNAPSHOT));
    else {
      response.setHeader("springhouse-first-sequence", "4711");
      response.setHeader("springhouse-bits-per-sample", "8");
      samples(response);
    }
  });
  return { asked, environment: { ...ANY_TOKEN, SPRINGHOUSE_URL } };
}

const captured = Buffer.from(Array.from({ length: 1000 }, (_, index) => index & 0xff));

const capture = (file: string, samples: number): string[] =>
  `capture ${SOURCE.id} --samples ${samples} -o ${file}`.split(" ");

/** Resolves when a capture under way has written so much. */
async function writtenTo(file: string, bytes: number): Promise<void> {
  await until("samples", async () => {
    const now = await stat(`${file}.partial`).catch(() => null);
    return now !== null && now.size >= bytes;
  });
}

test("what came is in the file, and one line on stderr says so", async () => {
  const folder = await testFolder();
  const file = join(folder, "rng.bin");
  const { asked, environment } = await tapping((response) => response.end(captured));
  const { code, stdout, stderr } = await springhouse(capture(file, 1000), environment);
  expect([code, stdout.length]).toEqual([0, 0]);
  expect(stderr).toBe(`${file}: 1,000 contiguous samples, manifest in ${file}.json\n`);
  expect(asked).toEqual(["/v1/status", `/v1/sources/${SOURCE.id}/samples?count=1000`]);
  expect(await readFile(file)).toEqual(captured);
  expect((await readdir(folder)).toSorted()).toEqual(["rng.bin", "rng.bin.json"]);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(`${file}.json`, "utf8"))).toMatchObject({
    source: SOURCE.id,
    samples: 1000,
    firstSequence: 4711,
  });
});

describe("a capture that is not contiguous and complete fails, says so and leaves no file", () => {
  // Not before the command has written what came: what waits in fetch() is lost with a reset.
  test.each<[string, (response: ServerResponse) => void, (response: ServerResponse) => void]>([
    [
      "reset, as the service does at a gap",
      (response) => response.setHeader("content-length", "4000"),
      (response) => response.destroy(),
    ],
    ["reset in a chunked body", () => {}, (response) => response.destroy()],
    ["ended early", () => {}, (response) => response.end()],
  ])("%s", async (_name, begin, end) => {
    const folder = await testFolder();
    const file = join(folder, "rng.bin");
    let tap: ServerResponse | undefined;
    const { environment } = await tapping((response) => {
      begin(response);
      response.write(captured);
      tap = response;
    });
    const running = springhouse(capture(file, 4000), environment);
    await writtenTo(file, captured.length);
    end(tap!);
    const { code, stdout, stderr } = await running;
    expect([code, stdout.length]).toEqual([1, 0]);
    expect(stderr).toContain("cut short after 1000 bytes");
    expect(await readdir(folder)).toEqual([]);
  });

  test("one sample more than was asked for", async () => {
    const folder = await testFolder();
    const { environment } = await tapping((response) => response.end(captured));
    const { code } = await springhouse(capture(join(folder, "rng.bin"), 999), environment);
    expect([code, await readdir(folder)]).toEqual([1, []]);
  });

  test("a device that is pulled out meanwhile", async () => {
    const emulator = await startEmulator({ family: "truerngpro", rate: 50_000 });
    onTestFinished(() => emulator.close());
    const service = await startSpringhouse({
      configuration: `sources: [{ id: trng, kind: serial-truerngpro, path: ${emulator.path} }]`,
    });
    onTestFinished(async () => void (await service.stop()));
    const get = async (path: string): Promise<Record<string, Record<string, unknown>[]>> =>
      (await (await fetch(service.url + path, { headers: service.authorization })).json()) as never;
    await until("a healthy device", async () => {
      const { sources } = await get("/v1/status");
      return sources!.some(({ id, state }) => id === "trng" && state === "healthy");
    });
    const folder = await testFolder();
    const file = join(folder, "rng.bin");
    const running = springhouse(["capture", "trng", "--samples", "100000000", "-o", file], {
      SPRINGHOUSE_URL: service.url,
      SPRINGHOUSE_STATE: service.state,
    });
    await writtenTo(file, 10_000);
    await emulator.command("unplug");
    const { code, stderr } = await running;
    expect(code).toBe(1);
    expect(stderr).toMatch(/cut short after \d+ bytes/);
    expect(await readdir(folder)).toEqual([]);
    const { events } = await get("/v1/events?limit=1000");
    expect(events!.filter(({ kind }) => kind === "tap_closed")).toHaveLength(1);
  });

  test("an interrupt", async () => {
    const folder = await testFolder();
    const file = join(folder, "rng.bin");
    const { environment } = await tapping((response) => void response.write(captured));
    const child = spawn(BIN, capture(file, 4000), {
      env: { ...process.env, ...environment },
      stdio: "ignore",
    });
    const exit = new Promise((resolve) => child.once("exit", resolve));
    await writtenTo(file, captured.length);
    child.kill("SIGINT");
    expect(await exit).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });
});

test("a source that there is not is named, with those that there are, and nothing is tapped", async () => {
  const { asked, environment } = await tapping((response) => response.end());
  const file = join(await testFolder(), "rng.bin");
  const args = ["capture", "nobody", "--samples", "1", "-o", file];
  const { code, stderr } = await springhouse(args, environment);
  expect(code).toBe(1);
  expect(stderr).toBe(`springhouse: no source nobody\n  → The service has: ${SOURCE.id}.\n`);
  expect(asked).toEqual(["/v1/status"]);
});

describe("a file that is there already", () => {
  async function over(count: number, samples: (response: ServerResponse) => void) {
    const file = join(await testFolder(), "rng.bin");
    await writeFile(file, "what was there");
    const { asked, environment } = await tapping(samples);
    // It ends what would hang, with 124.
    const child = spawn("timeout", ["10", BIN, ...capture(file, count)], {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const code = await new Promise((resolve) => child.once("close", resolve));
    return { asked, code, stderr, content: await readFile(file, "utf8") };
  }
  /** At a device's pace: of a full connection that nobody reads a process would take no notice. */
  const endless = (response: ServerResponse): void => {
    const timer = setInterval(() => response.write("x"), 20);
    response.once("close", () => clearInterval(timer));
  };

  test("is left alone, and said", async () => {
    const { code, stderr, content } = await over(1000, (response) => response.end(captured));
    expect(code).toBe(1);
    expect(stderr).toContain("exists already");
    expect(content).toBe("what was there");
  });

  // A tap that was opened before the file would go on diverting samples that nobody keeps.
  test("ends the command at once, with nothing tapped", async () => {
    const { asked, code, stderr } = await over(1e9, endless);
    expect(stderr).toContain("exists already");
    expect(code).toBe(1);
    expect(asked).toEqual(["/v1/status"]);
  });
});
