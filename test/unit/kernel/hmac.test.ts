import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { createHmacKernel } from "../../../src/kernel/createHmacKernel.ts";
import { HASH_OUTPUT_BYTES, HASHES } from "../../../src/kernel/hmac.ts";
import type { HashName, HmacKernel } from "../../../src/kernel/hmac.ts";
import { HmacNode } from "../../../src/kernel/hmacNode.ts";
import { HmacNoble } from "../../../src/kernel/hmacNoble.ts";
import { HmacWasm } from "../../../src/kernel/hmacWasm.ts";
import { RFC4231 } from "./rfc4231.ts";

interface Implementation {
  readonly name: string;
  readonly hash: HashName;
  readonly create: () => HmacKernel;
}

const IMPLEMENTATIONS: readonly Implementation[] = [
  { name: "wasm sha256", hash: "sha256", create: () => new HmacWasm() },
  ...HASHES.flatMap((hash): Implementation[] => [
    { name: `node ${hash}`, hash, create: () => new HmacNode(hash) },
    { name: `noble ${hash}`, hash, create: () => new HmacNoble(hash) },
  ]),
];

function macOf(kernel: HmacKernel, key: Uint8Array, ...parts: Uint8Array[]): string {
  const out = new Uint8Array(kernel.outputBytes);
  kernel.setKey(key);
  kernel.mac(out, ...parts);
  return Buffer.from(out).toString("hex");
}

describe.each(IMPLEMENTATIONS)("$name", ({ hash, create }) => {
  test.each(RFC4231)("RFC 4231 $name", (vector) => {
    const key = Buffer.from(vector.key, "hex");
    expect(macOf(create(), key, Buffer.from(vector.data, "hex"))).toBe(vector[hash]);
  });

  test("any key and any split of any message give what node:crypto gives", () => {
    const kernel = create();
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.array(fc.uint8Array({ maxLength: 150 }), { maxLength: 4 }),
        (key, parts) => {
          const expected = createHmac(hash, key).update(Buffer.concat(parts)).digest("hex");
          expect(macOf(kernel, key, ...parts)).toBe(expected);
        },
      ),
    );
  });

  test("every message length over three blocks, where the padding changes", () => {
    const kernel = create();
    const key = Buffer.alloc(HASH_OUTPUT_BYTES[hash], 7);
    for (let length = 0; length <= 260; length++) {
      const message = Buffer.alloc(length, length);
      expect(macOf(kernel, key, message)).toBe(createHmac(hash, key).update(message).digest("hex"));
    }
  });

  test("the output may be one of the parts", () => {
    const kernel = create();
    const value = new Uint8Array(kernel.outputBytes).fill(1);
    const expected = createHmac(hash, "k").update(value).digest("hex");
    kernel.setKey(Buffer.from("k"));
    kernel.mac(value, value);
    expect(Buffer.from(value).toString("hex")).toBe(expected);
  });

  test("a key stays for many messages and is replaced by the next", () => {
    const kernel = create();
    const message = Buffer.from("message");
    const first = macOf(kernel, Buffer.from("one"), message);
    const again = new Uint8Array(kernel.outputBytes);
    kernel.mac(again, message);
    expect(Buffer.from(again).toString("hex")).toBe(first);
    expect(macOf(kernel, Buffer.from("two"), message)).not.toBe(first);
  });

  test("no key before setKey, none after clear, and no output of another length", () => {
    const kernel = create();
    const out = new Uint8Array(kernel.outputBytes);
    expect(() => kernel.mac(out, out)).toThrow("no key");
    kernel.setKey(out);
    expect(() => kernel.mac(out.subarray(1), out)).toThrow(RangeError);
    kernel.clear();
    expect(() => kernel.mac(out, out)).toThrow("no key");
  });
});

test("each hash gets the kernel that was measured fastest", () => {
  vi.stubEnv("SPRINGHOUSE_KERNEL", "");
  onTestFinished(() => void vi.unstubAllEnvs());
  expect(createHmacKernel("sha256")).toBeInstanceOf(HmacWasm);
  expect(createHmacKernel("sha384")).toBeInstanceOf(HmacNode);
  expect(createHmacKernel("sha512").outputBytes).toBe(64);
});
