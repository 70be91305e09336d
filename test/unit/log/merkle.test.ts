import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Frontier, leafHash, type Subtree } from "../../../src/log/merkle.ts";
import {
  consistencyPlan,
  inclusionPlan,
  isConsistent,
  makeProof,
  rootOfInclusion,
} from "../../../src/log/proof.ts";

/** The reference log of Certificate Transparency: its leaves, and the roots of its first 0 to 8. */
const CT_LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map((hex) => Buffer.from(hex, "hex"));
const CT_ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/* RFC 6962 2.1 word for word, over entries: nothing of it is shared with what is tested. */
const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const split = (n: number): number => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};
function mth(d: readonly Uint8Array[]): Buffer {
  if (d.length === 0) return sha256();
  if (d.length === 1) return sha256(Uint8Array.of(0), d[0]!);
  const k = split(d.length);
  return sha256(Uint8Array.of(1), mth(d.slice(0, k)), mth(d.slice(k)));
}
function path(m: number, d: readonly Uint8Array[]): Buffer[] {
  if (d.length === 1) return [];
  const k = split(d.length);
  return m < k
    ? [...path(m, d.slice(0, k)), mth(d.slice(k))]
    : [...path(m - k, d.slice(k)), mth(d.slice(0, k))];
}
function subproof(m: number, d: readonly Uint8Array[], whole: boolean): Buffer[] {
  if (m === d.length) return whole ? [] : [mth(d)];
  const k = split(d.length);
  return m <= k
    ? [...subproof(m, d.slice(0, k), whole), mth(d.slice(k))]
    : [...subproof(m - k, d.slice(k), false), mth(d.slice(0, k))];
}

const entriesOf = (size: number): Buffer[] =>
  Array.from({ length: size }, (_, n) => Buffer.from(`entry ${n}`));
const subtreeOf =
  (d: readonly Uint8Array[]) =>
  ({ level, index }: Subtree): Buffer =>
    mth(d.slice(index * 2 ** level, (index + 1) * 2 ** level));
function frontierOf(d: readonly Uint8Array[]): Frontier {
  const frontier = Frontier.empty();
  for (const entry of d) frontier.push(leafHash(entry));
  return frontier;
}

test.each(CT_ROOTS.map((root, size) => [size, root] as const))(
  "the root of CT's reference log at %i leaves",
  (size, root) => {
    const hash = frontierOf(CT_LEAVES.slice(0, size)).root();
    expect(Buffer.from(hash).toString("hex")).toBe(root);
  },
);

describe("every tree of 1 to 18 leaves", () => {
  const sizes = Array.from({ length: 18 }, (_, n) => n + 1);

  test("has the root of RFC 6962, whether it grew or was opened", () => {
    for (const size of sizes) {
      const d = entriesOf(size);
      const grown = frontierOf(d);
      expect(grown.root()).toEqual(mth(d));
      const parts: Subtree[] = [];
      for (let at = 0; at < size;) {
        const level = Math.log2(split(size - at + 1));
        parts.push({ level, index: at / 2 ** level });
        at += 2 ** level;
      }
      const opened = Frontier.of(size, parts.map(subtreeOf(d)));
      expect(opened.root()).toEqual(mth(d));
      opened.push(leafHash(Buffer.from("one more")));
      expect(opened.root()).toEqual(mth([...d, Buffer.from("one more")]));
    }
  });

  test("proves each leaf with the path of RFC 6962 and no other", () => {
    for (const size of sizes) {
      const d = entriesOf(size);
      for (let index = 0; index < size; index++) {
        const proof = makeProof(inclusionPlan(index, size), subtreeOf(d));
        expect(proof).toEqual(path(index, d));
        const root = (at: number, of: number, hashes: readonly Uint8Array[]) =>
          rootOfInclusion(at, of, leafHash(d[index]!), hashes);
        expect(root(index, size, proof)).toEqual(mth(d));
        for (let other = 0; other < size; other++)
          if (other !== index) expect(root(other, size, proof)).not.toEqual(mth(d));
        expect(root(index, size, [...proof, mth(d)])).toBeNull();
        if (size > 1) expect(root(index, size, proof.slice(1))).not.toEqual(mth(d));
      }
    }
  });

  test("is proved to begin with each smaller one, with the proof of RFC 6962", () => {
    for (const size of sizes) {
      const d = entriesOf(size);
      for (let first = 1; first <= size; first++) {
        const proof = makeProof(consistencyPlan(first, size), subtreeOf(d));
        expect(proof).toEqual(subproof(first, d, true));
        const older = mth(d.slice(0, first));
        expect(isConsistent(first, size, older, mth(d), proof)).toBe(true);
        expect(isConsistent(first, size, mth(entriesOf(first + 1)), mth(d), proof)).toBe(false);
        expect(isConsistent(first, size, older, mth(entriesOf(size + 1)), proof)).toBe(false);
        expect(isConsistent(first, size, older, mth(d), [...proof, older])).toBe(false);
        if (first === size) continue;
        expect(isConsistent(first, size, older, mth(d), proof.slice(1))).toBe(false);
        expect(isConsistent(first, size, older, mth(d), proof.slice(0, -1))).toBe(false);
        for (const at of proof.keys()) {
          const bent = proof.map((hash, n) => (n === at ? leafHash(hash) : hash));
          expect(isConsistent(first, size, older, mth(d), bent)).toBe(false);
        }
      }
    }
  });
});

test("completed subtrees are told of with their roots, each once", () => {
  const d = entriesOf(37);
  const told: (Subtree & { root: Uint8Array })[] = [];
  const frontier = Frontier.empty();
  for (const entry of d)
    frontier.push(leafHash(entry), (subtree, root) => told.push({ ...subtree, root }));
  const expected = [1, 2, 3, 4, 5].flatMap((level) =>
    Array.from({ length: Math.floor(37 / 2 ** level) }, (_, index) => ({ level, index })),
  );
  expect(told.length).toBe(expected.length);
  for (const { root, ...subtree } of told) {
    expect(expected).toContainEqual(subtree);
    expect(root).toEqual(subtreeOf(d)(subtree));
  }
});

test("hostile numbers are no proof, and end", () => {
  const number = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.constantFrom(2 ** 53, 2 ** 53 - 1, -1, NaN),
  );
  const hashes = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 60 });
  fc.assert(
    fc.property(number, number, hashes, (one, other, proof) => {
      const root = leafHash(Buffer.of(1));
      expect(isConsistent(one, other, root, leafHash(root), proof)).toBe(false);
      const found = rootOfInclusion(one, other, root, proof);
      if (other !== 1) expect(found).not.toEqual(root);
    }),
  );
});
