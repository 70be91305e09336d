import { createCipheriv } from "node:crypto";
import { expect, test } from "vitest";
import { ais31, ais31Campaign, runAis31Task } from "../../../src/assess/ais31/ais31.ts";
import { ais31v3 } from "../../../src/assess/ais31/ais31v3.ts";
import { bitsOf } from "../../../src/assess/samples.ts";

/** AES in counter mode: the same bytes in every run. */
function noise(bytes: number): Uint8Array {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, 3), Buffer.alloc(16));
  return new Uint8Array(cipher.update(Buffer.alloc(bytes)));
}

/** What it printed for these bytes, MSB first, 8 bits a symbol: T6 to T8. */
const REFERENCE_B = [
  0.0024999999999999467, 0.002999999999999947, 0.0064800508035983, 0.15138003937394823,
  2.422087847564626, 3.1047291850308207, 0.046080003115008206, 0.2645008100337307,
  7.9976161449146055,
];
/** Sequence, ones, X of T2, shift and unequal pairs of T5. */
const REFERENCE_A = [
  [0, 9971, 10.11200000000008, 580, 2527],
  [1, 9953, 7.411200000000463, 273, 2470],
  [8, 10063, 17.075200000000223, 1284, 2485],
  [9, 9993, 15.615999999999985, 421, 2516],
  [255, 10013, 23.539200000000164, 3531, 2493],
  [256, 10179, 13.331200000000536, 3233, 2536],
];

test("noise, against the figures of BSI's reference implementation of 2004", () => {
  const result = ais31({ symbols: noise(2_200_000), bitsPerSymbol: 8 });
  const values = result.procedureB!.rounds[0]!.tests.map(({ value }) => value!);
  const theirs: readonly number[] = REFERENCE_B;
  expect(values).toHaveLength(theirs.length);
  for (const [index, value] of values.entries())
    expect(Math.abs(value - theirs[index]!)).toBeLessThan(1e-9);
  const { sequences } = result.procedureA!.rounds[0]!;
  for (const [sequence, ones, poker, shift, unequal] of REFERENCE_A) {
    expect(sequences[sequence!]).toMatchObject({ ones, shift, unequal });
    expect(Math.abs(sequences[sequence!]!.poker - poker!)).toBeLessThan(1e-9);
  }
  expect([result.procedureA!.verdict, result.procedureB!.verdict]).toEqual(["passed", "passed"]);
});

test("bits are the same in whatever width; tasks in whatever order", () => {
  const packed = { symbols: noise(1_100_000), bitsPerSymbol: 8 };
  const samples = { symbols: bitsOf(packed), bitsPerSymbol: 1 };
  const result = ais31(samples);
  expect(result.procedureB!.rounds).toEqual(ais31(packed).procedureB!.rounds);
  const campaign = ais31Campaign(samples);
  const tasks = [];
  for (let task = campaign.next(); task; task = campaign.next()) tasks.push(task);
  for (const task of tasks.toReversed()) campaign.take(task, runAis31Task(samples, task));
  expect(campaign.result()).toEqual(result);
});

test("gross defects fail: a dead source, a bias of 3 %, a sticky bit", () => {
  const dead = { symbols: new Uint8Array(2_200_000), bitsPerSymbol: 8 };
  expect(ais31(dead)).toMatchObject({
    procedureA: { verdict: "failed" },
    procedureB: { verdict: "failed" },
  });
  expect(ais31v3({ symbols: new Uint8Array(510_000), bitsPerSymbol: 8 }).verdict).toBe("failed");
  // A bias fails only T6's first step, and fails it again.
  const biased = noise(18_000_000).map((byte) => (byte < 136 ? 1 : 0));
  const { procedureB } = ais31({ symbols: biased, bitsPerSymbol: 1 }, { procedures: ["B"] });
  expect(procedureB!.rounds.map(({ failures }) => failures)).toEqual([1, 1]);
  expect(procedureB!.verdict).toBe("failed");
  expect(procedureB!.rounds[1]!.firstSymbol).toBe(procedureB!.rounds[0]!.bits);
  let last = 0;
  const sticky = noise(9_000_000).map((byte) => (last ^= byte < 100 ? 1 : 0));
  expect(ais31({ symbols: sticky, bitsPerSymbol: 1 }).procedureB!.verdict).toBe("failed");
});
