import { spawn } from "node:child_process";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { StoredLineage } from "../../../src/lineage/lineageReader.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { temporaryState } from "../../support/temporaryState.ts";

const WRITER = new URL("./writer.ts", import.meta.url).pathname;
const ROUNDS = 20;

/** Runs the writer and kills it after it acknowledged about `seeds`. */
async function killedAfter(seeds: number, directory: string, boot: string): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, directory, boot], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (output.split("\n").length > seeds) child.kill("SIGKILL");
  });
  const signal = await new Promise((resolve) => {
    child.on("close", (_code, by) => resolve(by));
  });
  expect(signal).toBe("SIGKILL");
  // The last line may be cut: what follows the last newline was not acknowledged in full.
  return output.split("\n").slice(0, -1);
}

test(`${ROUNDS} times kill -9: everything acknowledged is there and whole`, async () => {
  await using state = await temporaryState();
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const boot = round.toString(16).padStart(16, "0");
    acknowledged.push(...(await killedAfter(1 + round * 7, state.directory, boot)));
    // Opening also shows that the lock went with the process.
    const settings = { directory: state.directory, maximumBytes: null };
    const store = openSqliteStore(settings, new FakeClock());
    const reader = new StoredLineage(store);
    for (const id of acknowledged) {
      const story = await reader.output(`${id}.1`);
      expect(story?.blocks.map((block) => block.id)).toEqual(story?.seed.blocks);
      expect(story?.windows).toHaveLength(2);
    }
    await store.close();
    const database = new DatabaseSync(join(state.directory, "springhouse.db"));
    expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    expect(database.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
    database.close();
  }
  expect(acknowledged.length).toBeGreaterThan(ROUNDS);
});
