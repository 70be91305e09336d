import { describe, expect, test } from "vitest";
import { Discovery } from "../../../src/noiseSources.ts";
import { watchSerialPorts } from "../../../src/platform/portWatch.ts";
import type { ListedPort } from "../../../src/source/serial/find.ts";
import { FakeClock, settled } from "../../support/fakeClock.ts";

const ONE: ListedPort = { path: "/dev/ttyACM0", vendorId: "04d8", productId: "f5fe" };

function discovery(ports: () => readonly ListedPort[]): Discovery {
  return new Discovery(async () => ports());
}

describe("what is recognised on serial ports", () => {
  test("a device is named once, by its serial number wherever it is plugged in", async () => {
    let ports: ListedPort[] = [{ ...ONE, serialNumber: "A" }];
    const looks = discovery(() => ports);
    expect(await looks.look()).toMatchObject([
      { kind: "serial-truerng", id: "truerng-1", vendorId: "04d8", serialNumber: "A" },
    ]);
    expect(await looks.look()).toEqual([]);
    ports = [];
    expect(await looks.look()).toEqual([]);
    ports = [{ ...ONE, path: "/dev/ttyACM7", serialNumber: "A" }];
    expect(await looks.look()).toEqual([]);
    ports.push({ ...ONE, serialNumber: "B" });
    expect(await looks.look()).toMatchObject([{ id: "truerng-2", serialNumber: "B" }]);
  });

  test("without a serial number, or with one that two share, it is whatever sits at the path", async () => {
    const alike = [ONE, { ...ONE, path: "/dev/ttyACM1" }];
    const looks = discovery(() => alike);
    expect(await looks.look()).toMatchObject([
      { id: "truerng-1", path: "/dev/ttyACM0" },
      { id: "truerng-2", path: "/dev/ttyACM1" },
    ]);
    expect(await looks.look()).toEqual([]);
    const shared = alike.map((port) => ({ ...port, serialNumber: "0" }));
    expect((await discovery(() => shared).look()).map((source) => "path" in source)).toEqual([
      true,
      true,
    ]);
  });

  test("no more than 16 in all, and nothing where ports cannot be listed", async () => {
    let count = 0;
    const flood = discovery(() => [{ ...ONE, serialNumber: String(count++) }]);
    let found = 0;
    for (let look = 0; look < 20; look++) found += (await flood.look()).length;
    expect(found).toBe(16);
    const broken = new Discovery(() => Promise.reject(new Error("no udevadm")));
    expect(await broken.look()).toEqual([]);
  });
});

test("ports are looked at at once and every 15 s, one look at a time, and not after the end", async () => {
  const clock = new FakeClock();
  let looks = 0;
  let finish = (): void => {};
  const stop = watchSerialPorts(clock, () => {
    looks += 1;
    return new Promise((resolve) => (finish = resolve));
  });
  expect(looks).toBe(1);
  clock.advance(60_000);
  expect(looks).toBe(1);
  finish();
  await settled();
  clock.advance(14_999);
  expect(looks).toBe(1);
  clock.advance(1);
  expect(looks).toBe(2);
  finish();
  await settled();
  stop();
  clock.advance(60_000);
  expect(looks).toBe(2);
});
