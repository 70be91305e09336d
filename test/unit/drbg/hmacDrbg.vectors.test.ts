import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { HashName } from "../../../src/kernel/hmac.ts";
import { HmacDrbg } from "../../../src/drbg/hmacDrbg.ts";
import { HmacDrbgState } from "../../../src/drbg/hmacDrbgState.ts";
import { parseCavs } from "./cavs.ts";
import type { CavsCase } from "./cavs.ts";

const SHARED = new URL("../../../../shared/vectors/", import.meta.url);
const haveShared = existsSync(SHARED);
const OWN = readFileSync(new URL("independent.rsp", import.meta.url), "utf8");

function run(vector: CavsCase): string {
  const drbg = new HmacDrbg(vector.hash);
  const { entropyInput, nonce, personalization, predictionResistance } = vector;
  drbg.instantiate(entropyInput, nonce, personalization, 256, predictionResistance);
  if (vector.reseed) drbg.reseed(vector.reseed.entropyInput, vector.reseed.additional);
  const out = new Uint8Array(vector.returned.length / 2);
  for (const { additional, fresh } of vector.generates) {
    expect(drbg.generate(out, additional, fresh)).toBe("done");
  }
  drbg.uninstantiate();
  return Buffer.from(out).toString("hex");
}

function failures(cases: readonly CavsCase[]): string[] {
  return cases.filter((vector) => run(vector) !== vector.returned).map(({ name }) => name);
}

describe("an independent implementation's vectors, in this repository", () => {
  const { cases } = parseCavs(OWN);

  test("every case", () => {
    expect(cases).toHaveLength(72);
    expect(failures(cases)).toEqual([]);
  });

  test("half of nothing is skipped: three hashes, three forms", () => {
    const forms = cases.map(
      ({ hash, reseed, predictionResistance }) =>
        `${hash} ${predictionResistance ? "pr" : reseed ? "reseed" : "plain"}`,
    );
    expect(new Set(forms).size).toBe(9);
  });

  test("one altered bit anywhere in a case is noticed", () => {
    const vector = cases.find(({ predictionResistance }) => predictionResistance)!;
    const flip = (bytes: Uint8Array): Uint8Array =>
      bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
    const [first, second] = vector.generates;
    const altered: CavsCase[] = [
      { ...vector, entropyInput: flip(vector.entropyInput) },
      { ...vector, nonce: flip(vector.nonce) },
      { ...vector, generates: [{ ...first!, fresh: flip(first!.fresh!) }, second!] },
      { ...vector, generates: [first!, { ...second!, fresh: flip(second!.fresh!) }] },
    ];
    expect(failures(altered)).toHaveLength(altered.length);
  });
});

describe.skipIf(!haveShared)("NIST CAVS 14.3 (../shared/vectors/cavp)", () => {
  test.each(["HMAC_DRBG-no_reseed.rsp", "HMAC_DRBG-pr_false.rsp"])("%s", (file) => {
    const { cases, skipped } = parseCavs(readFileSync(new URL(`cavp/${file}`, SHARED), "utf8"));
    // 16 groups of 15 cases for each hash.
    expect(cases).toHaveLength(3 * 16 * 15);
    expect([...skipped.keys()].sort()).toEqual(["SHA-1", "SHA-224", "SHA-512/224", "SHA-512/256"]);
    expect(failures(cases)).toEqual([]);
  });
});

interface StateVector {
  readonly hash: HashName;
  readonly entropy: string;
  readonly nonce: string;
  readonly pers_ascii?: string;
  readonly after_instantiate: { readonly K: string; readonly V: string };
  readonly gen20_no_ai: string;
  readonly after_gen20: { readonly K: string; readonly V: string };
  readonly reseed_entropy: string;
  readonly reseed_ai_ascii: string;
  readonly after_reseed: { readonly K: string; readonly V: string };
  readonly gen100_ai_ascii: string;
  readonly gen100: string;
  readonly after_gen100: { readonly K: string; readonly V: string };
  readonly reseed_counter_at_end: number;
}

test.skipIf(!haveShared)(
  "K and V after every step (../shared/vectors/hmac_drbg_vectors.json)",
  () => {
    const text = readFileSync(new URL("hmac_drbg_vectors.json", SHARED), "utf8");
    const vectors = (JSON.parse(text) as StateVector[]).filter(({ pers_ascii }) => pers_ascii);
    expect(vectors.map(({ hash }) => hash)).toEqual(["sha256", "sha384", "sha512"]);
    for (const vector of vectors) {
      const state = new HmacDrbgState(vector.hash);
      const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
      const both = (): object => ({ K: hex(state.key), V: hex(state.value) });
      state.instantiate(
        Buffer.from(vector.entropy, "hex"),
        Buffer.from(vector.nonce, "hex"),
        Buffer.from(vector.pers_ascii!),
      );
      expect(both()).toEqual(vector.after_instantiate);
      const short = new Uint8Array(20);
      state.generate(short, new Uint8Array(0));
      expect(hex(short)).toBe(vector.gen20_no_ai);
      expect(both()).toEqual(vector.after_gen20);
      state.reseed(Buffer.from(vector.reseed_entropy, "hex"), Buffer.from(vector.reseed_ai_ascii));
      expect(both()).toEqual(vector.after_reseed);
      const long = new Uint8Array(100);
      state.generate(long, Buffer.from(vector.gen100_ai_ascii));
      expect(hex(long)).toBe(vector.gen100);
      expect(both()).toEqual(vector.after_gen100);
      expect(state.reseedCounter).toBe(vector.reseed_counter_at_end);
      state.zeroise();
      expect([...state.key, ...state.value].every((byte) => byte === 0)).toBe(true);
    }
  },
);
