import BZip2 from "bzip2-wasm";
import { expect, test } from "vitest";
import { Bzip2Length } from "../../../src/assess/iid/bzip2/bzip2Length.ts";

/* libbz2 1.0.8 itself, in WebAssembly, says how long its output is. */

const bzip2 = new BZip2();
await bzip2.init();

const IDENTITY = Uint8Array.from({ length: 256 }, (_none, value) => value);

function reference(values: Uint8Array): number {
  const text = Buffer.from(values.join(" "));
  const room = Math.ceil(text.length * 1.01) + 600;
  const { wasmModule } = bzip2;
  const source = wasmModule._malloc(text.length);
  const target = wasmModule._malloc(room);
  const length = wasmModule._malloc(4);
  wasmModule.HEAPU8.set(text, source);
  wasmModule.setValue(length, room, "i32");
  const code = wasmModule._BZ2_bzBuffToBuffCompress(target, length, source, text.length, 5, 0, 0);
  const compressed = wasmModule.getValue(length, "i32");
  for (const pointer of [source, target, length]) wasmModule._free(pointer);
  expect(code).toBe(0);
  return compressed;
}

const ours = new Bzip2Length();

function hold(values: Uint8Array, what: string): void {
  expect(ours.of(values, IDENTITY), what).toBe(reference(values));
}

let state = 1;
const draw = (below: number): number => {
  state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const made = (length: number, value: (at: number) => number): Uint8Array =>
  Uint8Array.from({ length }, (_none, at) => value(at));

test("texts of a few characters", () => {
  for (let value = 0; value < 256; value++)
    hold(
      made(1, () => value),
      `${value}`,
    );
  for (let length = 2; length < 40; length++)
    for (const below of [2, 12, 120, 256])
      hold(
        made(length, () => draw(below)),
        `${length} below ${below}`,
      );
});

test("alphabets, skew and lengths about where the number of tables changes", () => {
  for (const length of [60, 100, 199, 300, 640, 1300, 2500, 9000])
    for (const below of [2, 3, 10, 11, 100, 101, 256]) {
      hold(
        made(length, () => draw(below)),
        `${length} below ${below}`,
      );
      hold(
        made(length, () => (draw(20) === 0 ? draw(below) : 0)),
        `${length} mostly 0`,
      );
      hold(
        made(length, () => (draw(20) === 0 ? draw(below) : 111)),
        `${length} mostly 111`,
      );
    }
});

test("what repeats itself", () => {
  hold(new Uint8Array(30_000).fill(7), "one value");
  for (const period of [1, 2, 3, 7, 256, 1000])
    for (const length of [period * 20, period * 20 + 1, 9973])
      hold(
        made(length, (at) => ((at % period) * 37) & 255),
        `${length} with period ${period}`,
      );
});

// 499,981 characters are a block; a cut may go through a number, and what is left may be very little.
test("more than one block, and every place of the cut", () => {
  const digits = (size: number): number => [7, 77, 177, 177][size] ?? 0;
  for (let shift = 0; shift < 8; shift++) {
    // 124,995 times "111 " less its last space are 499,979 characters; the rest moves the end about.
    const values = new Uint8Array(124_995 + 1 + (shift >> 2)).fill(111);
    for (let at = 124_995; at < values.length; at++) values[at] = digits((shift + at) & 3);
    values[0] = 7 + shift;
    hold(values, `end ${shift}`);
  }
  for (let shift = 0; shift < 3; shift++) {
    const values = made(140_000, () => draw(256));
    values.fill(100, 0, shift);
    hold(values, `noise ${shift}`);
  }
}, 60_000);

test("the values are those of the symbols", () => {
  const bits = made(5000, () => draw(2));
  const valueOf = Uint8Array.of(3, 200);
  expect(ours.of(bits, valueOf)).toBe(reference(bits.map((bit) => valueOf[bit]!)));
});
