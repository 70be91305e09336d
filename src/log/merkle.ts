import { hash } from "node:crypto";

/** Bytes of a SHA-256 value. */
export const HASH_BYTES = 32;

/** A perfect subtree: the leaves `index * 2^level` to `(index + 1) * 2^level - 1`. */
export interface Subtree {
  readonly level: number;
  readonly index: number;
}

const LEAF_PREFIX = Uint8Array.of(0);
const node = Buffer.alloc(1 + 2 * HASH_BYTES, 1);

/** RFC 6962 2.1: MTH({d}) = SHA-256(0x00 || d). */
export function leafHash(entry: Uint8Array): Buffer {
  return hash("sha256", Buffer.concat([LEAF_PREFIX, entry]), "buffer");
}

/** RFC 6962 2.1: SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return hash("sha256", node, "buffer");
}

/** MTH of the empty list. */
export function emptyRoot(): Buffer {
  return hash("sha256", Buffer.alloc(0), "buffer");
}

/** Exact up to 2^53, where Math.log2 alone rounds up. */
export function floorLog2(number: number): number {
  const level = Math.floor(Math.log2(number));
  return 2 ** level > number ? level - 1 : level;
}

/**
 * One hash over a run of perfect subtrees that get smaller from left to right, as they stand at the
 * right edge of a tree.
 * @throws RangeError for none
 */
export function fold(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The perfect subtrees of `from` to `to - 1`, largest first; `from` is a multiple of the largest. */
export function subtreesOf(from: number, to: number): Subtree[] {
  const subtrees: Subtree[] = [];
  for (let at = from; at < to;) {
    const level = floorLog2(to - at);
    subtrees.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return subtrees;
}

/**
 * The right edge of a growing tree: the root of each perfect subtree that its size is made of. All that
 * appending and a root need, whatever the size.
 */
export class Frontier {
  #size: number;
  /** By level; undefined where the size has no such bit. */
  readonly #roots: (Uint8Array | undefined)[];

  private constructor(size: number, roots: (Uint8Array | undefined)[]) {
    this.#size = size;
    this.#roots = roots;
  }

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /** @param roots of `subtreesOf(0, size)`, in that order */
  static of(size: number, roots: readonly Uint8Array[]): Frontier {
    const byLevel: (Uint8Array | undefined)[] = [];
    for (const [position, { level }] of subtreesOf(0, size).entries())
      byLevel[level] = roots[position];
    return new Frontier(size, byLevel);
  }

  get size(): number {
    return this.#size;
  }

  clone(): Frontier {
    return new Frontier(this.#size, [...this.#roots]);
  }

  /** @param completed told of each subtree that this leaf completes, the leaf itself left out */
  push(leaf: Uint8Array, completed: (subtree: Subtree, root: Uint8Array) => void = () => {}): void {
    let root = leaf;
    let level = 0;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      root = nodeHash(this.#roots[level]!, root);
      this.#roots[level++] = undefined;
      completed({ level, index: (rest - 1) / 2 }, root);
    }
    this.#roots[level] = root;
    this.#size++;
  }

  root(): Uint8Array {
    const roots = this.#roots.filter((root) => root !== undefined).toReversed();
    return roots.length === 0 ? emptyRoot() : fold(roots);
  }
}
