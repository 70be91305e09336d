import { encodeBundle } from "../../../src/log/bundle.ts";
import { signCheckpoint } from "../../../src/log/checkpoint.ts";
import { encodeLeaf, type LeafOf } from "../../../src/log/leaf.ts";
import { keyringOf } from "../../../src/log/keyring.ts";
import { Frontier, leafHash } from "../../../src/log/merkle.ts";
import { signerOf, type Signer } from "../../../src/log/signer.ts";
import { SigningKey } from "../../../src/log/signingKey.ts";
import { TILE_WIDTH, tilePath, tilesOf } from "../../../src/log/tile.ts";
import { openTransparencyLog, type TransparencyLog } from "../../../src/log/transparencyLog.ts";
import type { Clock } from "../../../src/port/clock.ts";
import type { Store } from "../../../src/store/store.ts";
import type { LogCopy } from "../../../src/verify/verifyLog.ts";

export const SIGNER = signerOf("log.example/test", new Uint8Array(32).fill(7));

export function serviceStart(more: Partial<LeafOf<"service_start">> = {}): LeafOf<"service_start"> {
  return {
    v: 1,
    kind: "service_start",
    at: 1_767_225_600_000,
    actor: "springhouse",
    version: "0.0.0",
    configuration: "0123456789abcdef",
    build: "0".repeat(64),
    shape: "RBGC",
    ...more,
  };
}

let boots = 0;

/** A log on a store, as a start opens it. */
export function openLog(store: Store, clock: Clock): Promise<TransparencyLog> {
  const boot = (++boots).toString(16).padStart(16, "0");
  return openTransparencyLog({
    store,
    clock,
    key: new SigningKey(SIGNER),
    boot,
    first: serviceStart(),
  });
}

/** A copy of a log as `log export` writes it: its files by path. */
export interface Copy extends LogCopy {
  readonly files: Map<string, Buffer>;
}

export function copyOf(entries: readonly string[], signer: Signer = SIGNER): Copy {
  const frontier = Frontier.empty();
  const levels: Uint8Array[][] = [[]];
  for (const entry of entries) {
    const hash = leafHash(Buffer.from(entry));
    levels[0]!.push(hash);
    frontier.push(hash, ({ level }, root) => {
      if (level % 8 === 0) (levels[level / 8] ??= []).push(root);
    });
  }
  const files = new Map<string, Buffer>();
  for (const tile of tilesOf(entries.length)) {
    const from = tile.index * TILE_WIDTH;
    const to = from + tile.width;
    const bytes =
      tile.level === "entries"
        ? encodeBundle(entries.slice(from, to))
        : Buffer.concat(levels[tile.level]!.slice(from, to));
    files.set(tilePath(tile), Buffer.from(bytes));
  }
  const checkpoint = signCheckpoint(entries.length, frontier.root(), signer);
  const keyring = keyringOf(signer.verifier);
  return { files, checkpoint, keyring, read: (path) => files.get(path) ?? null };
}

/** Leaves that all differ. */
export function entriesOf(count: number): string[] {
  return Array.from({ length: count }, (_, n) =>
    encodeLeaf(serviceStart({ version: `number ${n}` })).toString(),
  );
}
