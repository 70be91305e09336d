import { execFileSync } from "node:child_process";
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { GroupCommit } from "../../../src/store/groupCommit.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { openWorkerStore } from "../../../src/store/workerStore.ts";
import { FakeClock, settled } from "../../support/fakeClock.ts";
import { temporaryState } from "../../support/temporaryState.ts";

function writeAt(path: string, bytes: Uint8Array, position: number): void {
  // Through a process of its own: a descriptor closed in this one would drop SQLite's locks.
  execFileSync("dd", [`of=${path}`, "bs=4096", `seek=${position / 4096}`, "conv=notrunc"], {
    input: bytes,
    stdio: ["pipe", "ignore", "ignore"],
  });
}

function put(id: string, body = "{}"): Write {
  return { statement: "document.put", parameters: ["test", id, body, 1] };
}

async function ids(store: Store): Promise<unknown[]> {
  return (await store.read("document.all", ["test"])).map(({ id }) => id);
}

/** A file system of 3 MiB of its own, where this user may mount one. */
function smallDisk(): string | null {
  const path = mkdtempSync(join(tmpdir(), "springhouse-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", path], { stdio: "ignore" });
    return path;
  } catch {
    rmSync(path, { recursive: true });
    return null;
  }
}

const disk = smallDisk();

test.skipIf(disk === null)(
  "ENOSPC (needs root to mount a tmpfs): nothing half-written, and it recovers with the disk",
  async () => {
    try {
      for (const [name, open] of [
        ["here", openSqliteStore],
        ["worker", openWorkerStore],
      ] as const) {
        const clock = systemClock();
        const store = await open({ directory: join(disk!, name), maximumBytes: null }, clock);
        await store.write([put("before")]);
        const filler = join(disk!, "filler");
        expect(() => writeFileSync(filler, Buffer.alloc(4_000_000))).toThrow("ENOSPC");
        const big = store.write([put("half"), put("other half", "x".repeat(1_000_000))]);
        await expect(big).rejects.toMatchObject({ code: "store_failed" });
        expect(store.health().ok).toBe(false);
        expect(await ids(store)).toEqual(["before"]);
        truncateSync(filler);
        unlinkSync(filler);
        await new Promise<void>((resolve) => {
          store.onHealthChange(() => resolve());
        });
        expect(store.health().ok).toBe(true);
        await store.write([put("half"), put("other half", "x".repeat(100_000))]);
        expect(await ids(store)).toEqual(["before", "half", "other half"]);
        await store.close();
        rmSync(join(disk!, name), { recursive: true });
      }
    } finally {
      execFileSync("umount", ["-l", disk!]);
      rmSync(disk!, { recursive: true });
    }
  },
);

test("a thread that dies fails what it was doing, and the next call starts another", async () => {
  await using state = await temporaryState();
  const threads: Worker[] = [];
  const note = (worker: Worker) => threads.push(worker);
  process.on("worker", note);
  const clock = systemClock();
  const store = await openWorkerStore({ directory: state.directory, maximumBytes: null }, clock);
  await store.write([put("a")]);
  await threads[0]!.terminate();
  // Two at once: the dead thread's lock is free, and only one new thread is started.
  const [written, read] = await Promise.allSettled([store.write([put("b")]), ids(store)]);
  expect([written.status, read.status]).toEqual(["fulfilled", "fulfilled"]);
  expect(threads).toHaveLength(2);

  const holder = new DatabaseSync(join(state.directory, "springhouse.db"));
  holder.exec("BEGIN IMMEDIATE");
  const hanging = store.write([put("c")]);
  await settled();
  const dying = threads[1]!.terminate();
  await expect(hanging).rejects.toMatchObject({ code: "store_failed" });
  expect(store.health().ok).toBe(false);
  holder.exec("ROLLBACK");
  holder.close();
  await dying;
  await store.write([put("d")]);
  expect(store.health().ok).toBe(true);
  expect(await ids(store)).toEqual(["a", "b", "d"]);
  process.off("worker", note);
  await store.close();
});

test("a database whose pages rot is reported, and opened anew when it is whole again", async () => {
  await using state = await temporaryState();
  const clock = new FakeClock();
  const settings = { directory: state.directory, maximumBytes: null };
  const path = join(state.directory, "springhouse.db");
  await openSqliteStore(settings, clock).close();
  const whole = readFileSync(path);
  const store = openSqliteStore(settings, clock);
  // Behind the first page, which is all that opening reads.
  writeAt(path, Buffer.alloc(whole.length - 4096, 0xff), 4096);
  await expect(store.write([put("a")])).rejects.toMatchObject({ code: "store_failed" });
  expect(store.health().ok).toBe(false);
  writeAt(path, whole.subarray(4096), 4096);
  await clock.run(2_000);
  expect(store.health().ok).toBe(true);
  await store.write([put("b")]);
  expect(await ids(store)).toEqual(["b"]);
  await store.close();
});

test("a commit that fails is reported once, probed for every second, and reported well again", async () => {
  const clock = new FakeClock();
  let broken = true;
  let attempts = 0;
  const queue = new GroupCommit(async (batches) => {
    attempts++;
    if (broken) throw new Error("the thread died");
    return batches.map(() => null);
  }, clock);
  const seen: string[] = [];
  queue.onHealthChange(() => {
    throw new Error("a listener's defect");
  });
  queue.onHealthChange(({ ok, detail }) => seen.push(`${ok} ${detail}`));
  await expect(queue.write([put("a")])).rejects.toMatchObject({ code: "store_failed" });
  await clock.run(3_000);
  expect(attempts).toBe(4);
  broken = false;
  await clock.run(1_000);
  expect(seen).toEqual([
    "false The database's thread failed.",
    "true Every write so far was taken.",
  ]);
  await clock.run(10_000);
  expect(attempts).toBe(5);
  await queue.close();
  expect(clock.pending).toBe(0);
});

test("what waits for a disk that hangs is bounded", async () => {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  const sizes: number[] = [];
  const queue = new GroupCommit(async (batches) => {
    sizes.push(batches.length);
    await gate;
    return batches.map(() => null);
  }, new FakeClock());
  const first = queue.write([put("first")]);
  await settled();
  const rest = Array.from({ length: 16_384 }, () => queue.write([put("x")]));
  await expect(queue.write([put("one too many")])).rejects.toMatchObject({ code: "store_failed" });
  release();
  await Promise.all([first, ...rest]);
  expect(sizes).toEqual([1, ...Array.from({ length: 16 }, () => 1_024)]);
  await queue.close();
});
