import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conditioningKey, hmacComponent } from "../../../src/conditioning/hmac.ts";
import { packedBytes, packSymbols } from "../../../src/conditioning/packing.ts";
import { selfTest } from "../../../src/conditioning/selfTest.ts";

describe("packing", () => {
  test("goes most significant bit first and fills the last byte with zeros", () => {
    expect([...packSymbols(Uint8Array.of(1, 0, 1, 1, 0, 0, 0, 1, 1), 1)]).toEqual([0xb1, 0x80]);
    expect([...packSymbols(Uint8Array.of(5, 2, 7), 3)]).toEqual([0b10101011, 0b10000000]);
    expect([...packSymbols(Uint8Array.of(0xab, 0xcd), 8)]).toEqual([0xab, 0xcd]);
    expect(packSymbols(new Uint8Array(0), 4)).toHaveLength(0);
  });

  test("keeps every bit of every symbol, at any width", () => {
    const symbols = fc
      .integer({ min: 1, max: 8 })
      .chain((bits) => fc.tuple(fc.constant(bits), fc.array(fc.nat({ max: 2 ** bits - 1 }))));
    fc.assert(
      fc.property(symbols, ([bits, values]) => {
        const packed = packSymbols(Uint8Array.from(values), bits);
        const text = [...packed].map((byte) => byte.toString(2).padStart(8, "0")).join("");
        const wanted = values.map((value) => value.toString(2).padStart(bits, "0")).join("");
        expect(packed).toHaveLength(packedBytes(values.length, bits));
        expect(text).toBe(wanted.padEnd(packed.length * 8, "0"));
      }),
    );
  });

  test("refuses a symbol that would spill into its neighbour, and an impossible width", () => {
    expect(() => packSymbols(Uint8Array.of(4), 2)).toThrow(RangeError);
    expect(() => packSymbols(Uint8Array.of(0), 0)).toThrow(RangeError);
    expect(() => packSymbols(Uint8Array.of(0), 9)).toThrow(RangeError);
  });
});

describe("HMAC components", () => {
  test.each([
    ["HMAC-SHA-256", "sha256", 256],
    ["HMAC-SHA-512", "sha512", 512],
  ] as const)("%s is HMAC under its public key, with table 1's widths", (name, hash, bits) => {
    const component = hmacComponent(name);
    const input = Uint8Array.of(1, 2, 3);
    const wanted = createHmac(hash, conditioningKey(name)).update(input).digest("hex");
    expect(Buffer.from(component.condition(input)).toString("hex")).toBe(wanted);
    expect([...input]).toEqual([1, 2, 3]);
    expect(component).toMatchObject({
      name,
      outputBits: bits,
      narrowestWidthBits: bits,
      requiredInputEntropyBits: bits + 64,
    });
  });

  test("hand out memory of their own", () => {
    const component = hmacComponent("HMAC-SHA-256");
    const first = component.condition(Uint8Array.of(1));
    const copy = first.slice();
    component.condition(Uint8Array.of(2)).fill(0);
    expect(first).toEqual(copy);
    expect(first.buffer.byteLength).toBe(32);
  });
});

describe("self-test", () => {
  test("passes for both components", () => {
    expect(selfTest(5)).toEqual([
      { name: "conditioning HMAC-SHA-256", passed: true, atMilliseconds: 5 },
      { name: "conditioning HMAC-SHA-512", passed: true, atMilliseconds: 5 },
    ]);
  });

  const faults = {
    "one bit of the output is wrong": (output: Uint8Array) => output.map((b, i) => b ^ +(i === 31)),
    "the output is cut short": (output: Uint8Array) => output.subarray(1),
  };
  test.each(Object.entries(faults))("fails when %s", (_name, spoil) => {
    const found = selfTest(0, (name) => {
      const component = hmacComponent(name);
      return { ...component, condition: (input) => spoil(component.condition(input)) };
    });
    expect(found.map(({ passed }) => passed)).toEqual([false, false]);
  });

  test("fails when the answer does not depend on the last byte of the input, or it throws", () => {
    const frozen = selfTest(0, (name) => {
      const component = hmacComponent(name);
      let first: Uint8Array | undefined;
      return { ...component, condition: (input) => (first ??= component.condition(input)).slice() };
    });
    expect(frozen.some(({ passed }) => passed)).toBe(false);
    const broken = selfTest(0, () => {
      throw new Error("no such hash");
    });
    expect(broken.some(({ passed }) => passed)).toBe(false);
  });
});
