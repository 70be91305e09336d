import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decryptFrom,
  encryptTo,
  overheadBytes,
  readCiphertext,
} from "../../../../src/key/operation/ciphertext.ts";
import { gcmDecrypt, gcmEncrypt } from "../../../../src/key/aes/gcm.ts";
import { unwrapBytes, wrapBytes, wrapFault } from "../../../../src/key/aes/keyWrap.ts";
import { isMac, macOf } from "../../../../src/key/operation/mac.ts";
import { counterNonce } from "../../../../src/key/operation/nonce.ts";

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"));
const toHex = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString("hex");

describe("AES-256-GCM", () => {
  // The GCM specification's (McGrew, Viega) test case 16, which NIST's GCM validation took over.
  const key = hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const nonce = hex("cafebabefacedbaddecaf888");
  const associated = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const plaintext =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
  const ciphertext =
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
    "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662";
  const tag = "76fc6ece0f4e1768cddf8853bb2d551b";

  test("case 16", () => {
    expect(toHex(gcmEncrypt(key, nonce, hex(plaintext), associated))).toBe(ciphertext + tag);
    expect(toHex(gcmDecrypt(key, nonce, hex(ciphertext + tag), associated))).toBe(plaintext);
  });

  test("cases 13 and 14: nothing, and 16 zeros", () => {
    const [zeroKey, zeroNonce, none] = [
      new Uint8Array(32),
      new Uint8Array(12),
      new Uint8Array(0),
    ] as const;
    expect(toHex(gcmEncrypt(zeroKey, zeroNonce, none, none))).toBe(
      "530f8afbc74536b9a963b4f1c4cb738b",
    );
    expect(toHex(gcmEncrypt(zeroKey, zeroNonce, new Uint8Array(16), none))).toBe(
      "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
    );
  });

  test("any bit that differs, a short tag and a long nonce are refused", () => {
    const whole = hex(ciphertext + tag);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = whole.slice();
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(gcmDecrypt(key, nonce, flipped, associated)).toBeNull();
    }
    expect(gcmDecrypt(key, nonce, whole.subarray(0, -1), associated)).toBeNull();
    expect(gcmDecrypt(key, nonce, whole.subarray(0, 15), associated)).toBeNull();
    expect(gcmDecrypt(key, new Uint8Array(16), whole, associated)).toBeNull();
  });
});

describe("nonces", () => {
  test("a fixed field and a counter of 40 bits", () => {
    expect(toHex(counterNonce(hex("11223344556677"), 0))).toBe("112233445566770000000000");
    expect(toHex(counterNonce(hex("11223344556677"), 2 ** 32))).toBe("112233445566770100000000");
    for (const invocation of [-1, 0.5, 2 ** 40, Number.NaN])
      expect(() => counterNonce(new Uint8Array(7), invocation)).toThrow(RangeError);
    expect(() => counterNonce(new Uint8Array(8), 0)).toThrow(RangeError);
  });
});

describe("ciphertexts", () => {
  const secret = new Uint8Array(32).fill(7);
  const nonce = counterNonce(new Uint8Array(7).fill(1), 5);
  const id = { key: "k-0123456789abcdef-12", version: 3 };
  const made = encryptTo(id, secret, nonce, Buffer.from("milk"), { b: "2", a: "1" });

  test("say which key and version opens them", () => {
    const read = readCiphertext(made)!;
    expect(read).toMatchObject(id);
    expect(Buffer.from(decryptFrom(read, secret, { a: "1", b: "2" })!).toString()).toBe("milk");
    expect(made.length).toBe(4 + overheadBytes(id.key));
  });

  test.each([
    ["another context", secret, { a: "1", b: "3" }],
    ["no context", secret, {}],
    ["a part of the context", secret, { a: "1" }],
    ["names and values that run together", secret, { a: '1","b":"2' }],
    ["another key", new Uint8Array(32), { a: "1", b: "2" }],
  ])("%s does not open them", (_, key, context) => {
    expect(decryptFrom(readCiphertext(made)!, key, context)).toBeNull();
  });

  test("every byte is authenticated, the header's too", () => {
    for (let index = 0; index < made.length; index++) {
      const changed = new Uint8Array(made);
      changed[index]! ^= 1;
      const read = readCiphertext(changed);
      expect(read && decryptFrom(read, secret, { a: "1", b: "2" }), `byte ${index}`).toBeNull();
    }
  });

  test("a text cut anywhere, or anything else, is not read or does not open", () => {
    for (let length = 0; length < made.length; length++) {
      const read = readCiphertext(made.subarray(0, length));
      expect(read && decryptFrom(read, secret, { a: "1", b: "2" })).toBeNull();
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(readCiphertext(bytes)).toBeNull();
      }),
    );
  });

  test("a round trip of anything", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 4 }),
        fc.integer({ min: 1, max: 10_000 }),
        (plaintext, context, version) => {
          const bytes = encryptTo({ key: "k-1", version }, secret, nonce, plaintext, context);
          const read = readCiphertext(bytes)!;
          expect(read.version).toBe(version);
          expect(new Uint8Array(decryptFrom(read, secret, context)!)).toEqual(plaintext);
        },
      ),
    );
  });
});

describe("key wrap", () => {
  test("RFC 3394 4.6: 256 bits under 256 bits", () => {
    const key = hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    const target = "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f";
    const wrapped =
      "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21";
    expect(toHex(wrapBytes("AES-256-KW", key, hex(target)))).toBe(wrapped);
    expect(toHex(unwrapBytes("AES-256-KW", key, hex(wrapped)))).toBe(target);
    expect(unwrapBytes("AES-256-KWP", key, hex(wrapped))).toBeNull();
  });

  test.each([
    [
      "c37b7e6492584340bed12207808941155068f738",
      "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
    ],
    ["466f7250617369", "afbeb0f07dfbf5419200f2ccb50bb24f"],
  ])("RFC 5649 6: %s", (target, wrapped) => {
    const key = hex("5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8");
    expect(toHex(wrapBytes("AES-256-KWP", key, hex(target)))).toBe(wrapped);
    expect(toHex(unwrapBytes("AES-256-KWP", key, hex(wrapped)))).toBe(target);
  });

  test("what fits, and what does not come back", () => {
    const key = new Uint8Array(32).fill(9);
    expect(wrapFault("AES-256-KW", 8)).toContain("at least 16");
    expect(wrapFault("AES-256-KW", 20)).toContain("multiple of 8");
    expect(wrapFault("AES-256-KW", 16)).toBeNull();
    expect(wrapFault("AES-256-KWP", 1)).toBeNull();
    expect(wrapFault("AES-256-KWP", 0)).not.toBeNull();
    for (const algorithm of ["AES-256-KW", "AES-256-KWP"] as const) {
      const wrapped = wrapBytes(algorithm, key, new Uint8Array(32));
      for (let index = 0; index < wrapped.length; index++) {
        const changed = new Uint8Array(wrapped);
        changed[index]! ^= 1;
        expect(unwrapBytes(algorithm, key, changed)).toBeNull();
      }
      for (const length of [0, 7, 8, 15, 17])
        expect(unwrapBytes(algorithm, key, new Uint8Array(length))).toBeNull();
    }
  });
});

describe("HMAC", () => {
  test("RFC 4231 4.2", () => {
    const key = new Uint8Array(20).fill(0x0b);
    const message = Buffer.from("Hi There");
    const mac = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
    expect(toHex(macOf("HMAC-SHA-256", key, message))).toBe(mac);
    expect(toHex(macOf("HMAC-SHA-512", key, message))).toBe(
      "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde" +
        "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
    );
    expect(isMac("HMAC-SHA-256", key, message, hex(mac))).toBe(true);
    expect(isMac("HMAC-SHA-256", key, message, hex(mac).subarray(0, 16))).toBe(false);
    expect(isMac("HMAC-SHA-256", key, message, new Uint8Array(32))).toBe(false);
  });
});
