import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { SpringhouseError } from "../../../src/port/errors.ts";
import { RecordingSource } from "../../../src/source/recording.ts";
import { parseManifest, type RecordingManifest } from "../../../src/source/recordingManifest.ts";
import { openRecording } from "../../../src/source/recordingReader.ts";
import { RecordingWriter, type RecordingFacts } from "../../../src/source/recordingWriter.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { Collector, descriptors, eventually, sleep } from "./collector.ts";

const folder = mkdtempSync(join(tmpdir(), "springhouse-recording-"));
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
const fresh = (): string => join(folder, `capture-${made++}`);

const FACTS: RecordingFacts = {
  source: "trng",
  kind: "serial-truerngpro",
  device: {
    location: "/dev/ttyACM0",
    vendorId: "04d8",
    productId: "ebb5",
    serialNumber: null,
    firmware: "V2",
    mode: "RAW_BIN",
    rawConfirmed: true,
    caveats: [],
  },
  configurationVersion: "sha256:abc",
  host: "lab-1",
  fromMilliseconds: 1_767_225_600_000,
  toMilliseconds: 1_767_225_601_000,
  firstSequence: 4096,
  restart: "none",
  samplesPerRestart: null,
};

/** `samples` symbols that count up from 0 in four bits. */
function counting(samples: number): Uint8Array {
  return Uint8Array.from({ length: samples }, (_, index) => index & 15);
}

async function record(samples = 10_000, facts = FACTS): Promise<string> {
  const path = fresh();
  const writer = await RecordingWriter.open({ path, bitsPerSample: 4 });
  const all = counting(samples);
  for (let at = 0; at < samples; at += 999) await writer.write(all.subarray(at, at + 999));
  await writer.finish(facts);
  return path;
}

function play(path: string, more: { bitsPerSample?: number; samplesPerSecond?: number } = {}) {
  const sink = new Collector();
  const controller = new AbortController();
  const options = { id: "recording", clock: systemClock(), path, bitsPerSample: 4, ...more };
  const source = new RecordingSource(options);
  return { sink, controller, ended: source.run(sink, controller.signal) };
}

test("what was written is what is read: samples, manifest, hash; nothing else is left", async () => {
  const path = await record();
  const recording = await openRecording(path, { bitsPerSample: null });
  if (!recording.ok) throw new Error(recording.detail);
  expect(recording.manifest).toEqual({
    format: "springhouse-recording-1",
    ...FACTS,
    bitsPerSample: 4,
    samples: 10_000,
    sha256: createHash("sha256").update(readFileSync(path)).digest("hex"),
  });
  const samples = Buffer.alloc(10_000);
  expect(await recording.readWhole(samples)).toBe(true);
  await recording.close();
  expect(samples.equals(counting(10_000))).toBe(true);
  expect(readdirSync(folder).filter((name) => name.endsWith(".partial"))).toEqual([]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(descriptors(path)).toEqual([]);
});

test.each([
  ["shrank", (all: Buffer) => all.subarray(0, 9000)],
  ["has other samples", (all: Buffer) => Buffer.from(all.map((symbol) => symbol ^ 0xff))],
])("a file that %s after its hash was taken is not read as what it was", async (_what, changed) => {
  const path = await record();
  const recording = await openRecording(path, { bitsPerSample: 4 });
  if (!recording.ok) throw new Error(recording.detail);
  writeFileSync(path, changed(readFileSync(path)));
  expect(await recording.readWhole(new Uint8Array(recording.samples))).toBe(false);
  await recording.close();
});

test("the source plays all of it once, overwrites its buffer, and is exhausted", async () => {
  const path = await record();
  const { sink, ended } = play(path);
  expect(await ended).toEqual({
    reason: "exhausted",
    detail: `${path} ended after 10000 samples`,
  });
  expect(sink.bytes.equals(counting(10_000))).toBe(true);
  expect(sink.handed.every((chunk) => chunk.every((value) => value === 0))).toBe(true);
  expect(sink.opens[0]).toMatchObject({ location: path, firmware: "V2", rawConfirmed: false });
  await eventually(() => descriptors(path).length === 0);
});

test("it is paced by its rate", async () => {
  const path = await record();
  const clock = new FakeClock();
  const sink = new Collector();
  const source = new RecordingSource({
    id: "recording",
    clock,
    path,
    bitsPerSample: 4,
    samplesPerSecond: 1000,
  });
  const ended = source.run(sink, new AbortController().signal);
  await eventually(() => sink.opens.length === 1);
  for (let step = 0; step < 16; step += 1) {
    clock.advance(125);
    await sleep(5);
  }
  expect(sink.total).toBeGreaterThan(1000);
  expect(sink.total).toBeLessThanOrEqual(2000);
  const ends: string[] = [];
  void ended.then(({ reason }) => ends.push(reason));
  for (let step = 0; step < 200 && ends.length === 0; step += 1) {
    clock.advance(125);
    await sleep(2);
  }
  expect([ends, sink.total, clock.pending]).toEqual([["exhausted"], 10_000, 0]);
});

test("an abort at any instant resolves at once and leaves no descriptor", async () => {
  const path = await record(200_000);
  for (let round = 0; round < 30; round += 1) {
    const { controller, ended } = play(path);
    for (let turn = 0; turn < round; turn += 1) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    controller.abort();
    expect((await ended).reason).toBe("aborted");
  }
  await eventually(() => descriptors(path).length === 0);
});

test("damage is found before the first sample, and named", async () => {
  const edit = (path: string, change: (manifest: Record<string, unknown>) => void): void => {
    const manifest = JSON.parse(readFileSync(`${path}.json`, "utf8"));
    change(manifest);
    writeFileSync(`${path}.json`, JSON.stringify(manifest));
  };
  const cases: readonly (readonly [(path: string) => void, string, string])[] = [
    [(path) => truncateSync(path, 9999), "protocol", "9999 bytes, and its manifest says 10000"],
    [(path) => writeFileSync(path, "\0", { flag: "a" }), "protocol", "10001 bytes"],
    [(path) => writeFileSync(path, counting(10_000).toReversed()), "protocol", "SHA-256"],
    [(path) => edit(path, (m) => (m.bitsPerSample = 3)), "protocol", "3 bits per sample"],
    [(path) => edit(path, (m) => (m.sha256 = "0".repeat(64))), "protocol", "SHA-256"],
    [(path) => edit(path, (m) => delete m.device), "protocol", "device"],
    [(path) => edit(path, (m) => (m.host = "\u001b[2J")), "protocol", "/host"],
    [(path) => writeFileSync(`${path}.json`, "{"), "protocol", "not JSON"],
    [(path) => writeFileSync(`${path}.json`, "[".repeat(60_000)), "protocol", "JSON"],
    [(path) => writeFileSync(`${path}.json`, " ".repeat(70_000)), "protocol", "longer than"],
    [(path) => rmSync(path), "absent", "ENOENT"],
    [(path) => (rmSync(path), execFileSync("mkfifo", [path])), "protocol", "regular file"],
    [(path) => (rmSync(path), symlinkSync("/dev/zero", path)), "protocol", "regular file"],
    [
      (path) => (rmSync(`${path}.json`), execFileSync("mkfifo", [`${path}.json`])),
      "protocol",
      "regular file",
    ],
  ];
  for (const [damage, reason, word] of cases) {
    const path = await record();
    damage(path);
    const { sink, ended } = play(path);
    const end = await ended;
    expect(end.reason).toBe(reason);
    expect(end.detail).toContain(word);
    expect(sink.total).toBe(0);
    await eventually(() => descriptors(path).length === 0);
  }
});

test("without a manifest the bits must be given, and every symbol must fit them", async () => {
  const path = fresh();
  writeFileSync(path, Uint8Array.from([0, 1, 2, 3, 4]));
  expect(await openRecording(path, { bitsPerSample: null })).toMatchObject({ ok: false });
  expect(await openRecording(path, { bitsPerSample: 2 })).toEqual({
    ok: false,
    reason: "protocol",
    detail: `${path}: the symbol at byte 4 has more than 2 bits`,
  });
  const { sink, ended } = play(path, { bitsPerSample: 3 });
  expect((await ended).reason).toBe("exhausted");
  expect(sink.opens[0]!.caveats.join()).toContain("no manifest");
  writeFileSync(path, "");
  expect((await play(path).ended).detail).toContain("is empty");
});

test("nothing is overwritten unless told, not even what appeared meanwhile", async () => {
  const path = await record();
  const bytes = readFileSync(path);
  await expect(RecordingWriter.open({ path, bitsPerSample: 4 })).rejects.toThrow(SpringhouseError);
  const other = fresh();
  const writer = await RecordingWriter.open({ path: other, bitsPerSample: 4 });
  await expect(RecordingWriter.open({ path: other, bitsPerSample: 4 })).rejects.toMatchObject({
    code: "conflict",
  });
  await writer.write(counting(10));
  writeFileSync(`${other}.json`, "mine");
  await expect(writer.finish(FACTS)).rejects.toMatchObject({ code: "conflict" });
  await writer.abandon();
  expect(readFileSync(`${other}.json`, "utf8")).toBe("mine");
  expect(readdirSync(folder).filter((name) => name.includes(".partial"))).toEqual([]);
  expect(existsSync(other)).toBe(false);

  const late = fresh();
  const beaten = await RecordingWriter.open({ path: late, bitsPerSample: 4 });
  await beaten.write(counting(10));
  writeFileSync(late, "mine");
  await expect(beaten.finish(FACTS)).rejects.toMatchObject({ code: "conflict" });
  await beaten.abandon();
  expect(readFileSync(late, "utf8")).toBe("mine");
  // No manifest of ours beside what is not ours.
  expect(existsSync(`${late}.json`)).toBe(false);

  const again = await RecordingWriter.open({ path, bitsPerSample: 4, overwrite: true });
  await again.write(counting(20));
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect((await again.finish(FACTS)).samples).toBe(20);
  expect(readFileSync(path).length).toBe(20);
});

test("the writer refuses symbols that are too wide, and facts that contradict each other", async () => {
  const path = fresh();
  const writer = await RecordingWriter.open({ path, bitsPerSample: 4 });
  await expect(writer.write(Uint8Array.of(15, 16))).rejects.toThrow(RangeError);
  await writer.write(counting(10));
  const facts = { ...FACTS, restart: "reopen", samplesPerRestart: 3 } as const;
  await expect(writer.finish(facts)).rejects.toThrow("whole number of rows");
  await writer.abandon();
  await expect(RecordingWriter.open({ path, bitsPerSample: 9 })).rejects.toThrow(RangeError);
  expect(readdirSync(folder).filter((name) => name.includes(".partial"))).toEqual([]);
});

test("a restart matrix says what a restart was", async () => {
  const path = await record(1000, { ...FACTS, restart: "reopen", samplesPerRestart: 100 });
  const recording = await openRecording(path, { bitsPerSample: 4 });
  if (!recording.ok) throw new Error(recording.detail);
  expect(recording.manifest).toMatchObject({ restart: "reopen", samplesPerRestart: 100 });
  await recording.close();
});

test("no text makes the manifest's parser throw or print what it should not", () => {
  const valid: RecordingManifest = {
    ...FACTS,
    format: "springhouse-recording-1",
    bitsPerSample: 4,
    samples: 10,
    sha256: "0".repeat(64),
  };
  expect(parseManifest(JSON.stringify(valid)).ok).toBe(true);
  const mutant = fc.record({
    key: fc.constantFrom(...Object.keys(valid), "__proto__", "constructor", "\u001b[2J"),
    value: fc.jsonValue(),
  });
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.json(),
    mutant.map(({ key, value }) => {
      const others = Object.entries(valid).filter(([name]) => name !== key);
      const members = [...others, [key, value]].map((pair) => {
        const [name, member] = pair as [string, unknown];
        return `${JSON.stringify(name)}:${JSON.stringify(member)}`;
      });
      return `{${members.join(",")}}`;
    }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const parsed = parseManifest(text);
      const keys = Object.keys(parsed.ok ? parsed.manifest : valid).toSorted();
      expect(keys).toEqual(Object.keys(valid).toSorted());
      expect(parsed.ok ? "fine" : parsed.detail).toMatch(/^[\x20-\x7e]{1,500}$/);
    }),
    { numRuns: 1000 },
  );
});
