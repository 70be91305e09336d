import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { openCheckpoint, type Checkpoint } from "../../../src/log/checkpoint.ts";
import { openSigningKey } from "../../../src/log/keyFile.ts";
import { decodeLeaf, type Leaf } from "../../../src/log/leaf.ts";
import { Frontier, leafHash } from "../../../src/log/merkle.ts";
import { rootOfInclusion } from "../../../src/log/proof.ts";
import { parseSignerKey, signerOf } from "../../../src/log/signer.ts";
import { SigningKey } from "../../../src/log/signingKey.ts";
import { openTransparencyLog, type TransparencyLog } from "../../../src/log/transparencyLog.ts";
import { SpringhouseError } from "../../../src/port/errors.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { temporaryState } from "../../support/temporaryState.ts";
import { openLog, serviceStart, SIGNER } from "./logs.ts";

const leafOf = (n: number): Leaf => serviceStart({ version: `test ${n}` });
const versionOf = (entry: string): unknown => {
  const { leaf } = decodeLeaf(Buffer.from(entry));
  return leaf?.kind === "service_start" ? leaf.version : leaf;
};
const put = (id: string): Write => ({
  statement: "document.put",
  parameters: ["test", id, "{}", 1],
});

function rootOf(entries: readonly string[]): Buffer {
  const frontier = Frontier.empty();
  for (const entry of entries) frontier.push(leafHash(Buffer.from(entry)));
  return Buffer.from(frontier.root());
}

async function entriesOf(log: TransparencyLog): Promise<string[]> {
  const { size } = log.checkpoint();
  const entries: string[] = [];
  for (let index = 0; index * 256 < size; index++)
    entries.push(...(await log.entries(index, Math.min(256, size - index * 256)))!);
  return entries;
}

const inMemory = (clock: FakeClock): Store =>
  openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);

/** A store that can be full. */
class FullDisk {
  full = false;
  readonly store: Store;

  constructor(real: Store) {
    this.store = {
      ...real,
      write: (batch) =>
        this.full
          ? Promise.reject(new SpringhouseError("store_failed", "disk is full"))
          : real.write(batch),
    };
  }
}

describe("the transparency log", () => {
  test("a checkpoint covers every leaf within a second, and is the root of the leaves", async () => {
    const clock = new FakeClock();
    const store = inMemory(clock);
    const log = await openLog(store, clock);
    expect(log.checkpoint().size).toBe(0);
    for (const n of [1, 2, 3]) await log.append(leafOf(n));
    await clock.run(999);
    const checkpoint = openCheckpoint(log.checkpoint().note, SIGNER.verifier)!;
    expect(checkpoint.size).toBe(4);
    const entries = await entriesOf(log);
    expect(checkpoint.root).toEqual(rootOf(entries));
    const kinds = entries.map(versionOf);
    expect(kinds).toEqual(["0.0.0", "test 1", "test 2", "test 3"]);
    await log.stop();
    expect(clock.pending).toBe(0);
    await store.close();
  });

  test("a log that nothing happens to sets no timer", async () => {
    const clock = new FakeClock();
    const store = inMemory(clock);
    const log = await openLog(store, clock);
    await clock.run(1000);
    expect(clock.pending).toBe(0);
    expect(log.behindMilliseconds).toBe(0);
    await log.stop();
    await store.close();
  });

  test("leaf and change are durable together, in one transaction with everybody's", async () => {
    const clock = new FakeClock();
    const store = inMemory(clock);
    const log = await openLog(store, clock);
    await clock.run(1000);
    const before = store.statistics().transactions;
    await Promise.all(Array.from({ length: 300 }, (_, n) => log.append(leafOf(n), [put(`d${n}`)])));
    expect(store.statistics().transactions).toBe(before + 1);
    expect(await store.read("document.all", ["test"])).toHaveLength(300);
    await clock.run(1000);
    expect(log.checkpoint().size).toBe(301);
    await log.stop();
    await store.close();
  });

  test("a change that is refused leaves no leaf and no gap", async () => {
    const clock = new FakeClock();
    const store = inMemory(clock);
    const log = await openLog(store, clock);
    const broken: Write = { statement: "document.put", parameters: ["test", null, "{}", 1] };
    const results = await Promise.allSettled([
      log.append(leafOf(1)),
      log.append(leafOf(2), [put("a"), broken]),
      log.append(leafOf(3), [put("b")]),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await clock.run(1000);
    const entries = await entriesOf(log);
    expect(entries.join()).not.toContain("test 2");
    expect(entries).toHaveLength(3);
    expect((await store.read("document.all", ["test"])).map(({ id }) => id)).toEqual(["b"]);
    await log.stop();
    await store.close();
  });

  test("whoever commits may be another; what it rejects with is passed on", async () => {
    const clock = new FakeClock();
    const store = inMemory(clock);
    const log = await openLog(store, clock);
    const batches: number[] = [];
    await log.append(leafOf(1), [put("a")], async (batch) => {
      batches.push(batch.length);
      await store.write(batch);
    });
    const refused = log.append(leafOf(2), [], () => Promise.reject(new Error("no")));
    await expect(refused).rejects.toThrow("no");
    await clock.run(1000);
    expect(batches).toEqual([3]);
    expect(log.checkpoint().size).toBe(2);
    await log.stop();
    await store.close();
  });

  test("a leaf that its kind does not allow changes nothing", async () => {
    const clock = new FakeClock();
    const store = inMemory(clock);
    const log = await openLog(store, clock);
    const leaf: Leaf = Object.assign(leafOf(1), { secret: "x" });
    await expect(log.append(leaf, [put("a")])).rejects.toThrow(TypeError);
    await clock.run(1000);
    expect(log.checkpoint().size).toBe(1);
    expect(await store.read("document.all", ["test"])).toEqual([]);
    await log.stop();
    await store.close();
  });

  test("every leaf is proved, also where its tile is full, and waits for no timer", async () => {
    const clock = new FakeClock();
    const store = inMemory(clock);
    const log = await openLog(store, clock);
    const ids = await Promise.all(Array.from({ length: 600 }, (_, n) => log.append(leafOf(n))));
    for (const id of [ids[0]!, ids[254]!, ids[255]!, ids[256]!, ids[511]!, ids[599]!]) {
      const { position, entry, proof, checkpoint } = (await log.inclusion(id))!;
      const hash = leafHash(Buffer.from(entry));
      expect(rootOfInclusion(position, checkpoint.size, hash, proof)).toEqual(checkpoint.root);
      expect(entry).toContain(`test ${ids.indexOf(id)}"`);
    }
    expect(await log.inclusion("lf-0000000000000000-1")).toBeUndefined();
    await log.stop();
    await store.close();
  });

  test("tiles are those of the last checkpoint, whole and partial", async () => {
    const clock = new FakeClock();
    const store = inMemory(clock);
    const log = await openLog(store, clock);
    await Promise.all(Array.from({ length: 599 }, (_, n) => log.append(leafOf(n))));
    await clock.run(1000);
    const hashes = (await entriesOf(log)).map((entry) => leafHash(Buffer.from(entry)));
    expect(await log.tile(0, 0, 256)).toEqual(Buffer.concat(hashes.slice(0, 256)));
    expect(await log.tile(0, 2, 88)).toEqual(Buffer.concat(hashes.slice(512)));
    expect(await log.tile(0, 2, 5)).toEqual(Buffer.concat(hashes.slice(512, 517)));
    expect(await log.tile(0, 2, 89)).toBeNull();
    expect(await log.tile(0, 3, 1)).toBeNull();
    const roots = [0, 256].map((from) => {
      const frontier = Frontier.empty();
      for (const hash of hashes.slice(from, from + 256)) frontier.push(hash);
      return frontier.root();
    });
    expect(await log.tile(1, 0, 2)).toEqual(Buffer.concat(roots));
    expect(await log.tile(1, 0, 3)).toBeNull();
    expect(await log.tile(2, 0, 1)).toBeNull();
    expect(await log.tile(63, 0, 1)).toBeNull();
    expect(await log.entries(2, 89)).toBeNull();
    await log.stop();
    await store.close();
  });
});

describe("over restarts", () => {
  test("it goes on where it was, also with leaves that no checkpoint covered", async () => {
    await using state = await temporaryState();
    const seen: Checkpoint[] = [];
    let kept: string[] = [];
    for (const run of [1, 2, 3]) {
      const clock = new FakeClock();
      const store = openSqliteStore({ directory: state.directory, maximumBytes: null }, clock);
      const log = await openLog(store, clock);
      expect(log.checkpoint().size).toBe(seen.at(-1)?.size ?? 0);
      for (let n = 0; n < 300; n++) void log.append(leafOf(run * 1000 + n));
      await clock.run(1000);
      seen.push(log.checkpoint());
      const entries = await entriesOf(log);
      expect(entries.slice(0, kept.length)).toEqual(kept);
      expect(rootOf(entries)).toEqual(log.checkpoint().root);
      kept = entries;
      // One more that this run never covers, as when it is killed.
      await log.append(leafOf(run * 1000 + 999));
      await store.close();
    }
    expect(seen.map(({ size }) => size)).toEqual([301, 603, 905]);
  });

  async function tamper(sql: string): Promise<Error> {
    await using state = await temporaryState();
    const clock = new FakeClock();
    const settings = { directory: state.directory, maximumBytes: null };
    const store = openSqliteStore(settings, clock);
    const log = await openLog(store, clock);
    for (let n = 0; n < 300; n++) void log.append(leafOf(n));
    await clock.run(1000);
    await log.stop();
    await store.close();
    const database = new DatabaseSync(join(state.directory, "springhouse.db"));
    database.exec(sql);
    database.close();
    const again = openSqliteStore(settings, clock);
    try {
      await openLog(again, clock);
    } catch (error) {
      return error as Error;
    } finally {
      await again.close();
    }
    throw new Error("it was opened");
  }

  test.each([
    ["a hash", "UPDATE log_leaf SET hash = zeroblob(32) WHERE position = 290"],
    ["a hash of no length", "UPDATE log_leaf SET hash = zeroblob(31) WHERE position = 290"],
    ["a leaf that is gone", "DELETE FROM log_leaf WHERE position = 290"],
    ["the newest leaves", "DELETE FROM log_leaf WHERE position >= 290"],
    ["a subtree", "UPDATE log_subtree SET hash = zeroblob(32)"],
    ["the checkpoint", "UPDATE log_checkpoint SET note = replace(note, '301', '300')"],
  ])("%s that was altered keeps it from going on", async (_what, sql) => {
    expect(await tamper(sql)).toMatchObject({
      code: "store_failed",
      message: expect.stringContaining("damaged") as string,
    });
  });

  test("another key does not go on with it", async () => {
    const clock = new FakeClock();
    const store = inMemory(clock);
    const log = await openLog(store, clock);
    await clock.run(1000);
    await log.stop();
    const key = new SigningKey(signerOf("log.example/test", new Uint8Array(32).fill(8)));
    const terms = { store, clock, key, boot: "f".repeat(16), first: serviceStart() };
    await expect(openTransparencyLog(terms)).rejects.toMatchObject({ code: "store_failed" });
    await store.close();
  });
});

describe("a disk that is full", () => {
  test("nothing is half done; the log says that it is behind, and catches up", async () => {
    const clock = new FakeClock();
    const disk = new FullDisk(inMemory(clock));
    const log = await openLog(disk.store, clock);
    await clock.run(1000);
    await log.append(leafOf(1), [put("a")]);
    disk.full = true;
    await expect(log.append(leafOf(2), [put("b")])).rejects.toMatchObject({ code: "store_failed" });
    const behind = log.inclusion("lf-no-such").then((found) => expect(found).toBeUndefined());
    await clock.run(5000);
    await behind;
    expect(log.failures).toBe(1);
    expect(log.behindMilliseconds).toBe(5000);
    expect(log.checkpoint().size).toBe(1);
    const signed = log.checkpointMilliseconds!;
    expect(clock.wallMilliseconds() - signed).toBeGreaterThan(5000);
    disk.full = false;
    await clock.run(2000);
    expect(log.behindMilliseconds).toBe(0);
    expect(log.checkpoint().size).toBe(2);
    expect(log.checkpointMilliseconds).toBeGreaterThan(signed);
    expect((await disk.store.read("document.all", ["test"])).map(({ id }) => id)).toEqual(["a"]);
    expect(rootOf(await entriesOf(log))).toEqual(log.checkpoint().root);
    await log.stop();
    expect(clock.pending).toBe(0);
    await disk.store.close();
  });

  test("a proof that needs a checkpoint is refused at once", async () => {
    const clock = new FakeClock();
    const disk = new FullDisk(inMemory(clock));
    const log = await openLog(disk.store, clock);
    await clock.run(1000);
    const id = await log.append(leafOf(1));
    disk.full = true;
    await expect(log.inclusion(id)).rejects.toMatchObject({ code: "store_failed" });
    disk.full = false;
    expect(await log.inclusion(id)).toMatchObject({ position: 1 });
    await log.stop();
    await disk.store.close();
  });

  test("the start's leaf comes first, however late the disk takes it", async () => {
    const clock = new FakeClock();
    const disk = new FullDisk(inMemory(clock));
    disk.full = true;
    const log = await openLog(disk.store, clock);
    await expect(log.append(leafOf(1))).rejects.toThrow("full");
    disk.full = false;
    await Promise.all([log.append(leafOf(2)), log.append(leafOf(3))]);
    await clock.run(1000);
    const versions = (await entriesOf(log)).map(versionOf);
    expect(versions).toEqual(["0.0.0", "test 2", "test 3"]);
    await log.stop();
    await disk.store.close();
  });
});

describe("the signing key's file", () => {
  const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(42);

  test("is made at the first start, private, and read at the next", async () => {
    await using state = await temporaryState();
    await mkdir(state.directory);
    const first = await openSigningKey(state.directory, null, random);
    const path = join(state.directory, "log.key");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(first.verifier.name).toBe("springhouse/2a2a2a2a2a2a2a2a");
    const again = await openSigningKey(state.directory, null, () => new Uint8Array(0));
    expect(again.verifier.verifierKey).toBe(first.verifier.verifierKey);
    const published = await readFile(join(state.directory, "log.vkey"), "utf8");
    expect(published).toBe(`${first.verifier.verifierKey}\n`);
    expect(parseSignerKey(published)).toBeNull();
  });

  test("another origin, or a file that is no key, is refused", async () => {
    await using state = await temporaryState();
    await mkdir(state.directory);
    await openSigningKey(state.directory, "log.example/a", random);
    await expect(openSigningKey(state.directory, "log.example/b", random)).rejects.toMatchObject({
      code: "configuration_invalid",
    });
    await writeFile(join(state.directory, "log.key"), "PRIVATE+KEY+nonsense");
    await expect(openSigningKey(state.directory, null, random)).rejects.toMatchObject({
      code: "store_failed",
    });
  });
});
