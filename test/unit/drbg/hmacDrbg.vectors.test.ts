import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createHmacDrbgKernel } from "../../../src/kernel/createHmacDrbgKernel.ts";
import type { HashName } from "../../../src/kernel/hmac.ts";
import { createHmacDrbgBank } from "../../../src/kernel/hmacDrbgBank.ts";
import type { HmacDrbgKernel } from "../../../src/kernel/hmacDrbgKernel.ts";
import { HmacDrbgPlain } from "../../../src/kernel/hmacDrbgPlain.ts";
import { HmacDrbgWasm } from "../../../src/kernel/hmacDrbgWasm.ts";
import { HmacNoble } from "../../../src/kernel/hmacNoble.ts";
import { HmacNode } from "../../../src/kernel/hmacNode.ts";
import { HmacWasm } from "../../../src/kernel/hmacWasm.ts";
import { Sha256Lanes } from "../../../src/kernel/sha256Lanes.ts";
import { HmacDrbg } from "../../../src/drbg/hmacDrbg.ts";
import { HmacDrbgState } from "../../../src/drbg/hmacDrbgState.ts";
import { parseCavs } from "./cavs.ts";
import type { CavsCase } from "./cavs.ts";

const SHARED = new URL("../../../../shared/vectors/", import.meta.url);
const haveShared = existsSync(SHARED);
const OWN = readFileSync(new URL("independent.rsp", import.meta.url), "utf8");

function run(vector: CavsCase, kernel: HmacDrbgKernel = createHmacDrbgKernel(vector.hash)): string {
  const drbg = new HmacDrbg(vector.hash, { kernel });
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

function failures(
  cases: readonly CavsCase[],
  create: (hash: HashName) => HmacDrbgKernel = createHmacDrbgKernel,
): string[] {
  return cases
    .filter((vector) => run(vector, create(vector.hash)) !== vector.returned)
    .map(({ name }) => name);
}

/** Every form of the SHA-256 kernel, whichever is the default. */
const FORMS: readonly (readonly [string, () => HmacDrbgKernel])[] = [
  ...[0, 1, 2, 3].map(
    (lane) => [`lane ${lane}`, () => new HmacDrbgWasm(new Sha256Lanes(), lane)] as const,
  ),
  ["WebAssembly's HMAC", () => new HmacDrbgPlain(new HmacWasm())],
  ["noble", () => new HmacDrbgPlain(new HmacNoble("sha256"))],
  ["node:crypto", () => new HmacDrbgPlain(new HmacNode("sha256"))],
];

/** Four cases at once, one in each lane of the bank, in lock-step. */
function failuresInLockStep(cases: readonly CavsCase[]): string[] {
  const failed: string[] = [];
  for (let at = 0; at < cases.length; at += 4) {
    const four = cases.slice(at, at + 4);
    const bank = createHmacDrbgBank("sha256");
    for (const [i, { entropyInput, nonce, personalization, reseed }] of four.entries()) {
      const lane = bank.lanes[i]!;
      lane.initialise();
      lane.update(entropyInput, nonce, personalization);
      if (reseed) lane.update(reseed.entropyInput, reseed.additional);
    }
    const outs = bank.lanes.map(() => new Uint8Array(four[0]!.returned.length / 2));
    for (const turn of four[0]!.generates.keys()) {
      for (const [i, { generates }] of four.entries()) {
        const { additional, fresh } = generates[turn]!;
        if (fresh) bank.lanes[i]!.update(fresh, additional);
        else if (additional.length > 0) bank.lanes[i]!.update(additional);
      }
      bank.output(outs);
      for (const [i, { generates }] of four.entries()) {
        const { additional, fresh } = generates[turn]!;
        bank.lanes[i]!.update(fresh ? new Uint8Array(0) : additional);
      }
    }
    for (const [i, { name, returned }] of four.entries())
      if (Buffer.from(outs[i]!).toString("hex") !== returned) failed.push(name);
  }
  return failed;
}

describe("an independent implementation's vectors, in this repository", () => {
  const { cases } = parseCavs(OWN);

  test("every case", () => {
    expect(cases).toHaveLength(72);
    expect(failures(cases)).toEqual([]);
    const sha256 = cases.filter(({ hash }) => hash === "sha256");
    for (const [form, create] of FORMS) expect(failures(sha256, create), form).toEqual([]);
    expect(failuresInLockStep(sha256)).toEqual([]);
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
    const sha256 = cases.filter(({ hash }) => hash === "sha256");
    for (const [form, create] of FORMS) expect(failures(sha256, create), form).toEqual([]);
    expect(failuresInLockStep(sha256)).toEqual([]);
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
