import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  listSerialPorts,
  locate,
  recognise,
  type ListedPort,
} from "../../../src/source/serial/find.ts";
import { startEmulator, emulatedNoise, type Emulator } from "../../support/emulator.ts";
import { record, serialSource } from "./serialRecorder.ts";

const PORTS: ListedPort[] = [
  { path: "/dev/ttyUSB0", vendorId: "0403", productId: "6015", serialNumber: "FT1" },
  { path: "/dev/ttyACM1", vendorId: "04D8", productId: "F5FE" },
  { path: "/dev/ttyACM0", vendorId: "1d50", productId: "6086", serialNumber: "00" },
  { path: "/dev/ttyACM2", vendorId: "04d8", productId: "ebb5", serialNumber: "A" },
  { path: "/dev/ttyACM3", vendorId: "16d0", productId: "0aa0", serialNumber: "B" },
  { path: "/dev/ttyS0" },
];
const list = async () => PORTS;

describe("recognising devices", () => {
  test("every TRNG that is known, in the order of paths, and nothing else", () => {
    expect(recognise(PORTS).map((device) => [device.path, device.family, device.model])).toEqual([
      ["/dev/ttyACM0", "onerng", "OneRNG"],
      ["/dev/ttyACM1", "truerng", "TrueRNG v1-v3"],
      ["/dev/ttyACM2", "truerngpro", "TrueRNGpro V2"],
      ["/dev/ttyACM3", "truerngpro", "TrueRNGpro"],
    ]);
  });
});

describe("finding a device", () => {
  test("the only one of its family, however the list writes its id", async () => {
    expect(await locate("truerng", undefined, list)).toEqual({
      path: "/dev/ttyACM1",
      vendorId: "04d8",
      productId: "f5fe",
      serialNumber: null,
    });
  });

  test("two of a family: it asks for one instead of taking the first", async () => {
    const end = await locate("truerngpro", undefined, list);
    expect(end).toMatchObject({ reason: "absent" });
    expect((end as { detail: string }).detail).toMatch(/ttyACM2 \(A\).*ttyACM3 \(B\)/);
  });

  test("by serial number", async () => {
    const selector = { vendorId: "16D0", productId: "0AA0", serialNumber: "B" };
    expect(await locate("truerngpro", selector, list)).toMatchObject({ path: "/dev/ttyACM3" });
    const other = { ...selector, serialNumber: "C" };
    expect(await locate("truerngpro", other, list)).toMatchObject({ reason: "absent" });
  });

  test("a path that belongs to another family is a protocol error, for generic it is not", async () => {
    // Something has to be there, else the open is left to say that nothing is.
    const path = "/dev/null";
    const selector = { path };
    const list = async () => PORTS.map((port) => (port === PORTS[2] ? { ...port, path } : port));
    expect(await locate("truerng", selector, list)).toMatchObject({
      reason: "protocol",
      detail: expect.stringContaining("OneRNG"),
    });
    expect(await locate("generic", selector, list)).toMatchObject({ productId: "6086" });
    expect(await locate("onerng", selector, list)).toMatchObject({ serialNumber: "00" });
    const gone = { path: "/dev/none-of-these" };
    expect(await locate("truerng", gone, () => Promise.reject(new Error("listed")))).toEqual({
      ...gone,
      vendorId: null,
      productId: null,
      serialNumber: null,
    });
  });

  test("a path needs no list", async () => {
    const broken = () => Promise.reject(new Error("no list"));
    expect(await locate("truerng", { path: "/dev/ttyACM9" }, broken)).toMatchObject({
      path: "/dev/ttyACM9",
      vendorId: null,
    });
  });
});

describe("through udevadm", () => {
  const path = process.env["PATH"];
  let folder: string;
  let emulator: Emulator;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "springhouse-udev-"));
    emulator = await startEmulator({ family: "truerng", seed: 11 });
  });

  afterEach(async () => {
    process.env["PATH"] = path;
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function fakeUdevadm(text: string, exitCode = 0): void {
    const lines = `#!/bin/sh\ncat <<'END'\n${text}\nEND\nexit ${exitCode}\n`;
    writeFileSync(join(folder, "udevadm"), lines);
    chmodSync(join(folder, "udevadm"), 0o755);
    process.env["PATH"] = `${folder}:${path}`;
  }

  const device = (port: string, vendor: string, product: string, serial: string): string =>
    [
      `P: /devices/x/${port}`,
      "N: ttyACM0",
      `E: DEVNAME=${port}`,
      `E: ID_VENDOR_ID=${vendor}`,
      `E: ID_MODEL_ID=${product}`,
      `E: ID_SERIAL_SHORT=${serial}`,
      "",
    ].join("\n");

  test("a device is found by VID:PID and serial number, opened, and described", async () => {
    fakeUdevadm(
      `${device("/dev/ttyACM77", "04d8", "f5fe", "other")}\n${device(emulator.path, "04d8", "f5fe", "S1")}`,
    );
    const selector = { vendorId: "04d8", productId: "f5fe", serialNumber: "S1" };
    const source = serialSource(
      { id: "a", family: "truerng", device: selector, settleBytes: 0 },
      async () => [...(await listSerialPorts())],
    );
    const session = record(source);
    await session.atLeast(1000);
    session.abort();
    expect(await session.ended).toMatchObject({ reason: "aborted" });
    expect(session.device()).toMatchObject({
      location: emulator.path,
      vendorId: "04d8",
      productId: "f5fe",
      serialNumber: "S1",
    });
    const head = session.samples().subarray(0, 16);
    expect(Buffer.from(emulatedNoise(11, 0, 100_000)).includes(head)).toBe(true);
    expect(recognise(await listSerialPorts())).toHaveLength(2);
  });

  test("without udevadm the session ends as absent, and says what is missing", async () => {
    mkdirSync(join(folder, "empty"));
    process.env["PATH"] = join(folder, "empty");
    const end = await locate("truerng", undefined, listSerialPorts);
    expect(end).toMatchObject({ reason: "absent", detail: expect.stringContaining("udevadm") });
    const byPath = await locate("truerng", { path: emulator.path }, listSerialPorts);
    expect(byPath).toMatchObject({ path: emulator.path });
  });

  test("a udevadm that never ends does not hold up the session", async () => {
    fakeUdevadm("");
    writeFileSync(join(folder, "udevadm"), "#!/bin/sh\nexec sleep 3\n");
    const source = serialSource({ id: "a", family: "truerng" }, async () => [
      ...(await listSerialPorts()),
    ]);
    const session = record(source);
    setTimeout(session.abort, 50);
    expect(await session.ended).toMatchObject({ reason: "aborted" });
  });
});
