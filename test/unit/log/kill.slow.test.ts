import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { openCheckpoint } from "../../../src/log/checkpoint.ts";
import { decodeLeaf } from "../../../src/log/leaf.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import { leafRules } from "../../../src/verify/rules.ts";
import { verifyLog, type KeptCheckpoint } from "../../../src/verify/verifyLog.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { temporaryState } from "../../support/temporaryState.ts";
import { copyOf, openLog, SIGNER } from "./logs.ts";

const WRITER = new URL("./writer.ts", import.meta.url).pathname;
const ROUNDS = 8;

/** Runs the writer, kills it after about so many lines, and gives what it acknowledged. */
async function killedAfter(lines: number, directory: string, boot: string): Promise<string[]> {
  const child = spawn(process.execPath, [WRITER, directory, boot], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    if (output.split("\n").length > lines) child.kill("SIGKILL");
  });
  const signal = await new Promise((resolve) => {
    child.on("close", (_code, by) => resolve(by));
  });
  expect(signal).toBe("SIGKILL");
  const whole = output.split("\n").slice(0, -1);
  return whole.map((line) => JSON.parse(line) as string);
}

test(`${ROUNDS} times kill -9: every change has its leaf, every leaf its change, no checkpoint is taken back`, async () => {
  await using state = await temporaryState();
  const names: string[] = [];
  const kept: KeptCheckpoint[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const boot = (round + 100).toString(16).padStart(16, "0");
    for (const line of await killedAfter(20 + round * 90, state.directory, boot)) {
      const checkpoint = openCheckpoint(line, SIGNER.verifier);
      if (checkpoint) kept.push({ name: `round ${round}`, checkpoint });
      else names.push(line);
    }
    const clock = new FakeClock();
    const settings = { directory: state.directory, maximumBytes: null };
    const store = openSqliteStore(settings, clock);
    const log = await openLog(store, clock);
    await clock.run(1000);
    const { size } = log.checkpoint();
    const entries: string[] = [];
    for (let index = 0; index * 256 < size; index++)
      entries.push(...(await log.entries(index, Math.min(256, size - index * 256)))!);
    expect(verifyLog(copyOf(entries), kept, leafRules(copyOf(entries)))).toMatchObject({
      fault: null,
      leaves: size,
      consistent: kept.length,
      root: log.checkpoint().root.toString("hex"),
    });
    const logged = entries.flatMap((entry) => {
      const { leaf } = decodeLeaf(Buffer.from(entry));
      return leaf?.kind === "service_start" && leaf.version !== "0.0.0" ? [leaf.version] : [];
    });
    const changed = (await store.read("document.all", ["test"])).map(({ id }) => String(id));
    expect(logged.toSorted()).toEqual(changed.toSorted());
    const known = new Set(logged);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
    await log.stop();
    await store.close();
  }
  expect(names.length).toBeGreaterThan(ROUNDS * 20);
  expect(kept.length).toBeGreaterThan(0);
});
