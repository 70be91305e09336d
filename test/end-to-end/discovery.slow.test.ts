import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { ServiceSnapshot } from "../../src/port/snapshot.ts";
import { startEmulator } from "../support/emulator.ts";
import { startSpringhouse, until } from "../support/springhouse.ts";

test("a TRNG plugged in while the embedded default runs is recognised, tested and mixed in", async () => {
  const folder = await mkdtemp(join(tmpdir(), "springhouse-udev-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const emulator = await startEmulator({ family: "truerng" });
  onTestFinished(() => emulator.close());
  // What serialport's list() runs. Nothing is plugged in until the file is there.
  const listing = join(folder, "listing");
  await writeFile(join(folder, "udevadm"), `#!/bin/sh\ncat ${listing} 2>/dev/null\nexit 0\n`);
  await chmod(join(folder, "udevadm"), 0o755);
  const service = await startSpringhouse({
    environment: { PATH: `${folder}:${process.env["PATH"]}` },
  });
  onTestFinished(async () => void (await service.stop()));
  const status = async (): Promise<ServiceSnapshot> =>
    (await (
      await fetch(`${service.url}/v1/status`, { headers: service.authorization })
    ).json()) as ServiceSnapshot;
  expect((await status()).sources.map(({ id }) => id)).toEqual(["os"]);
  await writeFile(
    listing,
    [
      "P: /devices/x/ttyACM0",
      "N: ttyACM0",
      `E: DEVNAME=${emulator.path}`,
      "E: ID_VENDOR_ID=04d8",
      "E: ID_MODEL_ID=f5fe",
      "E: ID_SERIAL_SHORT=S1",
      "",
    ].join("\n"),
  );
  const healthy = async () => {
    const found = (await status()).sources.find(({ id }) => id === "truerng-1");
    return found?.state === "healthy" && found;
  };
  // Nothing appeared in /dev, so it is the look every 15 s that finds it.
  const source = await until("a healthy TRNG", healthy, 40_000);
  expect(source).toMatchObject({
    credited: false,
    assessedEntropy: 0,
    device: { serialNumber: "S1", location: emulator.path },
  });
  expect(await status()).toMatchObject({ shape: "RBGC", ready: true });
  await until("samples in blocks", async () => {
    const now = await healthy();
    return now && now.conditionedSamplesTotal > 0;
  });
  const refused = await fetch(`${service.url}/v1/random?sources=1`, {
    headers: service.authorization,
  });
  expect(refused.status).toBe(503);
  await emulator.command("unplug");
  await until("absence", async () => !(await healthy()));
  await emulator.command("replug");
  await until("recovery", healthy, 60_000);
  expect((await status()).sources).toHaveLength(2);
}, 180_000);
