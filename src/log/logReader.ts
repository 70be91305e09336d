import { SpringhouseError } from "../port/errors.ts";
import type { Query, Row, Store } from "../store/store.ts";
import { Frontier, HASH_BYTES, subtreesOf, type Subtree } from "./merkle.ts";
import { makeProof, type ProofPlan } from "./proof.ts";
import { rangeOf, type HashRange } from "./tile.ts";

/** A row that is not as this room wrote it is reported, and never believed. */
export function damagedLog(what: string): SpringhouseError {
  return new SpringhouseError(
    "store_failed",
    `The log in the database is damaged: ${what}.`,
    "Restore the state directory from a backup; `springhouse log verify` on an export says more.",
  );
}

function queryOf({ level, from, count }: HashRange): Query {
  const to = from + count;
  return level === 0
    ? { statement: "logLeaf.hashes", parameters: [from, to] }
    : { statement: "logSubtree.hashes", parameters: [level, from, to] };
}

/** Rows of consecutive hashes, all that were asked for. */
export function hashesOf(rows: readonly Row[], { level, from, count }: HashRange): Uint8Array[] {
  if (rows.length !== count) throw damagedLog(`${count - rows.length} hashes are missing`);
  return rows.map(({ position, hash }, at) => {
    if (position !== from + at || !(hash instanceof Uint8Array) || hash.length !== HASH_BYTES)
      throw damagedLog(`hash ${from + at} of level ${level}`);
    return hash;
  });
}

/** Reads the tree from a Store. Rejects with `store_failed` when it cannot be read or is not whole. */
export class LogReader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  async hashes(range: HashRange): Promise<Uint8Array[]> {
    const { statement, parameters } = queryOf(range);
    return hashesOf(await this.#store.read(statement, parameters), range);
  }

  /** The roots of some subtrees, read together. */
  async subtrees(wanted: readonly Subtree[]): Promise<Uint8Array[]> {
    const ranges = wanted.map(rangeOf);
    const answers = await this.#store.readTogether(ranges.map(queryOf));
    return ranges.map((range, at) => rootOf(hashesOf(answers[at] ?? [], range)));
  }

  async frontier(size: number): Promise<Frontier> {
    return Frontier.of(size, await this.subtrees(subtreesOf(0, size)));
  }

  async proof(plan: ProofPlan): Promise<Uint8Array[]> {
    const wanted = plan.flat();
    const roots = await this.subtrees(wanted);
    const of = new Map(wanted.map((subtree, at) => [subtree, roots[at]!]));
    return makeProof(plan, (subtree) => of.get(subtree)!);
  }
}

/** Of a perfect subtree's entries at one tile level: a power of two of them. */
function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  const frontier = Frontier.empty();
  for (const hash of hashes) frontier.push(hash);
  return hashes.length === 1 ? hashes[0]! : frontier.root();
}
