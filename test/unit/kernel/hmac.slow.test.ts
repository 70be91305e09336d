import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { HmacWasm } from "../../../src/kernel/hmacWasm.ts";

test("the length field holds messages beyond 2^32 bits", () => {
  // 2^29 + 64 bytes of message need the upper length word; the state is carried block by block.
  const bytes = 2 ** 29 + 64;
  const kernel = new HmacWasm();
  const chunk = new Uint8Array(2 ** 20);
  const parts: Uint8Array[] = Array.from({ length: 2 ** 9 }, () => chunk);
  const expected = createHmac("sha256", "k");
  for (const part of parts) expected.update(part);
  expected.update(chunk.subarray(0, bytes - 2 ** 29));
  const out = new Uint8Array(32);
  kernel.setKey(Buffer.from("k"));
  kernel.mac(out, ...parts, chunk.subarray(0, bytes - 2 ** 29));
  expect(Buffer.from(out).toString("hex")).toBe(expected.digest("hex"));
});
