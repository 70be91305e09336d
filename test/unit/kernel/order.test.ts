import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createOrderKernel } from "../../../src/kernel/order/createOrderKernel.ts";
import { orderForm } from "../../../src/kernel/order/orderForm.ts";
import type { OrderKernel } from "../../../src/kernel/order/orderKernel.ts";
import { MOST_COVARIANCE } from "../../../src/kernel/order/orderModule.ts";
import { PlainOrder } from "../../../src/kernel/order/plainOrder.ts";
import { WasmOrder } from "../../../src/kernel/order/wasmOrder.ts";

const VALUES = { low: 0, step: 1, most: 255 };

function given(kernel: OrderKernel, symbols: Iterable<number>): Uint8Array {
  const all = Uint8Array.from(symbols);
  const row = kernel.allocate(all.length);
  row.set(all);
  return row;
}

describe.each<[string, () => OrderKernel]>([
  ["plain", () => new PlainOrder()],
  ["WebAssembly", () => new WasmOrder(256)],
])("statistics by hand (SP 800-90B 5.1): %s", (_name, create) => {
  const kernel = create();
  const row = (...symbols: readonly number[]): Uint8Array => given(kernel, symbols);

  test("excursion", () => {
    expect(kernel.excursion(row(2, 15, 4, 10, 9), VALUES, 8)).toBe(6);
    // Of 3 and 200: the sum is furthest from its mean after the two.
    const binary = { low: 3, step: 197, most: 1 };
    expect(kernel.excursion(row(1, 1, 0, 0), binary, 101.5)).toBe(197);
  });

  test("directional runs", () => {
    // + + + + + + - - + +
    const symbols = row(2, 2, 2, 5, 7, 7, 9, 3, 1, 4, 4);
    expect(kernel.directionalRuns(symbols)).toEqual({
      runs: 3,
      longest: 6,
      increasesOrDecreases: 8,
    });
    expect(kernel.directionalRuns(row(9, 8, 9, 8))).toEqual({
      runs: 3,
      longest: 1,
      increasesOrDecreases: 2,
    });
  });

  test("runs about the median", () => {
    // Median 9 of 5, 15, 12, 1, 13, 9, 4: - + + - + + -
    expect(kernel.medianRuns(row(5, 15, 12, 1, 13, 9, 4), 9)).toEqual({ runs: 5, longest: 2 });
  });

  test("collisions", () => {
    // 2 1 1 | 2 0 1 0 | 1 1 | 2: 3, 4 and 2 symbols; what is left collides with nothing.
    const symbols = row(2, 1, 1, 2, 0, 1, 0, 1, 1, 2);
    expect(kernel.collisions(symbols)).toEqual({ average: 3, greatest: 4 });
    expect(kernel.collisions(row(1, 2, 3))).toEqual({ average: 0, greatest: 0 });
  });

  test("periodicity and covariance", () => {
    expect(kernel.periodicity(row(2, 1, 2, 1, 0, 1, 0, 1, 1, 2), 2)).toBe(5);
    const sum = 5 * 6 + 2 * 10 + 6 * 12 + 10 * 3 + 12;
    expect(kernel.covariance(row(5, 2, 6, 10, 12, 3, 1), 2)).toBe(sum);
  });

  test("ones and numbers of eights, the last eight cut short", () => {
    const bits = row(1, 1, 1, 1, 0, 0, 0, 1, 0, 1);
    const into = row(9, 9);
    kernel.onesOfEights(bits, into);
    expect([...into]).toEqual([5, 1]);
    kernel.numbersOfEights(bits, into);
    expect([...into]).toEqual([0xf1, 0x40]);
  });

  test("steps of a shuffle: a word that is too small is drawn again, and 1 is left", () => {
    const octets = new Uint8Array(new Uint32Array([0, 2 ** 32 - 1, 2 ** 31 - 1, 7]).buffer);
    const words = given(kernel, octets);
    const symbols = row(1, 2, 3);
    expect(kernel.exchange(symbols, 3, words.subarray(0, 8))).toBe(2);
    expect(kernel.exchange(symbols, 2, words.subarray(8))).toBe(1);
    expect([...symbols]).toEqual([2, 1, 3]);
  });
});

const MOST = 700;

/** All that a kernel says of symbols, of which those below 2 are bits too. */
function allOf(kernel: OrderKernel, symbols: Uint8Array, room: Uint8Array, threshold: number) {
  const eights = room.subarray(0, Math.ceil(symbols.length / 8));
  const mean = symbols.reduce((sum, symbol) => sum + symbol, 0) / symbols.length;
  const found = {
    excursion: kernel.excursion(symbols, VALUES, mean),
    scaled: kernel.excursion(symbols, { low: 7, step: 3, most: 255 }, 7 + 3 * mean),
    drifting: kernel.excursion(symbols, VALUES, mean + 0.3),
    directional: symbols.length > 1 ? kernel.directionalRuns(symbols) : null,
    median: kernel.medianRuns(symbols, threshold),
    collisions: kernel.collisions(symbols),
    lags: [1, 2, 8, 16, 32].map((lag) => [
      kernel.periodicity(symbols, lag),
      kernel.covariance(symbols, lag),
    ]),
  };
  const bits = symbols.every((symbol) => symbol < 2);
  if (bits) kernel.onesOfEights(symbols, eights);
  const ones = bits ? [...eights] : [];
  if (bits) kernel.numbersOfEights(symbols, eights);
  return { ...found, ones, numbers: bits ? [...eights] : [] };
}

describe("the twins", () => {
  test("say the same of noise, long runs and short rows, wherever those begin", () => {
    const wasm = new WasmOrder(3 * MOST);
    const plain = new PlainOrder();
    // What is behind a row is left from the one before.
    const memory = wasm.allocate(MOST);
    const room = wasm.allocate(MOST);
    const words = wasm.allocate(MOST);
    const symbolsOf = (alphabet: number) =>
      fc.array(
        fc.tuple(
          fc.nat({ max: alphabet - 1 }),
          fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.nat({ max: 150 })),
        ),
        { minLength: 1, maxLength: 300 },
      );
    const rows = fc
      .oneof(...[2, 3, 16, 256].map(symbolsOf))
      .map((runs) => runs.flatMap(([symbol, length]) => Array.from({ length }, () => symbol)));
    fc.assert(
      fc.property(
        rows,
        fc.nat({ max: 20 }),
        fc.nat({ max: 255 }),
        fc.uint8Array({ minLength: 4, maxLength: MOST }),
        (values, from, threshold, random) => {
          const symbols = values.slice(0, MOST - from);
          fc.pre(symbols.length > 0);
          const row = memory.subarray(from, from + symbols.length);
          row.set(symbols);
          const twin = Uint8Array.from(symbols);
          expect(allOf(wasm, row, room, threshold)).toEqual(
            allOf(plain, twin, new Uint8Array(MOST), threshold),
          );
          const drawn = words.subarray(0, random.length - (random.length % 4));
          drawn.set(random.subarray(0, drawn.length));
          const left = wasm.exchange(row, row.length, drawn);
          expect(left).toBe(plain.exchange(twin, twin.length, drawn));
          expect([...row]).toEqual([...twin]);
        },
      ),
      { numRuns: 400 },
    );
  });

  test("say the same of sums that go far and come back, and further within few symbols", () => {
    const most = 6000;
    const wasm = new WasmOrder(most);
    const plain = new PlainOrder();
    const memory = wasm.allocate(most);
    const run = fc.tuple(
      fc.constantFrom(0, 120, 135, 255),
      fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 400 })),
    );
    fc.assert(
      fc.property(
        fc.array(run, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 120, max: 135 }),
        (runs, mean) => {
          const symbols = runs.flatMap(([symbol, length]) => Array.from({ length }, () => symbol));
          const row = memory.subarray(0, Math.min(most, symbols.length));
          row.set(symbols.slice(0, most));
          for (const scale of [VALUES, { low: 2, step: 5, most: 255 }]) {
            const expected = scale.low + scale.step * mean;
            expect(wasm.excursion(row, scale, expected)).toBe(
              plain.excursion(row, scale, expected),
            );
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test("say the same of more symbols than products are summed of at a time, as large as they get", () => {
    const length = 2 * MOST_COVARIANCE + 5;
    const wasm = new WasmOrder(length);
    const row = wasm.allocate(length).fill(255);
    expect(wasm.covariance(row, 1)).toBe(255 * 255 * (length - 1));
    expect(wasm.medianRuns(row, 7)).toEqual({ runs: 1, longest: length });
    expect(wasm.periodicity(row, 32)).toBe(length - 32);
  });

  test("symbols that are elsewhere are refused, and so is more than there is room for", () => {
    const wasm = new WasmOrder(100);
    expect(() => wasm.periodicity(new Uint8Array(100), 1)).toThrow("not in the kernel's memory");
    expect(() => wasm.exchange(wasm.allocate(8), 8, new Uint8Array(8))).toThrow(
      "not in the kernel's memory",
    );
    expect(() => wasm.allocate(2 ** 20)).toThrow(RangeError);
  });

  test("the one that is used runs on this machine", () => {
    const kernel = createOrderKernel(100);
    expect(kernel.periodicity(given(kernel, [1, 1, 1]), 1)).toBe(2);
  });
});

describe("SPRINGHOUSE_ORDER_KERNEL", () => {
  afterEach(() => void vi.unstubAllEnvs());

  test.each([
    ["", WasmOrder],
    ["sixteen-lanes", WasmOrder],
    ["plain", PlainOrder],
  ])("picks the form: %j", (text, form) => {
    vi.stubEnv("SPRINGHOUSE_ORDER_KERNEL", text);
    expect(createOrderKernel(100)).toBeInstanceOf(form);
  });

  test("which names no form is refused, and no other taken for it", () => {
    vi.stubEnv("SPRINGHOUSE_ORDER_KERNEL", "fastest");
    expect(orderForm).toThrow("SPRINGHOUSE_ORDER_KERNEL is sixteen-lanes or plain, not fastest");
    expect(() => createOrderKernel(100)).toThrow("not fastest");
  });
});
