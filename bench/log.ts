import { cpus } from "node:os";
import { encodeBundle } from "../src/log/bundle.ts";
import { signCheckpoint } from "../src/log/checkpoint.ts";
import { encodeLeaf } from "../src/log/leaf.ts";
import { Frontier, leafHash } from "../src/log/merkle.ts";
import { signerOf } from "../src/log/signer.ts";
import { TILE_WIDTH, tilePath, tilesOf } from "../src/log/tile.ts";
import { leafRules } from "../src/verify/rules.ts";
import { verifyLog } from "../src/verify/verifyLog.ts";

const LEAVES = 1_000_000;
const signer = signerOf("bench", new Uint8Array(32));

/** A log of a million leaves in memory, as `log export` would lay it out. */
function build() {
  const frontier = Frontier.empty();
  const levels: Uint8Array[][] = [[]];
  const entries: string[] = [];
  for (let n = 0; n < LEAVES; n++) {
    const entry = encodeLeaf({
      v: 1,
      kind: "service_start",
      at: n,
      actor: "springhouse",
      version: `number ${n}`,
      configuration: "0123456789abcdef",
      build: "0".repeat(64),
      shape: "RBGC",
    });
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
  return { checkpoint, read: (path: string) => files.get(path) ?? null };
}

/** Verifying a log of a million leaves, against only hashing them as often, in the same run. */
export function run(): void {
  console.log(`log, ${cpus()[0]?.model ?? "unknown processor"}, Node ${process.version}`);
  const copy = build();
  const entry = Buffer.alloc(200);
  let begin = performance.now();
  for (let n = 0; n < 2 * LEAVES; n++) leafHash(entry);
  const baseline = (performance.now() - begin) / 1000;
  begin = performance.now();
  const { fault, leaves } = verifyLog(copy, [], leafRules());
  const seconds = (performance.now() - begin) / 1000;
  if (fault || leaves !== LEAVES) throw new Error("the log was not verified");
  const text = `${LEAVES.toLocaleString("en-US")} leaves verified in ${seconds.toFixed(1)} s`;
  console.log(`  ${text}; baseline (hashing as often) ${baseline.toFixed(1)} s`);
}

if (import.meta.main) run();
