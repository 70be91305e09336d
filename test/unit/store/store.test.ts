import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { openWorkerStore } from "../../../src/store/workerStore.ts";
import { temporaryState } from "../../support/temporaryState.ts";

const clock = systemClock();
const adapters = [
  ["this thread", openSqliteStore],
  ["a worker thread", openWorkerStore],
] as const;

function put(id: string, body = "{}"): Write {
  return { statement: "document.put", parameters: ["test", id, body, 1] };
}

async function ids(store: Store): Promise<unknown[]> {
  return (await store.read("document.all", ["test"])).map(({ id }) => id);
}

describe.each(adapters)("the store in %s", (_name, open) => {
  test("what was resolved is there after it is opened again", async () => {
    await using state = await temporaryState();
    const settings = { directory: state.directory, maximumBytes: null };
    const first = await open(settings, clock);
    await first.write([put("a"), put("b")]);
    await first.close();
    const second = await open(settings, clock);
    expect(await ids(second)).toEqual(["a", "b"]);
    await second.close();
    await expect(second.write([put("c")])).rejects.toMatchObject({ code: "shutting_down" });
    await expect(ids(second)).rejects.toMatchObject({ code: "shutting_down" });
  });

  test("batches queued together are committed together, in order", async () => {
    await using state = await temporaryState();
    const store = await open({ directory: state.directory, maximumBytes: null }, clock);
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 500 }, async (_, n) => {
        await store.write([put("same", String(n))]);
        order.push(n);
      }),
    );
    expect(store.statistics()).toMatchObject({ batches: 500, transactions: 1 });
    expect(order).toEqual(Array.from({ length: 500 }, (_, n) => n));
    expect((await store.read("document.get", ["test", "same"]))[0]?.["body"]).toBe("499");
    await store.close();
  });

  test("a batch that breaks a constraint is undone alone", async () => {
    await using state = await temporaryState();
    const store = await open({ directory: state.directory, maximumBytes: null }, clock);
    const bad: Write = { statement: "document.put", parameters: ["test", null, "{}", 1] };
    const results = await Promise.allSettled([
      store.write([put("a")]),
      store.write([put("half"), bad]),
      store.write([put("b")]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(results[1]).toMatchObject({ reason: { code: "internal" } });
    expect(await ids(store)).toEqual(["a", "b"]);
    expect(store.statistics()).toEqual({ transactions: 1, batches: 2, writes: 2 });
    expect(store.health().ok).toBe(true);
    await store.close();
  });

  test("so is one write that breaks a constraint, and the others stay", async () => {
    await using state = await temporaryState();
    const store = await open({ directory: state.directory, maximumBytes: null }, clock);
    const bad: Write = { statement: "document.put", parameters: ["test", null, "{}", 1] };
    const unbound: Write = { statement: "document.put", parameters: ["test"] };
    const results = await Promise.allSettled(
      [[put("a")], [bad], [put("b"), put("c")], [unbound], [put("d")]].map((batch) =>
        store.write(batch),
      ),
    );
    expect(results.map(({ status }) => status === "fulfilled")).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(await ids(store)).toEqual(["a", "b", "c", "d"]);
    expect(store.statistics()).toEqual({ transactions: 1, batches: 3, writes: 4 });
    expect(store.health().ok).toBe(true);
    await store.close();
  });

  test("a second service on the same directory is refused, and the first goes on", async () => {
    await using state = await temporaryState();
    const settings = { directory: state.directory, maximumBytes: null };
    const first = await open(settings, clock);
    for (const [, openSecond] of adapters) {
      await expect((async () => openSecond(settings, clock))()).rejects.toMatchObject({
        code: "state_in_use",
      });
    }
    await first.write([put("a")]);
    await first.close();
    const next = await open(settings, clock);
    expect(await ids(next)).toEqual(["a"]);
    await next.close();
  });

  test("a full database rejects the batch whole, says so, and recovers by itself", async () => {
    await using state = await temporaryState();
    const settings = { directory: state.directory, maximumBytes: 1_000_000 };
    const store = await open(settings, clock);
    const seen: boolean[] = [];
    store.onHealthChange(({ ok }) => seen.push(ok));
    await store.write([put("big", "x".repeat(500_000))]);
    const tooMuch = store.write([put("small"), put("huge", "x".repeat(900_000))]);
    await expect(tooMuch).rejects.toMatchObject({ code: "store_failed" });
    expect(store.health()).toMatchObject({ ok: false, detail: expect.stringContaining("full") });
    expect(await ids(store)).toEqual(["big"]);
    await new Promise<void>((resolve) => {
      store.onHealthChange(() => resolve());
    });
    expect(seen).toEqual([false, true]);
    await store.write([{ statement: "document.remove", parameters: ["test", "big"] }]);
    await store.write([put("now", "x".repeat(500_000))]);
    expect(await ids(store)).toEqual(["now"]);
    await store.close();
  });
});

test("files are private, and the connection has the durability that is promised", async () => {
  await using state = await temporaryState();
  const settings = { directory: state.directory, maximumBytes: null };
  const store = openSqliteStore(settings, clock);
  await store.write([put("a")]);
  expect(statSync(state.directory).mode & 0o777).toBe(0o700);
  for (const name of ["springhouse.db", "springhouse.db-wal", "springhouse.db-shm"]) {
    expect([name, statSync(join(state.directory, name)).mode & 0o777]).toEqual([name, 0o600]);
  }
  // Beside a running service the data can be read, by a connection that does not lock it.
  const beside = new DatabaseSync(join(state.directory, "springhouse.db"), { readOnly: true });
  expect(beside.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  expect(beside.prepare("PRAGMA auto_vacuum").get()).toEqual({ auto_vacuum: 2 });
  beside.close();
  await store.close();
});

test("what was removed is overwritten in the file", async () => {
  await using state = await temporaryState();
  const settings = { directory: state.directory, maximumBytes: null };
  const marker = "remove-me-without-a-trace";
  const inFile = () =>
    readFileSync(join(state.directory, "springhouse.db")).includes(Buffer.from(marker));
  let store = openSqliteStore(settings, clock);
  await store.write([put("a", marker), put("b")]);
  await store.close();
  expect(inFile()).toBe(true);
  store = openSqliteStore(settings, clock);
  await store.write([{ statement: "document.remove", parameters: ["test", "a"] }]);
  await store.close();
  expect(inFile()).toBe(false);
});

test("a damaged file is reported, and left as it is", async () => {
  await using state = await temporaryState();
  const settings = { directory: state.directory, maximumBytes: null };
  await openSqliteStore(settings, clock).close();
  const { writeFileSync } = await import("node:fs");
  const path = join(state.directory, "springhouse.db");
  writeFileSync(path, "this is no database ".repeat(500));
  for (const [, open] of adapters) {
    await expect((async () => open(settings, clock))()).rejects.toMatchObject({
      code: "store_failed",
    });
  }
  expect(readFileSync(path, "utf8")).toContain("this is no database");
});

test("the directory of somebody else is not closed to its owners", async () => {
  await using state = await temporaryState();
  const { chmodSync, mkdirSync, writeFileSync } = await import("node:fs");
  mkdirSync(state.directory);
  chmodSync(state.directory, 0o755);
  writeFileSync(join(state.directory, "other"), "");
  expect(() => openSqliteStore({ directory: state.directory, maximumBytes: null }, clock)).toThrow(
    /holds other files/,
  );
  expect(statSync(state.directory).mode & 0o777).toBe(0o755);
});
