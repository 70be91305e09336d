import { symlinkSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import type { SerialSourceOptions } from "../../../src/source/serial/openSerialSource.ts";
import { Scope, SessionEnded } from "../../../src/source/serial/scope.ts";
import { SerialLine } from "../../../src/source/serial/serialLine.ts";
import { startEmulator, type EmulatedFamily, type Emulator } from "../../support/emulator.ts";
import { openPseudoTerminals, record, serialSource, sleep } from "./serialRecorder.ts";
import { unplugAtRandomInstants } from "./serialUnplugging.ts";

/** port/source.ts: after the signal `run` resolves within a second. */
const ABORT_MILLISECONDS = 1_000;

let emulator: Emulator;

afterEach(() => emulator.close());

async function emulate(family: EmulatedFamily, rate = 50_000): Promise<Emulator> {
  emulator = await startEmulator({ family, rate });
  return emulator;
}

const generic = (path: string): SerialSourceOptions => ({
  id: "a",
  family: "generic",
  device: { path },
  baudRate: 9600,
  settleBytes: 0,
});

describe("opening", () => {
  test("a second opener is told that the port is locked, and the first is not disturbed", async () => {
    const { path } = await emulate("generic");
    const first = record(serialSource(generic(path)));
    await first.atLeast(1);
    const second = record(serialSource(generic(path)));
    expect(await second.ended).toMatchObject({
      reason: "locked",
      detail: expect.stringContaining(path),
    });
    expect(second.entries).toEqual([]);
    const before = first.samples().length;
    await first.atLeast(before + 1000);
    first.abort();
    expect(await first.ended).toMatchObject({ reason: "aborted" });
    const third = record(serialSource(generic(path)));
    await third.atLeast(1);
    expect(third.samples().length).toBeGreaterThan(0);
    third.abort();
    await third.ended;
  });

  test.each([
    ["/dev/springhouse-no-such-port", "absent"],
    ["/dev/null", "protocol"],
  ])("%s ends as %s", async (path, reason) => {
    await emulate("generic");
    expect(await record(serialSource(generic(path))).ended).toEqual({
      reason,
      detail: expect.stringContaining(path),
    });
  });

  test("a dangling link is absent", async () => {
    const { path } = await emulate("generic");
    await emulator.kill();
    expect(await record(serialSource(generic(path))).ended).toMatchObject({ reason: "absent" });
  });

  test.skipIf(process.getuid?.() !== 0)("without the right to open it: permission", async () => {
    const { path } = await emulate("generic");
    const folder = mkdtempSync(join(tmpdir(), "springhouse-permission-"));
    symlinkSync(path, join(folder, "port"));
    // The emulator's folder is its owner's alone, as mkdtemp makes it.
    process.seteuid?.(65_534);
    try {
      expect(await record(serialSource(generic(path))).ended).toMatchObject({
        reason: "permission",
      });
    } finally {
      process.seteuid?.(0);
      rmSync(folder, { recursive: true });
    }
  });
});

describe("abort", () => {
  test.each([
    ["truerng", { family: "truerng" }, [0, 1, 2, 5, 10, 50]],
    ["truerngpro", { family: "truerngpro" }, [0, 1, 100, 505, 520, 610, 705, 800]],
    ["onerng", { family: "onerng" }, [0, 1, 20, 105, 150, 260, 300, 400]],
  ] as const)("of a %s resolves in time and lets go, whenever it comes", async (...row) => {
    const [family, choice, instants] = row;
    const { path } = await emulate(family);
    const before = await openPseudoTerminals();
    for (const instant of instants) {
      const options = { id: "a", device: { path }, settleBytes: 0, ...choice };
      const session = record(serialSource(options));
      await sleep(instant);
      const aborted = performance.now();
      const entries = session.entries.length;
      session.abort();
      expect(await session.ended).toMatchObject({ reason: "aborted" });
      expect(performance.now() - aborted).toBeLessThan(ABORT_MILLISECONDS);
      expect(session.entries.length, "something came after the abort").toBe(entries);
      expect(await openPseudoTerminals()).toBe(before);
      const next = record(serialSource(generic(path)));
      await sleep(5);
      next.abort();
      expect(await next.ended).toMatchObject({ reason: "aborted" });
    }
  });

  test("before the start opens nothing", async () => {
    const { path } = await emulate("generic");
    const source = serialSource(generic(path));
    const sink = { opened() {}, samples() {}, gap() {} };
    expect(await source.run(sink, AbortSignal.abort())).toMatchObject({ reason: "aborted" });
    expect(await emulator.command("status")).toContain("open=0");
  });

  test("of a silent device", async () => {
    const { path } = await emulate("generic");
    await emulator.command("silence");
    const session = record(serialSource(generic(path)));
    await sleep(100);
    session.abort();
    expect(await session.ended).toMatchObject({ reason: "aborted" });
    expect(session.entries).toEqual([]);
  });
});

describe("unplugging", () => {
  test("at 50 random instants ends every session, and the replugged device is read again", async () => {
    const { path } = await emulate("generic", 500_000);
    const source = () => serialSource(generic(path));
    expect(await unplugAtRandomInstants(emulator, source, 50)).toBeGreaterThanOrEqual(25);
  });

  test("in the middle of a OneRNG's handshake", async () => {
    const { path } = await emulate("onerng");
    for (const instant of [0, 2, 50, 105, 120, 200, 270, 300]) {
      const device = { path };
      const session = record(serialSource({ id: "a", family: "onerng", device }));
      await sleep(instant);
      await emulator.command("unplug");
      expect(["unplugged", "absent"]).toContain((await session.ended).reason);
      await emulator.command("replug");
    }
  });

  test("in the middle of a TrueRNGpro's knock", async () => {
    const { path } = await emulate("truerngpro");
    for (const instant of [0, 100, 550, 650]) {
      const device = { path };
      const session = record(serialSource({ id: "a", family: "truerngpro", device }));
      await sleep(instant);
      await emulator.command("unplug");
      expect(["unplugged", "absent"]).toContain((await session.ended).reason);
      await emulator.command("replug");
    }
  });

  test("a device that died (SIGKILL) is unplugged", async () => {
    const { path } = await emulate("generic");
    const session = record(serialSource(generic(path)));
    await session.atLeast(1);
    await emulator.kill();
    expect(await session.ended).toEqual({
      reason: "unplugged",
      detail: expect.stringContaining(path),
    });
  });

  test("an idle device is missed as well: silence is no reason to wait for ever", async () => {
    const { path } = await emulate("generic");
    const session = record(serialSource(generic(path)));
    await session.atLeast(1);
    await emulator.command("silence");
    await sleep(300);
    await emulator.command("unplug");
    expect(await session.ended).toMatchObject({ reason: "unplugged" });
  });

  test("silence after the open is not the source's to judge", async () => {
    const { path } = await emulate("generic");
    const options = { ...generic(path), openTimeoutMilliseconds: 100 };
    const session = record(serialSource(options));
    await session.atLeast(1);
    await emulator.command("silence");
    const over = await Promise.race([session.ended, sleep(500)]);
    expect(over).toBeUndefined();
    await emulator.command("noise");
    await session.atLeast(session.samples().length + 1);
    session.abort();
    expect(await session.ended).toMatchObject({ reason: "aborted" });
  });
});

describe("writing", () => {
  let scope: Scope;
  beforeEach(() => {
    scope = new Scope(systemClock(), new AbortController().signal);
  });

  test("to a device that is gone never hangs", async () => {
    const { path } = await emulate("generic");
    for (const pause of [0, 1, 5, 50]) {
      const line = await SerialLine.open(path, 9600, scope);
      await emulator.command("unplug");
      await sleep(pause);
      const started = performance.now();
      await expect(line.write("cmdo\n")).rejects.toBeInstanceOf(SessionEnded);
      await line.farewell("cmdo\n", 100);
      await line.close();
      expect(performance.now() - started).toBeLessThan(ABORT_MILLISECONDS);
      await expect(line.write("cmdo\n")).rejects.toBeInstanceOf(SessionEnded);
      await emulator.command("replug");
      scope = new Scope(systemClock(), new AbortController().signal);
    }
  });

  test("to a device that takes nothing ends in the time-out", async () => {
    const { path, pid } = await emulate("generic");
    const line = await SerialLine.open(path, 9600, scope);
    process.kill(pid, "SIGSTOP");
    try {
      // More than the pseudo-terminal and the kernel's buffers hold.
      const much = "x".repeat(1 << 20);
      await expect(line.write(much, 200)).rejects.toMatchObject({ end: { reason: "silent" } });
    } finally {
      await line.close();
      process.kill(pid, "SIGCONT");
    }
  });
});

test("a sink that throws is a bug: run rejects with it, and lets go of the port", async () => {
  const { path } = await emulate("generic");
  const before = await openPseudoTerminals();
  const bug = new Error("a bug of the consumer");
  const sink = {
    opened() {},
    samples() {
      throw bug;
    },
    gap() {},
  };
  const running = serialSource(generic(path)).run(sink, new AbortController().signal);
  await expect(running).rejects.toBe(bug);
  expect(await openPseudoTerminals()).toBe(before);
});
