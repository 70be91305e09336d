import { createPrivateKey, createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { refuse } from "../../../src/port/errors.ts";
import { KeyGenerator } from "../../../src/key/keyGenerator.ts";
import type { PairMaker } from "../../../src/key/pair/pairMaker.ts";
import { FORMATS_OF, KEY_FORMATS, KEY_TYPES, STRENGTH_OF } from "../../../src/key/types.ts";
import type { GeneratedKey, JsonWebKey, KeyType } from "../../../src/key/types.ts";
import { TestSupply, WORDS, predictable } from "./supply.ts";
import { pairsInThisThread } from "../../support/pairsInThisThread.ts";

function start(options: { rsaConcurrency?: number; rsaQueue?: number } = {}): {
  supply: TestSupply;
  keys: KeyGenerator;
} {
  const supply = new TestSupply();
  return {
    supply,
    keys: new KeyGenerator({ random: supply, words: WORDS, pairs: pairsInThisThread, ...options }),
  };
}

async function one(keys: KeyGenerator, type: KeyType, format?: string): Promise<GeneratedKey> {
  const result = await keys.generate({ type, ...(format ? { format } : {}) }, "p-1");
  if ("ok" in result) throw new Error(result.detail);
  expect(result.keys).toHaveLength(1);
  return result.keys[0]!;
}

const importPrivate = (key: JsonWebKey | string): KeyObject =>
  typeof key === "string" ? createPrivateKey(key) : createPrivateKey({ key, format: "jwk" });
const importPublic = (key: JsonWebKey | string): KeyObject =>
  typeof key === "string" ? createPublicKey(key) : createPublicKey({ key, format: "jwk" });

const PAIRS = KEY_TYPES.filter((type) => FORMATS_OF[type].includes("pem"));
const FAST_PAIRS = PAIRS.filter((type) => !type.startsWith("rsa-") || type === "rsa-2048");
const FAST_TYPES = KEY_TYPES.filter((type) => !/^rsa-[34]/.test(type));

describe("encodings", () => {
  // OpenSSL is the second opinion: it derives the public key from the private one by itself.
  test.each(FAST_PAIRS)(
    "%s: the platform imports what we encode, and finds the same public key",
    async (type) => {
      for (const format of ["jwk", "pem"]) {
        const { key, publicKey } = await one(start().keys, type, format);
        const [mine, theirs] = [importPublic(publicKey!), createPublicKey(importPrivate(key))];
        expect(theirs.equals(mine)).toBe(true);
      }
    },
  );

  test.each(FAST_PAIRS)("%s: the platform writes the same JWK", async (type) => {
    const { key } = await one(start().keys, type);
    expect(importPrivate(key).export({ format: "jwk" })).toEqual(key);
  });

  test.each(["ed25519", "x25519", "ml-kem-768", "ml-kem-1024", "ml-dsa-65", "ml-dsa-87"] as const)(
    "%s: raw is the drawn seed itself",
    async (type) => {
      const { key, publicKey } = await one(start().keys, type, "raw");
      const seed = Buffer.from(key as string, "base64");
      expect(seed).toEqual(Buffer.from(predictable(1, seed.length)));
      const jwk = (await one(start().keys, type, "jwk")).publicKey as JsonWebKey;
      const encoded = Buffer.from((jwk["pub"] ?? jwk["x"])!, "base64url").toString("base64");
      expect(publicKey).toBe(encoded);
    },
  );

  test.each([
    ["aes-128", 16, undefined],
    ["aes-192", 24, undefined],
    ["aes-256", 32, undefined],
    ["hmac-256", 32, "HS256"],
    ["hmac-512", 64, "HS512"],
    ["chacha20", 32, undefined],
  ] as const)("%s: RFC 7518 6.4, %d bytes", async (type, bytes, alg) => {
    const { key, publicKey } = await one(start().keys, type);
    const k = Buffer.from(predictable(1, bytes)).toString("base64url");
    expect(key).toEqual({ kty: "oct", k, ...(alg ? { alg } : {}) });
    expect(publicKey).toBeUndefined();
    expect((await one(start().keys, type, "raw")).key).toBe(
      Buffer.from(k, "base64url").toString("base64"),
    );
  });

  test("p-256 raw: 32 bytes of scalar and an uncompressed point", async () => {
    const { key, publicKey } = await one(start().keys, "p-256", "raw");
    expect(Buffer.from(key as string, "base64")).toHaveLength(32);
    const point = Buffer.from(publicKey as string, "base64");
    expect([point.length, point[0]]).toEqual([65, 4]);
  });

  test("uuid and passphrase are text", async () => {
    expect((await one(start().keys, "uuid")).key).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    const words = ((await one(start().keys, "passphrase")).key as string).split(" ");
    expect(words).toHaveLength(12);
    expect(words.every((word) => WORDS.includes(word))).toBe(true);
  });

  test("the same output gives the same key, another output another", async () => {
    for (const type of FAST_TYPES) {
      const [{ keys }, { keys: again }] = [start(), start()];
      const key = await one(keys, type);
      expect(await one(again, type)).toEqual(key);
      expect((await one(keys, type)).key).not.toEqual(key.key);
    }
  });
});

describe("lineage", () => {
  test.each(FAST_TYPES)("%s: one recorded draw through the door `keys`", async (type) => {
    const { supply, keys } = start();
    const key = await one(keys, type);
    expect(supply.requests).toEqual([
      {
        bytes: expect.any(Number) as number,
        door: "keys",
        principal: "p-1",
        purpose: `key:${type}`,
        requirement: { strength: STRENGTH_OF[type] },
        recorded: true,
      },
    ]);
    expect(key).toMatchObject({ type, output: "s-0-1.1", seed: "s-0-1" });
  });

  test("a requirement is passed on, and never weakens what the type needs", async () => {
    const { supply, keys } = start();
    await keys.generate({ type: "aes-256", requirement: { strength: 128, sources: 2 } }, "p-1");
    await keys.generate({ type: "aes-128", requirement: { strength: 256, fresh: true } }, "p-1");
    expect(supply.requests.map((request) => request.requirement)).toEqual([
      { strength: 256, sources: 2 },
      { strength: 256, fresh: true },
    ]);
  });

  test("the drawn bytes are overwritten", async () => {
    const { supply, keys } = start();
    for (const type of FAST_TYPES) await one(keys, type);
    expect(supply.given).toHaveLength(FAST_TYPES.length);
    for (const bytes of supply.given) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});

describe("batches", () => {
  test("100 keys have 100 outputs of their own", async () => {
    const { keys } = start();
    const result = await keys.generate({ type: "aes-256", count: 100 }, "p-1");
    if ("ok" in result) throw new Error(result.detail);
    expect(new Set(result.keys.map((key) => key.output)).size).toBe(100);
    expect(new Set(result.keys.map((key) => (key.key as JsonWebKey)["k"])).size).toBe(100);
  });

  test("one refused draw refuses the whole batch, and overwrites the rest", async () => {
    const { supply, keys } = start();
    const refusal = refuse("pool_exhausted", "spent", { retryAfterSeconds: 2 });
    supply.answer = (_, number) => (number === 3 ? refusal : null);
    expect(await keys.generate({ type: "ed25519", count: 5 }, "p-1")).toBe(refusal);
    expect(supply.given).toHaveLength(4);
    for (const bytes of supply.given) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  test("a draw that throws is thrown, and the rest is overwritten", async () => {
    const { supply, keys } = start();
    supply.answer = (_, number) => {
      if (number === 2) throw new Error("defect");
      return null;
    };
    await expect(keys.generate({ type: "ed25519", count: 3 }, "p-1")).rejects.toThrow("defect");
    for (const bytes of supply.given) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  test.each([
    ["aes-128", 100],
    ["rsa-2048", 4],
  ] as const)("%s: at most %d", async (type, most) => {
    const { supply, keys } = start();
    for (const count of [0, -1, 1.5, Number.NaN, most + 1])
      expect(await keys.generate({ type, count }, "p-1")).toMatchObject({
        code: "invalid_parameter",
        detail: expect.stringContaining(`1 to ${most}`) as string,
      });
    expect(supply.requests).toHaveLength(0);
  });
});

describe("refusals", () => {
  test("every combination that does not exist is refused with the ones that do", async () => {
    const { supply, keys } = start();
    for (const type of KEY_TYPES)
      for (const format of KEY_FORMATS) {
        if (FORMATS_OF[type].includes(format)) continue;
        const refusal = await keys.generate({ type, format }, "p-1");
        expect(refusal).toMatchObject({ ok: false, code: "invalid_parameter" });
        for (const allowed of FORMATS_OF[type])
          expect((refusal as { detail: string }).detail).toContain(allowed);
      }
    expect(supply.requests).toHaveLength(0);
  });

  test("unknown types and formats are refused and not echoed", async () => {
    const { keys } = start();
    for (const request of [
      { type: "rsa-1024" },
      { type: "toString" },
      { type: "aes-256", format: "<xml>" },
    ]) {
      const refusal = await keys.generate(request, "p-1");
      expect(refusal).toMatchObject({ code: "invalid_parameter" });
      expect(JSON.stringify(refusal)).not.toMatch(/rsa-1024|toString|xml/);
    }
  });
});

describe("pairs", () => {
  test("a single one does not wait behind a batch; too many at once are refused", async () => {
    const { supply, keys } = start();
    const order: string[] = [];
    const ask = async (name: string, count: number) => {
      const result = await keys.generate({ type: "x25519", count }, "p-1");
      order.push("ok" in result ? result.code : name);
    };
    const all = [ask("batch", 20), ask("single", 1)];
    await Promise.all(all);
    expect(order).toEqual(["single", "batch"]);
    order.length = 0;
    await Promise.all(Array.from({ length: 257 }, () => ask("single", 1)));
    expect(order.filter((name) => name === "busy")).toHaveLength(1);
    expect(supply.requests).toHaveLength(21 + 256);
  });
});

test("a batch whose client has gone is not made to its end", async () => {
  const supply = new TestSupply();
  const gone = new AbortController();
  let made = 0;
  const pairs: PairMaker = {
    make: (type, seed) => {
      if (++made === 2) gone.abort();
      return pairsInThisThread.make(type, seed);
    },
  };
  const keys = new KeyGenerator({ random: supply, words: WORDS, pairs });
  const batch = keys.generate({ type: "x25519", count: 5 }, "p-1", () => gone.signal);
  await expect(batch).rejects.toThrow("abort");
  expect(made).toBe(2);
  for (const bytes of supply.given) expect(bytes.every((byte) => byte === 0)).toBe(true);
});

describe("RSA searches", () => {
  test("beyond the running and the waiting it is busy, and nothing is drawn for those", async () => {
    const { supply, keys } = start({ rsaConcurrency: 1, rsaQueue: 1 });
    const first = keys.generate({ type: "rsa-2048" }, "p-1");
    const second = keys.generate({ type: "rsa-2048" }, "p-1");
    expect(keys.rsaSearches).toEqual({ running: 1, waiting: 1 });
    expect(await keys.generate({ type: "rsa-2048" }, "p-1")).toMatchObject({
      code: "busy",
      retryAfterSeconds: expect.any(Number) as number,
    });
    expect(supply.requests).toHaveLength(1);
    // Other types do not wait for them.
    await one(keys, "aes-256");
    for (const result of await Promise.all([first, second])) expect("keys" in result).toBe(true);
    expect(keys.rsaSearches).toEqual({ running: 0, waiting: 0 });
    expect(supply.requests).toHaveLength(3);
  });

  test("a client that goes away gives its place back, waiting or searching", async () => {
    const { supply, keys } = start({ rsaConcurrency: 1, rsaQueue: 1 });
    const [searching, waiting] = [new AbortController(), new AbortController()];
    const first = keys.generate({ type: "rsa-4096", count: 4 }, "p-1", () => searching.signal);
    const second = keys.generate({ type: "rsa-4096" }, "p-1", () => waiting.signal);
    waiting.abort();
    await expect(second).rejects.toThrow("abort");
    expect(keys.rsaSearches).toEqual({ running: 1, waiting: 0 });
    searching.abort();
    await expect(first).rejects.toThrow("abort");
    expect(keys.rsaSearches).toEqual({ running: 0, waiting: 0 });
    for (const bytes of supply.given) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });
});
