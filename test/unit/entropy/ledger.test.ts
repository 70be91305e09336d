import { describe, expect, test } from "vitest";
import { hmacComponent } from "../../../src/conditioning/hmac.ts";
import {
  blockArithmetic,
  claimedEntropy,
  isCredited,
  samplesForEntropy,
} from "../../../src/entropy/claim.ts";
import { Ledger, LedgerError } from "../../../src/entropy/ledger.ts";
import type { EntropyBlock } from "../../../src/port/lineage.ts";
import { DEVICE } from "./support.ts";

const component = hmacComponent("HMAC-SHA-512");
const SAMPLES = 1152; // 576 bits at H = 0.5 a binary sample

function block(id: string, more: Partial<EntropyBlock> = {}): EntropyBlock {
  return {
    id,
    source: "s",
    windows: [],
    component: component.name,
    ...blockArithmetic(SAMPLES, 1, 0.5, component),
    credited: true,
    toMilliseconds: 0,
    ...more,
  };
}

function ledger(): Ledger {
  const books = new Ledger();
  books.open({ source: "s", claimedEntropy: 0.5, bitsPerSample: 1, component });
  books.test("s", SAMPLES);
  return books;
}

describe("the ledger", () => {
  test("follows samples and bits to where they go", () => {
    const books = ledger();
    books.test("s", 30);
    books.divert("s", 10);
    books.discard("s", 20);
    books.condition(block("b-1"), SAMPLES);
    books.spend(block("b-1"));
    expect(books.account("s")).toMatchObject({
      testedSamples: SAMPLES + 30,
      divertedSamples: 10,
      discardedSamples: 20,
      conditionedSamples: SAMPLES,
      heldSamples: 0,
      creditedMadeBits: 512,
      creditedSpentBits: 512,
      blocksSpent: 1,
    });
  });

  test("credits nothing for an uncredited block", () => {
    const books = ledger();
    books.condition(block("b-1", { credited: false }), SAMPLES);
    books.discardBlock(block("b-1", { credited: false }));
    expect(books.account("s")).toMatchObject({
      creditedMadeBits: 0,
      creditedDiscardedBits: 0,
      discardedBlockSamples: SAMPLES,
    });
  });

  test.each([
    ["h_in above samples x H", block("b", { inputEntropy: 577 })],
    ["n_in that is not samples x bits", block("b", { inputBits: 1153 })],
    ["h_out above n_out", block("b", { outputEntropy: 512.001 })],
    ["h_out above h_in", block("b", { inputEntropy: 300, outputEntropy: 301 })],
    ["h_out above Output_Entropy", block("b", { inputEntropy: 512, outputEntropy: 511.5 })],
  ])("refuses %s", (_name, faulty) => {
    expect(() => ledger().condition(faulty, SAMPLES)).toThrow(LedgerError);
  });

  test("refuses to use samples or blocks twice", () => {
    const books = ledger();
    books.condition(block("b-1"), SAMPLES);
    expect(() => books.condition(block("b-2"), SAMPLES)).toThrow(LedgerError);
    expect(() => books.divert("s", 1)).toThrow(LedgerError);
    books.spend(block("b-1"));
    expect(() => books.spend(block("b-1"))).toThrow(LedgerError);
    expect(() => books.discardBlock(block("b-1"))).toThrow(LedgerError);
    expect(() => books.spend(block("b-9"))).toThrow(LedgerError);
  });

  test("refuses a block that became credited on the way", () => {
    const books = ledger();
    books.condition(block("b-1", { credited: false }), SAMPLES);
    expect(() => books.spend(block("b-1"))).toThrow(LedgerError);
  });
});

describe("a claim", () => {
  const claim = { testedEntropy: 0.5, assessed: { entropy: 0.5, evidence: "x" }, compliant: null };
  const serial = { kind: "serial-generic", physical: true } as const;

  test.each([
    [576, 0.5, 1152],
    [576, 4, 144],
    [576, 0.1, 5760],
    [320, 8, 40],
  ])("%i bits at H = %d take %i samples, and one fewer does not do", (bits, entropy, samples) => {
    expect(samplesForEntropy(bits, entropy)).toBe(samples);
    expect((samples - 1) * entropy).toBeLessThan(bits);
  });

  test("full entropy begins at n_out + 64", () => {
    expect(blockArithmetic(1152, 1, 0.5, component).fullEntropy).toBe(true);
    expect(blockArithmetic(1151, 1, 0.5, component).fullEntropy).toBe(false);
  });

  test("never accumulates at more than the health tests assume", () => {
    expect(claimedEntropy({ ...claim, assessed: { entropy: 0.9, evidence: "x" } })).toBe(0.5);
    expect(claimedEntropy({ ...claim, assessed: { entropy: 0.2, evidence: "x" } })).toBe(0.2);
  });

  test("is credited only with an assessment, a confirmed raw mode, and never for the OS RNG", () => {
    expect(isCredited(serial, claim, DEVICE, true)).toBe(true);
    expect(isCredited(serial, { ...claim, assessed: null }, DEVICE, false)).toBe(false);
    expect(isCredited(serial, claim, { ...DEVICE, rawConfirmed: false }, false)).toBe(false);
    expect(isCredited(serial, claim, null, false)).toBe(false);
    expect(isCredited({ kind: "os", physical: false }, claim, DEVICE, false)).toBe(false);
    expect(isCredited({ kind: "program", physical: false }, claim, DEVICE, true)).toBe(false);
    expect(isCredited({ kind: "program", physical: false }, claim, DEVICE, false)).toBe(true);
  });
});
