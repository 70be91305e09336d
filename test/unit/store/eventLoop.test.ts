import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/platform/clock.ts";
import { openWorkerStore } from "../../../src/store/workerStore.ts";
import { temporaryState } from "../../support/temporaryState.ts";

/*
 * Structure and not timing: while another connection holds the write lock, a commit cannot end. Were
 * it made in this thread, nothing here could run, and the lock would never be given back.
 */
test("a commit that hangs holds up nobody in this thread, and groups what comes meanwhile", async () => {
  await using state = await temporaryState();
  const settings = { directory: state.directory, maximumBytes: null };
  const store = await openWorkerStore(settings, systemClock());
  const holder = new DatabaseSync(join(state.directory, "springhouse.db"));
  holder.exec("BEGIN IMMEDIATE");
  let resolved = 0;
  const writes = Array.from({ length: 100 }, async (_, n) => {
    // Each in a turn of its own, so that only the hanging commit can group them.
    for (let turn = 0; turn <= n; turn++) await new Promise((next) => setImmediate(next));
    await store.write([{ statement: "document.put", parameters: ["test", String(n), "{}", 0] }]);
    resolved++;
  });
  for (let turn = 0; turn < 200; turn++) await new Promise((next) => setImmediate(next));
  expect(resolved).toBe(0);
  holder.exec("ROLLBACK");
  holder.close();
  await Promise.all(writes);
  expect(store.statistics()).toEqual({ transactions: 2, batches: 100, writes: 100 });
  await store.close();
});
