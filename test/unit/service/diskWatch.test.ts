import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { measureDisk } from "../../../src/platform/disk.ts";
import { DiskWatch } from "../../../src/service/diskWatch.ts";
import { FakeClock } from "../../support/fakeClock.ts";

test("a real disk: the figures of df for the user, and the database with its log", async () => {
  const folder = mkdtempSync(join(tmpdir(), "springhouse-disk-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "springhouse.db"), new Uint8Array(5000));
  expect((await measureDisk(folder)).databaseBytes).toBe(5000);
  writeFileSync(join(folder, "springhouse.db-wal"), new Uint8Array(700));
  const { freeBytes, totalBytes, databaseBytes } = await measureDisk(folder);
  expect(databaseBytes).toBe(5700);
  const { bavail, blocks, bsize } = statfsSync(folder);
  expect(totalBytes).toBe(blocks * bsize);
  expect(Math.abs(freeBytes - bavail * bsize)).toBeLessThan(2 ** 30);
});

test("looks every half minute, shows nothing while it cannot, and stops", async () => {
  const clock = new FakeClock();
  let freeBytes = 100;
  const watch = new DiskWatch(clock, async () => {
    if (freeBytes === 0) throw new Error("the disk is gone");
    return { freeBytes, totalBytes: 1000, databaseBytes: 1 };
  });
  expect(watch.latest).toBeNull();
  watch.start();
  await clock.run(0);
  expect(watch.latest).toMatchObject({ freeBytes: 100 });
  freeBytes = 0;
  await clock.run(29_999);
  expect(watch.latest).toMatchObject({ freeBytes: 100 });
  await clock.run(1);
  expect(watch.latest).toBeNull();
  freeBytes = 50;
  await clock.run(30_000);
  expect(watch.latest).toMatchObject({ freeBytes: 50 });
  watch.stop();
  freeBytes = 40;
  await clock.run(60_000);
  expect(watch.latest).toMatchObject({ freeBytes: 50 });
});
