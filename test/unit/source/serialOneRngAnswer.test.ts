import * as fc from "fast-check";
import { expect, test } from "vitest";
import { OneRngVersionParser, type OneRngAnswer } from "../../../src/source/serial/onerngAnswer.ts";

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

function parse(chunks: readonly Uint8Array[]): OneRngAnswer {
  const parser = new OneRngVersionParser();
  for (const chunk of chunks) {
    const answer = parser.push(chunk);
    if (answer.type !== "more") return answer;
  }
  return { type: "more" };
}

test("a version is read, in whatever pieces it comes and whatever noise came before", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 99_999 }),
      fc.uint8Array({ maxLength: 3000 }),
      fc.integer({ min: 1, max: 70 }),
      (version, noise, size) => {
        const bytes = Buffer.concat([noise, latin1(`\r\nVersion ${version}\r\n`)]);
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
          bytes.subarray(index * size, (index + 1) * size),
        );
        expect(parse(chunks)).toEqual({ type: "version", version, rest: 0 });
      },
    ),
  );
});

test("bytes behind the answer are counted", () => {
  expect(parse([latin1("\r\nVersion 3\r\nxyz")])).toEqual({ type: "version", version: 3, rest: 3 });
});

test.each([
  "",
  "\r\nVersion ",
  "\r\nVersion \r\n",
  "\r\nVersion -1\r\n",
  "\r\nVersion 123456\r\n",
  "\r\nVersion 3",
  "\r\nVersion 3\n",
  "Version 3\r\n",
  "\r\nversion 3\r\n",
  "\r\nVersion 3e5\r\n",
  "\r\nVersion 0x3\r\n",
  "\r\nVersion 3 beta\r\n",
  "\r\nVersion \u0000\r\n",
])("%j is no answer", (text) => {
  expect(parse([latin1(text)])).toEqual({ type: "more" });
});

test("4096 bytes without an answer are waited for, the next one is too much", () => {
  expect(parse([new Uint8Array(4096)])).toEqual({ type: "more" });
  expect(parse([new Uint8Array(4096), new Uint8Array(1)])).toEqual({ type: "none" });
});

test("any input at all gives one of the three answers and throws nothing", () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 6000 }),
    fc.string({ unit: fc.constantFrom("\r", "\n", "Version ", "3", "9", "\0") }).map(latin1),
  );
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 20 }), (chunks) => {
      expect(["more", "none", "version"]).toContain(parse(chunks).type);
    }),
    { numRuns: 500 },
  );
});
