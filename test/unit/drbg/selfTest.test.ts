import { describe, expect, test, vi } from "vitest";
import { createHmacKernel } from "../../../src/kernel/createHmacKernel.ts";
import { HmacDrbgPlain } from "../../../src/kernel/hmacDrbgPlain.ts";
import type { HmacDrbgKernel } from "../../../src/kernel/hmacDrbgKernel.ts";
import { createHmacDrbgKernel } from "../../../src/kernel/createHmacDrbgKernel.ts";
import { HASHES } from "../../../src/kernel/hmac.ts";
import type { HashName, HmacKernel } from "../../../src/kernel/hmac.ts";
import { HmacDrbgBank } from "../../../src/drbg/hmacDrbgBank.ts";
import { runSelfTests } from "../../../src/drbg/selfTest.ts";
import type { SelfTestOptions, SelfTestVector } from "../../../src/drbg/selfTest.ts";
import { SELF_TEST_VECTORS } from "../../../src/drbg/selfTestVectors.ts";

function failed(options: SelfTestOptions): string[] {
  return runSelfTests(5, options)
    .filter(({ passed }) => !passed)
    .map(({ name }) => name);
}

test("everything passes on sound code, and each hash has every test", () => {
  const results = runSelfTests(1234);
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  expect(results).toHaveLength(8 * HASHES.length);
  expect(new Set(results.map(({ name }) => name)).size).toBe(results.length);
  expect(results.every(({ atMilliseconds }) => atMilliseconds === 1234)).toBe(true);
});

const first = SELF_TEST_VECTORS[0]!;
const altered = (field: keyof SelfTestVector): readonly SelfTestVector[] => [
  { ...first, [field]: `${first[field].slice(0, -1)}${first[field].endsWith("0") ? "1" : "0"}` },
];

describe("an altered expected value fails exactly its own comparison", () => {
  test.each([
    ["generated", "hmac_drbg_instantiate_sha256", "hmac_drbg_bank_sha256"],
    ["generatedWithAdditional", "hmac_drbg_generate_with_additional_input_sha256"],
    ["generatedAfterReseed", "hmac_drbg_reseed_sha256"],
    ["generatedFresh", "hmac_drbg_generate_with_prediction_resistance_sha256"],
    ["hmac", "hmac_sha256"],
  ] as const)("%s", (field, ...names) => {
    expect(failed({ vectors: altered(field) })).toEqual(names);
  });
});

describe("every input matters from its own step on", () => {
  test.each([
    ["entropyInput", 5],
    ["nonce", 5],
    ["personalization", 5],
    ["additionalInput", 3],
    ["reseedEntropy", 2],
    ["reseedAdditional", 2],
    ["freshEntropy", 1],
    ["freshAdditional", 1],
    ["hmacKey", 1],
    ["hmacMessage", 1],
  ] as const)("%s", (field, count) => {
    expect(failed({ vectors: altered(field) })).toHaveLength(count);
  });
});

/** A kernel with a defect planted between it and its caller. */
function defective(
  hash: HashName,
  change: (parts: readonly Uint8Array[]) => readonly Uint8Array[],
): HmacKernel {
  const kernel = createHmacKernel(hash);
  return {
    outputBytes: kernel.outputBytes,
    setKey: (key) => kernel.setKey(key),
    mac: (out, ...parts) => kernel.mac(out, ...change(parts)),
    clear: () => kernel.clear(),
  };
}

/** Both what HMAC is tested by itself and what is below HMAC_DRBG. */
const over = (createHmac: (hash: HashName) => HmacKernel): SelfTestOptions => ({
  createHmac,
  createKernel: (hash) => new HmacDrbgPlain(createHmac(hash)),
});

describe("a defect in the HMAC is caught", () => {
  test("it ignores its message: V || separator, or what follows them", () => {
    const ignoring = (keep: number) => (hash: HashName) =>
      defective(hash, (parts) => parts.slice(0, keep));
    for (const keep of [0, 1, 2, 3, 4]) {
      const names = failed(over(ignoring(keep)));
      expect(names.length > 0).toBe(keep < 5);
      expect(names).toContain("hmac_drbg_instantiate_sha512");
    }
    expect(failed(over(ignoring(5)))).toEqual([]);
  });

  test("it ignores its key", () => {
    const createHmac = (hash: HashName): HmacKernel => {
      const kernel = createHmacKernel(hash);
      kernel.setKey(new Uint8Array(1));
      return {
        ...defective(hash, (parts) => parts),
        mac: kernel.mac.bind(kernel),
        setKey: () => {},
      };
    };
    expect(failed(over(createHmac))).toContain("hmac_sha256");
  });

  test("it throws", () => {
    const createHmac = (hash: HashName): HmacKernel =>
      defective(hash, () => {
        throw new Error("broken");
      });
    expect(failed(over(createHmac))).toHaveLength(7 * HASHES.length);
  });
});

describe("a defect in the kernel of K and V is caught", () => {
  const broken = (defect: (kernel: HmacDrbgKernel) => Partial<HmacDrbgKernel>) =>
    failed({
      createKernel: (hash) => {
        const kernel = createHmacDrbgKernel(hash);
        const sound: HmacDrbgKernel = {
          outputBytes: kernel.outputBytes,
          initialise: () => kernel.initialise(),
          update: (...data) => kernel.update(...data),
          output: (out) => kernel.output(out),
          readKey: () => kernel.readKey(),
          readValue: () => kernel.readValue(),
          zeroise: () => kernel.zeroise(),
        };
        return { ...sound, ...defect(kernel) };
      },
    });

  test("the sound one passes", () => expect(broken(() => ({}))).toEqual([]));

  test("an update with Null that does nothing", () => {
    const names = broken((kernel) => ({
      update: (...data) => {
        if (data.some(({ length }) => length > 0)) kernel.update(...data);
      },
    }));
    expect(names).toContain("hmac_drbg_generate_with_additional_input_sha256");
  });

  test("an output whose last block is missing", () => {
    const names = broken((kernel) => ({
      output: (out) => kernel.output(out.subarray(0, out.length - 1)),
    }));
    expect(names).toContain("hmac_drbg_instantiate_sha256");
  });

  test("a state that stays", () => {
    expect(broken(() => ({ zeroise: () => {} }))).toContain("hmac_drbg_uninstantiate_sha256");
  });
});

test("a bank in which a lane gives another's output is caught", () => {
  const given = HmacDrbgBank.prototype.generate;
  vi.spyOn(HmacDrbgBank.prototype, "generate").mockImplementation(function (
    this: HmacDrbgBank,
    outs,
  ) {
    const result = given.call(this, outs);
    outs[3]![0]! ^= 1;
    return result;
  });
  expect(failed({})).toEqual(HASHES.map((hash) => `hmac_drbg_bank_${hash}`));
  vi.restoreAllMocks();
});
