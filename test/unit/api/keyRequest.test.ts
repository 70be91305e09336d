import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isBase64 } from "../../../src/api/keyRequest.ts";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

test("what is base64 is what the alphabet and the padding of RFC 4648 4 say", () => {
  const character = fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom("A", "Z", "a", "z", "0", "9", "+", "/") },
    fc.constantFrom("=", "-", "_", " ", "\n", "\0", ".", "\u00e9", "\u0141", "\u{1f42e}"),
  );
  const tail = fc.constantFrom("", "=", "==", "===", "A=", "AA==", "A==", "=A", "==A=");
  fc.assert(
    fc.property(fc.string({ unit: character, maxLength: 12 }), tail, (text, end) => {
      expect(isBase64(text + end)).toBe(BASE64.test(text + end));
    }),
    { numRuns: 20_000 },
  );
  fc.assert(fc.property(fc.base64String(), (text) => isBase64(text)));
  // Bits beyond the last byte are nobody's, as the expression had it.
  expect(isBase64("QR==")).toBe(true);
});
