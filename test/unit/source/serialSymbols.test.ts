import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Settle } from "../../../src/source/settle.ts";
import { checkFraming, createSymbolMapper, type Framing } from "../../../src/source/symbols.ts";

function map(framing: Framing, chunks: readonly Uint8Array[]) {
  const symbols: number[] = [];
  const gaps: number[] = [];
  const mapper = createSymbolMapper(framing, 4096);
  for (const chunk of chunks) {
    mapper.push(chunk, {
      samples: (array) => symbols.push(...array),
      gap: () => gaps.push(symbols.length),
    });
  }
  return { symbols, gaps };
}

/** Cuts at every one of `cuts`, so that a frame may lie in two chunks. */
function cut(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe("bytes to symbols", () => {
  const bytes = Uint8Array.of(0b1011_0001, 0x0f);

  test.each([
    ["byte", 8, [0xb1, 0x0f]],
    ["bits-msb-first", 1, [1, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 1, 1]],
    ["bits-lsb-first", 1, [1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0]],
    ["bits-msb-first", 2, [2, 3, 0, 1, 0, 0, 3, 3]],
    ["bits-lsb-first", 2, [1, 0, 3, 2, 3, 3, 0, 0]],
    ["bits-msb-first", 4, [0xb, 0x1, 0x0, 0xf]],
    ["bits-lsb-first", 4, [0x1, 0xb, 0xf, 0x0]],
    ["low-bits", 3, [0b001, 0b111]],
    ["low-bits", 8, [0xb1, 0x0f]],
  ] as const)("%s with %i bits", (mapping, bitsPerSample, expected) => {
    expect(map({ mapping, bitsPerSample }, [bytes]).symbols).toEqual(expected);
  });

  test.each([
    [{ mapping: "byte", bitsPerSample: 7 }, "bitsPerSample"],
    [{ mapping: "bits-msb-first", bitsPerSample: 3 }, "bitsPerSample"],
    [{ mapping: "bits-lsb-first", bitsPerSample: 8 }, "bitsPerSample"],
    [{ mapping: "low-bits", bitsPerSample: 0 }, "bitsPerSample"],
    [{ mapping: "low-bits", bitsPerSample: 9 }, "bitsPerSample"],
    [{ mapping: "low-bits", bitsPerSample: 1.5 }, "bitsPerSample"],
    [{ mapping: "byte", bitsPerSample: 8, bytesPerSample: 2 }, "bytesPerSample"],
    [{ mapping: "low-bits", bitsPerSample: 8, bytesPerSample: 2 }, "zeroBits"],
    [{ mapping: "low-bits", bitsPerSample: 8, bytesPerSample: 2, zeroBits: 9 }, "zeroBits"],
  ] as [Framing, string][])("%o is refused", (framing, member) => {
    expect(() => checkFraming(framing)).toThrow(member);
    expect(() => createSymbolMapper(framing, 16)).toThrow(RangeError);
  });
});

describe("16-bit words", () => {
  const words = (values: readonly number[]) =>
    new Uint8Array(Uint16Array.from(values, (value) => value & 0x0fff).buffer);
  const framing: Framing = {
    mapping: "low-bits",
    bitsPerSample: 8,
    bytesPerSample: 2,
    zeroBits: 4,
  };
  /** 32 / 4: the words that only show where words begin. */
  const ALIGNMENT_WORDS = 8;
  // Their low bytes have the upper bits set, so that a false alignment shows at once.
  const values = Array.from({ length: 200 }, (_, index) => 0xa80 | ((index * 37) % 128));

  test("the low bits of every word, after the alignment is certain, in whatever chunks", () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.boolean(), (cuts, big) => {
        const bytes = words(values);
        if (big) Buffer.from(bytes.buffer).swap16();
        const order = big ? "big" : "little";
        const { symbols, gaps } = map({ ...framing, byteOrder: order }, cut(bytes, cuts));
        expect(symbols).toEqual(values.slice(ALIGNMENT_WORDS).map((value) => value & 0xff));
        expect(gaps).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test("an open in the middle of a word is no gap and costs no more than the alignment", () => {
    const { symbols, gaps } = map(framing, [words(values).subarray(1)]);
    expect(gaps).toEqual([]);
    expect(symbols).toEqual(values.slice(1 + ALIGNMENT_WORDS).map((value) => value & 0xff));
  });

  test("a lost byte is a gap, and what follows it is aligned again", () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 200 }), fc.array(fc.nat()), (lost, cuts) => {
        const whole = words(values);
        const torn = Uint8Array.from([...whole.subarray(0, lost), ...whole.subarray(lost + 1)]);
        const { symbols, gaps } = map(framing, cut(torn, cuts));
        expect(gaps).toHaveLength(1);
        const after = symbols.slice(gaps[0]);
        expect(after).toEqual(values.slice(-after.length).map((value) => value & 0xff));
        expect(symbols.slice(0, gaps[0]! - 1)).toEqual(
          values
            .slice(ALIGNMENT_WORDS)
            .map((v) => v & 0xff)
            .slice(0, gaps[0]! - 1),
        );
        expect(symbols.length).toBeGreaterThan(values.length - 3 * ALIGNMENT_WORDS);
      }),
      { numRuns: 100 },
    );
  });

  test("never more symbols than words, whatever comes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4000 }), fc.array(fc.nat()), (bytes, cuts) => {
        const { symbols } = map(framing, cut(bytes, cuts));
        expect(symbols.length).toBeLessThanOrEqual(bytes.length / 2);
      }),
    );
  });
});

describe("settling", () => {
  test("exactly so many bytes are thrown away, in whatever chunks, after every start", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.array(fc.nat()), (settleBytes, cuts) => {
        const bytes = Uint8Array.from({ length: 64 }, (_, index) => index);
        const settle = new Settle(settleBytes);
        for (let round = 0; round < 2; round++) {
          settle.restart();
          const left = cut(bytes, cuts).flatMap((chunk) => [...settle.take(chunk)]);
          expect(left).toEqual([...bytes.subarray(settleBytes)]);
        }
      }),
    );
  });

  test.each([-1, 1.5, Number.NaN, Infinity])("%d bytes are refused", (bytes) => {
    expect(() => new Settle(bytes)).toThrow(RangeError);
  });
});
