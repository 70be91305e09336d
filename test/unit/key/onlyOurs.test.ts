import crypto from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { afterAll, beforeAll, expect, test } from "vitest";
import { KeyGenerator } from "../../../src/key/keyGenerator.ts";
import { FORMATS_OF, KEY_TYPES } from "../../../src/key/types.ts";
import { TestSupply, WORDS } from "./supply.ts";
import { pairsInThisThread } from "../../support/pairsInThisThread.ts";

/*
 * Every bit of a key comes out of the supply. Whatever the runtime offers as randomness throws
 * here, for us and for the libraries. OpenSSL's own generator, inside the primality test and RSA's
 * blinding, cannot be taken away; that the same output gives the same key shows that it has no say.
 */
const GENERATORS = [
  "randomBytes",
  "pseudoRandomBytes",
  "randomFill",
  "randomFillSync",
  "randomInt",
  "randomUUID",
  "generateKey",
  "generateKeySync",
  "generateKeyPair",
  "generateKeyPairSync",
  "generatePrime",
  "generatePrimeSync",
  "encapsulate",
] as const;

const table = crypto as unknown as Record<string, unknown>;
const originals = new Map<string, unknown>();
const forbidden = (): never => {
  throw new Error("the runtime's generator was called");
};

beforeAll(() => {
  for (const name of GENERATORS) {
    originals.set(name, table[name]);
    table[name] = forbidden;
  }
  syncBuiltinESMExports();
  Object.defineProperty(globalThis.crypto, "getRandomValues", {
    value: forbidden,
    configurable: true,
    writable: true,
  });
});

afterAll(() => {
  for (const [name, value] of originals) table[name] = value;
  syncBuiltinESMExports();
  // What was put before the prototype's own method is taken away again.
  Reflect.deleteProperty(globalThis.crypto, "getRandomValues");
});

test("the trap is set, for node:crypto and for the libraries", async () => {
  const named = await import("node:crypto");
  expect(() => named.randomBytes(1)).toThrow("the runtime's generator");
  const { ed25519 } = await import("@noble/curves/ed25519.js");
  expect(() => ed25519.keygen()).toThrow("the runtime's generator");
});

test.each(KEY_TYPES.filter((type) => !/^rsa-[34]/.test(type)))("%s", async (type) => {
  const keys = new KeyGenerator({
    random: new TestSupply(),
    words: WORDS,
    pairs: pairsInThisThread,
  });
  for (const format of FORMATS_OF[type])
    expect(await keys.generate({ type, format }, "p-1")).toHaveProperty("keys");
});

test("no file of src/key imports a generator", () => {
  const folder = new URL("../../../src/key/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const imported = files
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => [
      ...readFileSync(new URL(name, folder), "utf8").matchAll(
        /import \{([^}]*)\} from "(?:node:crypto|@noble[^"]*)"/g,
      ),
    ])
    .flatMap((match) => match[1]!.split(",").map((name) => name.trim()));
  expect(imported).toContain("createPrivateKey");
  expect(
    imported.filter((name) => /^(random|generate|pseudo|encaps|webcrypto)/.test(name)),
  ).toEqual([]);
});
