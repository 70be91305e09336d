import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { TpmSource } from "../../../src/source/tpm.ts";
import {
  getFirmwareCommand,
  getRandomCommand,
  parseFirmware,
  parseRandom,
} from "../../../src/source/tpmCommand.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { Collector, descriptors, enough, eventually, sleep } from "./collector.ts";

function response(code: number, body: readonly number[] = [], size = 10 + body.length): Uint8Array {
  const view = new DataView(new ArrayBuffer(10 + body.length));
  view.setUint16(0, 0x8001);
  view.setUint32(2, size);
  view.setUint32(6, code);
  const bytes = new Uint8Array(view.buffer);
  bytes.set(body, 10);
  return bytes;
}

describe("the two commands, as bytes", () => {
  test("are what the TCG's library says", () => {
    expect(Buffer.from(getRandomCommand(64)).toString("hex")).toBe("80010000000c0000017b0040");
    expect(Buffer.from(getFirmwareCommand()).toString("hex")).toBe(
      "8001000000160000017a000000060000010500000008",
    );
  });

  test("the size that came back is honoured, and a false one refused", () => {
    const good = parseRandom(response(0, [0, 2, 7, 8]), 64);
    expect(good.type === "random" && [...good.bytes]).toEqual([7, 8]);
    for (const [answer, asked] of [
      [response(0, [0, 2, 7, 8]), 1],
      [response(0, [0, 3, 7, 8]), 64],
      [response(0, [0, 1, 7, 8]), 64],
      [response(0, [0, 0]), 64],
      [response(0), 64],
      [response(0, [0, 2, 7, 8], 15), 64],
      [new Uint8Array(9), 64],
      [new Uint8Array(0), 64],
    ] as const) {
      expect(parseRandom(answer, asked).type).toBe("fault");
    }
  });

  test("response codes have their hexadecimal value, their name and their class", () => {
    expect(parseRandom(response(0x101), 8)).toEqual({
      type: "fault",
      detail: "response code 0x101 TPM_RC_FAILURE",
    });
    expect(parseRandom(response(0x922), 8)).toEqual({
      type: "busy",
      detail: "response code 0x922 TPM_RC_RETRY",
    });
    expect(parseRandom(response(0x2c4), 8)).toEqual({
      type: "fault",
      detail: "response code 0x2c4",
    });
  });

  test("no bytes make the parsers throw or read outside", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 64 }),
        (bytes, n) => {
          const answer = parseRandom(bytes, n);
          const length = answer.type === "random" ? answer.bytes.length : 0;
          expect(length).toBeLessThanOrEqual(n);
          parseFirmware(bytes);
          parseFirmware(response(0, [...bytes]));
        },
      ),
    );
  });
});

/** A TPM that answers as the test says: one function from command to the bytes to send, or null. */
async function faulty(answer: (command: Buffer, socket: Socket) => Uint8Array | null) {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (command) => {
      const bytes = answer(command, socket);
      if (bytes) socket.write(bytes);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as { port: number };
  return {
    address: `tcp://127.0.0.1:${port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const isRandom = (command: Buffer): boolean => command.readUInt32BE(6) === 0x17b;

describe("a TPM that misbehaves", () => {
  async function endWith(answer: (command: Buffer, socket: Socket) => Uint8Array | null) {
    const server = await faulty(answer);
    const sink = new Collector();
    const source = new TpmSource({ id: "tpm", clock: systemClock(), address: server.address });
    const end = await source.run(sink, AbortSignal.timeout(8000));
    server.close();
    return { end, sink };
  }

  test("a failure ends the session as protocol, with code and name", async () => {
    const { end } = await endWith(() => response(0x101));
    expect(end.reason).toBe("protocol");
    expect(end.detail).toContain("0x101 TPM_RC_FAILURE");
  });

  test("a false length, too much, and what nobody asked for", async () => {
    expect((await endWith(() => response(0, [], 9))).end.reason).toBe("protocol");
    expect((await endWith(() => response(0, [], 5000))).end.reason).toBe("protocol");
    expect((await endWith(() => Buffer.concat([response(0), response(0)]))).end.reason).toBe(
      "protocol",
    );
    expect((await endWith(() => new Uint8Array(5000))).end.reason).toBe("protocol");
  });

  test("one that hangs up is unplugged", async () => {
    const { end } = await endWith((_, socket) => {
      socket.destroy();
      return null;
    });
    expect(end.reason).toBe("unplugged");
  });

  test("one that never answers is silent after three seconds", async () => {
    const server = await faulty(() => null);
    const clock = new FakeClock();
    const source = new TpmSource({ id: "tpm", clock, address: server.address });
    const ended = source.run(new Collector(), new AbortController().signal);
    await sleep(100);
    clock.advance(3000);
    expect((await ended).reason).toBe("silent");
    expect(clock.pending).toBe(0);
    server.close();
  });

  test("busy answers are asked again ten times and not eleven; answers may come in pieces", async () => {
    for (const [busy, reason] of [
      [10, "aborted"],
      [11, "protocol"],
    ] as const) {
      let left: number = busy;
      const server = await faulty((command, socket) => {
        if (!isRandom(command)) return response(0x143); // no TPM2_GetCapability: still a source
        if (left-- > 0) return response(0x922);
        const whole = response(0, [0, command[11]!, ...Array<number>(command[11]!).fill(9)]);
        socket.write(whole.subarray(0, 3));
        setTimeout(() => socket.write(whole.subarray(3)), 5);
        return null;
      });
      const clock = new FakeClock();
      const sink = new Collector();
      const controller = new AbortController();
      const source = new TpmSource({ id: "tpm", clock, address: server.address });
      const ended = source.run(sink, controller.signal);
      sink.onSamples = () => controller.abort();
      const state = { over: false };
      void ended.then(() => (state.over = true));
      // Small steps, so that an answer of the server always arrives long before its deadline.
      while (!state.over) {
        await sleep(4);
        clock.advance(100);
      }
      const end = await ended;
      expect(end.reason).toBe(reason);
      expect(end.detail.includes("TPM_RC_RETRY")).toBe(busy === 11);
      expect(sink.opens[0]!.firmware).toBeNull();
      server.close();
    }
  });

  test("nobody there is absent; an address that is none is refused at once", async () => {
    const server = await faulty(() => null);
    server.close();
    const source = new TpmSource({ id: "tpm", clock: systemClock(), address: server.address });
    expect((await source.run(new Collector(), new AbortController().signal)).reason).toBe("absent");
    const device = new TpmSource({ id: "tpm", clock: systemClock(), address: "/dev/no-tpm" });
    expect((await device.run(new Collector(), new AbortController().signal)).reason).toBe("absent");
    for (const address of ["tcp://host", "udp://host:1", "host:1", "tcp://host:99999"]) {
      expect(() => new TpmSource({ id: "t", clock: systemClock(), address })).toThrow(RangeError);
    }
  });
});

function found(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!found("swtpm"))("swtpm (skipped where it is not installed)", () => {
  let folder: string;
  let process: ChildProcess;
  let port: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "springhouse-swtpm-"));
    port = await freePort();
    process = spawn(
      "swtpm",
      [
        "socket",
        "--tpm2",
        "--tpmstate",
        `dir=${folder}`,
        "--server",
        `type=tcp,port=${port},bindaddr=127.0.0.1`,
        "--ctrl",
        `type=unixio,path=${folder}/control`,
        "--flags",
        "not-need-init,startup-clear",
      ],
      { stdio: "ignore" },
    );
    await eventually(() => listening(port));
  });

  afterAll(async () => {
    process.kill("SIGKILL");
    await eventually(() => process.signalCode !== null || process.exitCode !== null);
    rmSync(folder, { recursive: true });
  });

  function start(address: string, samplesPerSecond: number) {
    const sink = new Collector();
    const controller = new AbortController();
    const source = new TpmSource({ id: "tpm", clock: systemClock(), address, samplesPerSecond });
    return { sink, controller, ended: source.run(sink, controller.signal) };
  }

  test("delivers at its rate, names its firmware, and is not credited as raw", async () => {
    const { sink, controller, ended } = start(`tcp://127.0.0.1:${port}`, 8192);
    const began = performance.now();
    await enough(sink, 4096);
    expect(performance.now() - began).toBeGreaterThan(400);
    controller.abort();
    expect((await ended).reason).toBe("aborted");
    expect(sink.opens[0]!.firmware).toMatch(/^IBM \d+\.\d+\.\d+\.\d+$/);
    expect(sink.opens[0]!.rawConfirmed).toBe(false);
    expect(sink.opens[0]!.caveats).not.toEqual([]);
    expect(new Set(sink.bytes).size).toBeGreaterThan(200);
    expect(sink.handed.every((chunk) => chunk.every((value) => value === 0))).toBe(true);
  });

  test("an abort at any instant leaves nothing behind", async () => {
    const before = descriptors().length;
    for (let round = 0; round < 20; round += 1) {
      const { controller, ended } = start(`tcp://127.0.0.1:${port}`, 100_000);
      await sleep(round);
      const began = performance.now();
      controller.abort();
      expect((await ended).reason).toBe("aborted");
      expect(performance.now() - began).toBeLessThan(1000);
    }
    await eventually(() => descriptors().length <= before);
  });

  test.skipIf(!found("socat"))("by a device file, as /dev/tpmrm0 (needs socat)", async () => {
    // A pseudo-terminal in raw mode is opened, written and read as the kernel's device is.
    const link = join(folder, "tpmrm0");
    const bridge = spawn("socat", [`PTY,link=${link},rawer`, `TCP:127.0.0.1:${port}`]);
    await eventually(() => descriptorsExist(link));
    const { sink, controller, ended } = start(link, 4096);
    await enough(sink, 1000);
    controller.abort();
    expect((await ended).reason).toBe("aborted");
    expect(sink.opens[0]!.firmware).toMatch(/^IBM /);
    bridge.kill("SIGKILL");
    await eventually(() => bridge.signalCode !== null);
  });

  test("killed while it delivers, it is unplugged", async () => {
    const { sink, ended } = start(`tcp://127.0.0.1:${port}`, 8192);
    await enough(sink, 100);
    process.kill("SIGKILL");
    expect((await ended).reason).toBe("unplugged");
  });
});

function descriptorsExist(path: string): boolean {
  try {
    execFileSync("test", ["-c", path]);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** By the kernel's table, because swtpm takes one connection at a time. */
function listening(port: number): boolean {
  const table = execFileSync("cat", ["/proc/net/tcp"], { encoding: "utf8" });
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return new RegExp(`0100007F:${hex} 00000000:0000 0A`).test(table);
}
