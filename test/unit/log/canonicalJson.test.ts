import * as fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson } from "../../../src/log/canonicalJson.ts";

test("RFC 8785 3.2.2: the example", () => {
  const value = {
    numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
    literals: [null, true, false],
  };
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test("RFC 8785 3.2.3: names in the order of their UTF-16 code units", () => {
  const value = {
    "\u20ac": "Euro Sign",
    "\r": "Carriage Return",
    "\ufb33": "Hebrew Letter Dalet With Dagesh",
    "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face",
    "\u0080": "Control",
    "\u00f6": "Latin Small Letter O With Diaeresis",
  };
  expect(Object.keys(JSON.parse(canonicalJson(value)) as object).slice(1)).toEqual(
    ["\r", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"].filter((name) => name !== "1"),
  );
  expect(canonicalJson(value).indexOf('"\\r"')).toBeLessThan(canonicalJson(value).indexOf('"1"'));
});

test.each([
  [-0, "0"],
  [1e21, "1e+21"],
  [9007199254740991, "9007199254740991"],
  [5e-324, "5e-324"],
])("RFC 8785 appendix B: %s", (number, text) => expect(canonicalJson(number)).toBe(text));

test.each([
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["a BigInt", 1n],
  ["a function", () => {}],
  ["undefined in an array", [undefined]],
  ["bytes", { a: Uint8Array.of(1) }],
  ["a Map", new Map()],
  ["half a surrogate pair", "\ud800"],
  ["a name that is half a pair", { "\udc00": 1 }],
])("%s has no JSON", (_what, value) => expect(() => canonicalJson(value)).toThrow(TypeError));

test("it is JSON of the same value, and one text however the members came", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = canonicalJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(turned(JSON.parse(text)))).toBe(text);
    }),
  );
});

/** The same value with every object's members in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== "object" || value === null) return value;
  const pairs = Object.entries(value).toReversed();
  return Object.fromEntries(pairs.map(([name, member]) => [name, turned(member)]));
}
