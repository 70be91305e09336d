import { expect, test } from "vitest";
import { decodeLeaf, encodeLeaf, type Leaf } from "../../../src/log/leaf.ts";
import { serviceStart } from "./logs.ts";

test("a leaf is canonical JSON and is read back as it was", () => {
  const leaf = serviceStart();
  const entry = encodeLeaf(leaf);
  expect(entry.toString()).toBe(
    `{"actor":"springhouse","at":1767225600000,"build":"${"0".repeat(64)}","configuration":"0123456789abcdef","kind":"service_start","shape":"RBGC","v":1,"version":"0.0.0"}`,
  );
  expect(decodeLeaf(entry)).toEqual({ leaf, fault: null });
});

test.each([
  ["a field too many", { material: "c2VjcmV0" }],
  ["bytes", { version: Uint8Array.of(1, 2) }],
  ["a version of leaves to come", { v: 2 }],
  ["an unknown kind", { kind: "secret" }],
  ["an inherited name for a kind", { kind: "__proto__" }],
  ["too long a text", { version: "x".repeat(257) }],
  ["no text", { version: "" }],
  ["a time that is no number", { at: Number.NaN }],
])("%s is no leaf, and the refusal quotes nothing", (_what, more) => {
  const leaf = { ...serviceStart(), ...more } as Leaf;
  let message = "";
  try {
    encodeLeaf(leaf);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    ({ message } = error as Error);
  }
  expect(message).toContain("leaf");
  expect(message).not.toContain("c2VjcmV0");
});

const text = encodeLeaf(serviceStart()).toString();
test.each([
  ["a blank", text.replace(",", ", ")],
  ["another order", `{"v":1,${text.slice(1).replace('"v":1,', "")}`],
  ["a name twice", text.replace('"v":1', '"v":1,"v":1')],
  ["a byte order mark", `\ufeff${text}`],
  ["no object", "[]"],
  ["null", "null"],
  ["no kind", "{}"],
  ["a field too many", text.replace('"v":1', '"u":1,"v":1')],
  ["nothing", ""],
  ["half a surrogate pair", '{"kind":"to_come","text":"\\ud800"}'],
  ["a number beyond all numbers", '{"kind":"to_come","n":1e400}'],
  ["a nesting without end", `{"a":${"[".repeat(30_000)}${"]".repeat(30_000)},"kind":"to_come"}`],
])("%s is a fault when it is read", (_what, entry) =>
  expect(decodeLeaf(Buffer.from(entry))).toMatchObject({ leaf: null, fault: expect.any(String) }),
);

test("bytes that are no UTF-8 are a fault", () =>
  expect(decodeLeaf(Buffer.from([0x7b, 0xff, 0x7d])).fault).toBe("no JSON"));

test("a kind that is not known yet is told as such", () =>
  expect(decodeLeaf(Buffer.from('{"kind":"to_come"}'))).toEqual({
    leaf: null,
    kind: "to_come",
    fault: null,
  }));
