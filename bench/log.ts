import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeBundle } from "../src/log/bundle.ts";
import { signCheckpoint } from "../src/log/checkpoint.ts";
import { encodeLeaf, type Leaf } from "../src/log/leaf.ts";
import { keyringOf } from "../src/log/keyring.ts";
import { Frontier, leafHash } from "../src/log/merkle.ts";
import { signerOf } from "../src/log/signer.ts";
import { SigningKey } from "../src/log/signingKey.ts";
import { TILE_WIDTH, tilePath, tilesOf } from "../src/log/tile.ts";
import { openTransparencyLog } from "../src/log/transparencyLog.ts";
import { systemClock } from "../src/platform/clock.ts";
import type { Write } from "../src/store/store.ts";
import { openWorkerStore } from "../src/store/workerStore.ts";
import { leafRules } from "../src/verify/rules.ts";
import { verifyLog } from "../src/verify/verifyLog.ts";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";

const LEAVES = 1_000_000;
const signer = signerOf("bench", new Uint8Array(32));

const startOf = (n: number): Leaf => ({
  v: 1,
  kind: "service_start",
  at: n,
  actor: "springhouse",
  version: `number ${n}`,
  configuration: "0123456789abcdef",
  build: "0".repeat(64),
  shape: "RBGC",
});

/** A log of a million leaves in memory, as `log export` would lay it out. */
function build() {
  const frontier = Frontier.empty();
  const levels: Uint8Array[][] = [[]];
  const entries: string[] = [];
  for (let n = 0; n < LEAVES; n++) {
    const entry = encodeLeaf(startOf(n));
    const hash = leafHash(entry);
    entries.push(entry.toString());
    levels[0]!.push(hash);
    frontier.push(hash, ({ level }, root) => {
      if (level % 8 === 0) (levels[level / 8] ??= []).push(root);
    });
  }
  const files = new Map<string, Buffer>();
  for (const tile of tilesOf(LEAVES)) {
    const from = tile.index * TILE_WIDTH;
    const to = from + tile.width;
    const bytes =
      tile.level === "entries"
        ? encodeBundle(entries.slice(from, to))
        : Buffer.concat(levels[tile.level]!.slice(from, to));
    files.set(tilePath(tile), Buffer.from(bytes));
  }
  const checkpoint = signCheckpoint(LEAVES, frontier.root(), signer);
  const keyring = keyringOf(signer.verifier);
  return { checkpoint, keyring, read: (path: string) => files.get(path) ?? null };
}

const CLIENTS = 32;
const APPEND_MILLISECONDS = 2000;
const ROUNDS = 3;

/** Durable writes a second of 32 clients at once, each waiting for its own. */
async function rate(write: (n: number) => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  let written = 0;
  const client = async (): Promise<void> => {
    while (performance.now() - begin < APPEND_MILLISECONDS) {
      await write(written++);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return (written * 1000) / (performance.now() - begin);
}

/** Changes with their leaves, against changes alone that are as long as both, in the same run. */
async function append(): Promise<Ratio> {
  const directory = mkdtempSync(join(tmpdir(), "springhouse-bench-"));
  const clock = systemClock();
  const store = await openWorkerStore({ directory, maximumBytes: null }, clock);
  const first = startOf(0);
  const log = await openTransparencyLog({
    store,
    clock,
    key: new SigningKey(signer),
    boot: "0".repeat(16),
    first,
  });
  const change = (id: string, body: string): Write => ({
    statement: "document.put",
    parameters: ["bench", id, body, 1],
  });
  const long = JSON.stringify("x".repeat(encodeLeaf(startOf(0)).length));
  const [alone, logged]: [number[], number[]] = [[], []];
  for (let round = rounds(ROUNDS); round > 0; round--) {
    alone.push(await rate((n) => store.write([change(`alone ${round} ${n}`, long)])));
    logged.push(await rate((n) => log.append(startOf(n), [change(`logged ${round} ${n}`, "{}")])));
  }
  await log.stop();
  await store.close();
  rmSync(directory, { recursive: true });
  const figure = `${median(logged).toFixed(0)} a second; theirs ${median(alone).toFixed(0)}`;
  const what = `durable changes with their leaves, ${CLIENTS} at once`;
  const naming = { what, baseline: "the changes alone", goal: null, figure };
  return ratioOf(naming, quotients(logged, alone));
}

/** Verifying a log of a million leaves, against only hashing them as often, in the same run. */
function verify(): Ratio {
  const copy = build();
  const entry = Buffer.alloc(200);
  const [own, hashing]: [number[], number[]] = [[], []];
  for (let round = rounds(ROUNDS); round > 0; round--) {
    let begin = performance.now();
    for (let n = 0; n < 2 * LEAVES; n++) leafHash(entry);
    hashing.push((performance.now() - begin) / 1000);
    begin = performance.now();
    const { fault, leaves } = verifyLog(copy, [], leafRules(copy));
    own.push((performance.now() - begin) / 1000);
    if (fault || leaves !== LEAVES) throw new Error("the log was not verified");
  }
  const figure = `${median(own).toFixed(1)} s; theirs ${median(hashing).toFixed(1)} s`;
  const what = `${LEAVES.toLocaleString("en-US")} leaves verified`;
  const naming = { what, baseline: "hashing as often", goal: null, figure } as const;
  return ratioOf({ ...naming, better: "less" }, quotients(own, hashing));
}

export async function run(): Promise<readonly Ratio[]> {
  return [await append(), verify()];
}
