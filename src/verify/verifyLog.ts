import { decodeBundle } from "../log/bundle.ts";
import type { Checkpoint } from "../log/checkpoint.ts";
import type { Keyring } from "../log/keyring.ts";
import { decodeLeaf, type Leaf } from "../log/leaf.ts";
import { Frontier, HASH_BYTES, leafHash } from "../log/merkle.ts";
import { TILE_HEIGHT, TILE_WIDTH, tilePath, tilesOf, type Tile } from "../log/tile.ts";

/**
 * What leaves must be besides whole: told each of them in its order.
 * @returns why this one cannot follow those before it; null when it can
 */
export type LeafRule = (leaf: Leaf, position: number) => string | null;

/** A checkpoint that was kept elsewhere, or earlier. Its signature was checked. */
export interface KeptCheckpoint {
  /** Where it is from, for people. */
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

export interface LogCopy {
  /** A file by its path in C2SP tlog-tiles; null when it is not there. */
  read(path: string): Buffer | null;
  /** The copy's own checkpoint. Its signature was checked. */
  readonly checkpoint: Checkpoint;
  /** The key that is trusted, and those that it leads to. */
  readonly keyring: Keyring;
}

/** The first thing that is wrong. */
export interface LogFault {
  /** The first bad leaf; where only a span is known, the first of it. */
  readonly leaf: number;
  /** The last leaf that it may be; the same as `leaf` where that is known. */
  readonly lastLeaf: number;
  readonly detail: string;
}

export interface LogReport {
  readonly origin: string;
  /** Leaves that were checked: all of them when there is no fault. */
  readonly leaves: number;
  /** Hexadecimal. */
  readonly root: string;
  readonly fault: LogFault | null;
  /** Kept checkpoints that this log continues. */
  readonly consistent: number;
  readonly kinds: Readonly<Record<string, number>>;
  /** Of those, leaves of kinds that this version does not know: whole, and not understood. */
  readonly unknown: number;
  readonly firstMilliseconds: number | null;
  readonly lastMilliseconds: number | null;
}

class Found extends Error {
  readonly fault: LogFault;

  constructor(leaf: number, detail: string, lastLeaf: number = leaf) {
    super(detail);
    this.fault = { leaf, lastLeaf, detail };
  }
}

/**
 * Checks a copy of a log from its first leaf to its last: each leaf against its hash, every tile
 * against what is below it, the root of every kept checkpoint and of the copy's own, and the rules.
 * Needs nothing but the copy. Stops at the first fault.
 */
export function verifyLog(
  copy: LogCopy,
  kept: readonly KeptCheckpoint[],
  rules: readonly LeafRule[],
): LogReport {
  return new Verification(copy, kept, rules).run();
}

class Verification {
  readonly #copy: LogCopy;
  readonly #kept: readonly KeptCheckpoint[];
  readonly #rules: readonly LeafRule[];
  readonly #frontier = Frontier.empty();
  /** The tile of each level that is being filled. */
  readonly #tiles: { readonly index: number; readonly hashes: Buffer }[] = [];
  readonly #kinds: Record<string, number> = {};
  #unknown = 0;
  #firstMilliseconds: number | null = null;
  #lastMilliseconds: number | null = null;
  /** Sizes of the kept checkpoints that the leaves so far give. */
  readonly #agreed: number[] = [0];
  #consistent = 0;

  constructor(copy: LogCopy, kept: readonly KeptCheckpoint[], rules: readonly LeafRule[]) {
    this.#copy = copy;
    this.#kept = kept.toSorted((one, other) => one.checkpoint.size - other.checkpoint.size);
    this.#rules = rules;
  }

  run(): LogReport {
    let fault: LogFault | null = null;
    try {
      this.#check();
    } catch (error) {
      if (!(error instanceof Found)) throw error;
      ({ fault } = error);
    }
    return {
      origin: this.#copy.checkpoint.origin,
      leaves: this.#frontier.size,
      root: Buffer.from(this.#frontier.root()).toString("hex"),
      fault,
      consistent: this.#consistent,
      kinds: this.#kinds,
      unknown: this.#unknown,
      firstMilliseconds: this.#firstMilliseconds,
      lastMilliseconds: this.#lastMilliseconds,
    };
  }

  #check(): void {
    const { size, root } = this.#copy.checkpoint;
    let next = 0;
    const compareKept = (): void => {
      for (; this.#kept[next]?.checkpoint.size === this.#frontier.size; next++)
        this.#compare(this.#kept[next]!);
    };
    compareKept();
    for (const tile of tilesOf(size)) {
      if (tile.level !== "entries") continue;
      for (const entry of this.#entriesOf(tile)) {
        this.#leaf(entry);
        compareKept();
      }
    }
    if (!root.equals(this.#frontier.root()))
      throw new Found(
        this.#agreedBefore(size),
        "the leaves do not give the root that the copy's own checkpoint has",
        size - 1,
      );
    const longer = this.#kept[next];
    if (longer)
      throw new Found(
        size,
        `truncated: ${longer.name} has a checkpoint of ${longer.checkpoint.size} leaves, this log only ${size}`,
        longer.checkpoint.size - 1,
      );
  }

  #compare({ name, checkpoint }: KeptCheckpoint): void {
    const { size } = this.#frontier;
    if (!checkpoint.root.equals(this.#frontier.root()))
      throw new Found(
        this.#agreedBefore(size),
        `forked: the checkpoint of ${size} leaves in ${name}, signed by the same key, has another root`,
        size - 1,
      );
    this.#agreed.push(size);
    this.#consistent++;
  }

  /** Everything below that was vouched for. */
  #agreedBefore(size: number): number {
    return this.#agreed.findLast((agreed) => agreed < size) ?? 0;
  }

  *#entriesOf(tile: Tile): Generator<Buffer> {
    const first = tile.index * TILE_WIDTH;
    const path = tilePath(tile);
    const bundle = this.#copy.read(path);
    if (!bundle) throw new Found(first, `it is missing: there is no ${path}`);
    let count = 0;
    let bytes = 0;
    for (const entry of decodeBundle(bundle)) {
      if (count === tile.width) break;
      yield entry;
      count++;
      bytes += 2 + entry.length;
    }
    if (count < tile.width) throw new Found(first + count, `it is missing: ${path} ends before it`);
    if (bytes < bundle.length)
      throw new Found(first + count - 1, `${path} goes on after it, where it should end`);
  }

  #leaf(entry: Buffer): void {
    const position = this.#frontier.size;
    const hash = leafHash(entry);
    if (!hash.equals(this.#hashAt(0, position)))
      throw new Found(position, "it is not what its hash says");
    const decoded = decodeLeaf(entry);
    if (decoded.fault !== null) throw new Found(position, `it is no leaf: ${decoded.fault}`);
    if (decoded.leaf) this.#apply(decoded.leaf, position);
    else {
      this.#unknown++;
      this.#count(decoded.kind);
    }
    this.#frontier.push(hash, ({ level, index }, root) => {
      if (level % TILE_HEIGHT !== 0) return;
      const tileLevel = level / TILE_HEIGHT;
      if (this.#hashAt(tileLevel, index).equals(root)) return;
      const leaves = 2 ** level;
      const detail = `${this.#pathOf(tileLevel, index)} does not have the root of its leaves`;
      throw new Found(index * leaves, detail, (index + 1) * leaves - 1);
    });
  }

  #apply(leaf: Leaf, position: number): void {
    for (const rule of this.#rules) {
      const fault = rule(leaf, position);
      if (fault !== null) throw new Found(position, fault);
    }
    this.#count(leaf.kind);
    this.#firstMilliseconds ??= leaf.at;
    this.#lastMilliseconds = leaf.at;
  }

  #count(kind: string): void {
    this.#kinds[kind] = (this.#kinds[kind] ?? 0) + 1;
  }

  #pathOf(level: number, position: number): string {
    const index = Math.floor(position / TILE_WIDTH);
    const entries = Math.floor(this.#copy.checkpoint.size / TILE_WIDTH ** level);
    return tilePath({ level, index, width: Math.min(TILE_WIDTH, entries - index * TILE_WIDTH) });
  }

  /** One hash of a tile; the tile is read when it is come to. */
  #hashAt(level: number, position: number): Buffer {
    const index = Math.floor(position / TILE_WIDTH);
    const at = (position % TILE_WIDTH) * HASH_BYTES;
    let tile = this.#tiles[level];
    if (tile?.index !== index) {
      const path = this.#pathOf(level, position);
      const hashes = this.#copy.read(path);
      const first = position * TILE_WIDTH ** level;
      if (!hashes) throw new Found(first, `there is no ${path}`, this.#copy.checkpoint.size - 1);
      tile = { index, hashes };
      this.#tiles[level] = tile;
    }
    return tile.hashes.subarray(at, at + HASH_BYTES);
  }
}
