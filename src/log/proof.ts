import { floorLog2, fold, nodeHash, subtreesOf, type Subtree } from "./merkle.ts";

/*
 * Proofs of RFC 6962 2.1.1 and 2.1.2. Each hash of a proof is one over a run of perfect subtrees; what
 * is named here is those, so that whoever has them can read them all at once.
 */

/** A proof not yet read: for each of its hashes the subtrees that `fold` makes it of. */
export type ProofPlan = readonly (readonly Subtree[])[];

/** The largest power of two smaller than `size`; `size` is at least 2. */
const splitOf = (size: number): number => 2 ** floorLog2(size - 1);

/** PATH(index, D[size]). `0 <= index < size`. */
export function inclusionPlan(index: number, size: number): ProofPlan {
  if (!(index >= 0 && index < size)) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const plan: Subtree[][] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      plan.push(subtreesOf(middle, to));
      to = middle;
    } else {
      plan.push(subtreesOf(from, middle));
      from = middle;
    }
  }
  return plan.toReversed();
}

/** PROOF(first, D[second]). `0 < first <= second`. */
export function consistencyPlan(first: number, second: number): ProofPlan {
  if (!(first > 0 && first <= second))
    throw new RangeError(`no proof between trees of ${first} and ${second}`);
  const plan: Subtree[][] = [];
  let [from, to] = [0, second];
  while (first !== to) {
    const middle = from + splitOf(to - from);
    if (first <= middle) {
      plan.push(subtreesOf(middle, to));
      to = middle;
    } else {
      plan.push(subtreesOf(from, middle));
      from = middle;
    }
  }
  // The old tree itself is known to whoever asks, unless it is only a part of what is left here.
  if (from > 0) plan.push(subtreesOf(from, to));
  return plan.toReversed();
}

/** @param read the root of a perfect subtree */
export function makeProof(plan: ProofPlan, read: (subtree: Subtree) => Uint8Array): Uint8Array[] {
  return plan.map((subtrees) => fold(subtrees.map(read)));
}

const half = (number: number): number => Math.floor(number / 2);
const isOdd = (number: number): boolean => number % 2 === 1;

/**
 * The root that a leaf and its audit path give (RFC 9162 2.1.3.2).
 * @returns null when the path is not of this index and size
 */
export function rootOfInclusion(
  index: number,
  size: number,
  leaf: Uint8Array,
  path: readonly Uint8Array[],
): Uint8Array | null {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size)
    return null;
  let [node, last] = [index, size - 1];
  let root = leaf;
  for (const sibling of path) {
    if (last === 0) return null;
    if (isOdd(node) || node === last) {
      root = nodeHash(sibling, root);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else root = nodeHash(root, sibling);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? root : null;
}

/** Whether a tree of `first` leaves is the beginning of one of `second` (RFC 9162 2.1.4.2). */
export function isConsistent(
  first: number,
  second: number,
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second)) return false;
  if (first < 1 || first > second) return false;
  if (first === second) return proof.length === 0 && equal(firstRoot, secondRoot);
  const path = 2 ** floorLog2(first) === first ? [firstRoot, ...proof] : [...proof];
  const begin = path.shift();
  if (begin === undefined || proof.length === 0) return false;
  let [node, last] = [first - 1, second - 1];
  while (isOdd(node)) [node, last] = [half(node), half(last)];
  let [older, newer] = [begin, begin];
  for (const hash of path) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      older = nodeHash(hash, older);
      newer = nodeHash(hash, newer);
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else newer = nodeHash(newer, hash);
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && equal(older, firstRoot) && equal(newer, secondRoot);
}

/** Roots are public, so how long this takes tells nothing. */
function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
