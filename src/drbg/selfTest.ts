import { createHmacDrbgKernel } from "../kernel/createHmacDrbgKernel.ts";
import { createHmacKernel } from "../kernel/createHmacKernel.ts";
import type { HashName, HmacKernel } from "../kernel/hmac.ts";
import type { HmacDrbgKernel } from "../kernel/hmacDrbgKernel.ts";
import type { SelfTestSnapshot } from "../port/snapshot.ts";
import { HmacDrbg, MAXIMUM_INPUT_BYTES } from "./hmacDrbg.ts";
import { HmacDrbgBank } from "./hmacDrbgBank.ts";
import { HmacDrbgState } from "./hmacDrbgState.ts";
import { SELF_TEST_VECTORS } from "./selfTestVectors.ts";

/** One story: instantiate, generate, generate with additional input, reseed, generate, fresh. */
export interface SelfTestVector {
  readonly hash: HashName;
  readonly entropyInput: string;
  readonly nonce: string;
  readonly personalization: string;
  readonly additionalInput: string;
  readonly reseedEntropy: string;
  readonly reseedAdditional: string;
  readonly freshEntropy: string;
  readonly freshAdditional: string;
  readonly generated: string;
  readonly generatedWithAdditional: string;
  readonly generatedAfterReseed: string;
  readonly generatedFresh: string;
  readonly hmacKey: string;
  readonly hmacMessage: string;
  readonly hmac: string;
}

export interface SelfTestOptions {
  readonly vectors?: readonly SelfTestVector[];
  readonly createHmac?: (hash: HashName) => HmacKernel;
  readonly createKernel?: (hash: HashName) => HmacDrbgKernel;
}

const NOTHING = new Uint8Array(0);
/** SP 800-90A 11.3: every step has a test of its own, so that a failure says which step it was. */
const STEPS = [
  ["generated", "instantiate"],
  ["generatedWithAdditional", "generate_with_additional_input"],
  ["generatedAfterReseed", "reseed"],
  ["generatedFresh", "generate_with_prediction_resistance"],
] as const;

/**
 * Known-answer tests of the HMAC kernels and of HMAC_DRBG (SP 800-90A 11.3), on instances of their
 * own. They cost a few milliseconds and nothing outside is touched.
 * @param nowMilliseconds Unix time, for the result
 */
export function runSelfTests(
  nowMilliseconds: number,
  options: SelfTestOptions = {},
): SelfTestSnapshot[] {
  const createHmac = options.createHmac ?? createHmacKernel;
  const createKernel = options.createKernel ?? createHmacDrbgKernel;
  const results: SelfTestSnapshot[] = [];
  for (const vector of options.vectors ?? SELF_TEST_VECTORS) {
    const { hash } = vector;
    const add = (name: string, test: () => boolean): void => {
      const passed = passes(test);
      results.push({ name: `${name}_${hash}`, passed, atMilliseconds: nowMilliseconds });
    };
    add("hmac", () => macOf(createHmac(hash), vector) === vector.hmac);
    let outputs: Outputs | null = null;
    try {
      outputs = tellStory(vector, createKernel(hash));
    } catch {
      // Every step's comparison fails below: there is no output to compare.
    }
    for (const [field, name] of STEPS) {
      add(`hmac_drbg_${name}`, () => outputs?.[field] === vector[field]);
    }
    add("hmac_drbg_bank", () => bankAgrees(vector, new HmacDrbgBank(hash)));
    add("hmac_drbg_uninstantiate", () => zeroises(vector, createKernel(hash)));
    add("hmac_drbg_error_paths", () => refuses(vector, createKernel(hash)));
  }
  return results;
}

type Outputs = Record<(typeof STEPS)[number][0], string>;

function tellStory(vector: SelfTestVector, kernel: HmacDrbgKernel): Outputs {
  const drbg = new HmacDrbg(vector.hash, { kernel });
  const next = (expected: string, additional: Uint8Array, fresh: Uint8Array | null): string => {
    const out = new Uint8Array(expected.length / 2);
    return drbg.generate(out, additional, fresh) === "done" ? toHex(out) : "";
  };
  instantiate(drbg, vector);
  const generated = next(vector.generated, NOTHING, null);
  const generatedWithAdditional = next(
    vector.generatedWithAdditional,
    fromHex(vector.additionalInput),
    null,
  );
  drbg.reseed(fromHex(vector.reseedEntropy), fromHex(vector.reseedAdditional));
  const generatedAfterReseed = next(vector.generatedAfterReseed, NOTHING, null);
  const generatedFresh = next(
    vector.generatedFresh,
    fromHex(vector.freshAdditional),
    fromHex(vector.freshEntropy),
  );
  drbg.uninstantiate();
  return { generated, generatedWithAdditional, generatedAfterReseed, generatedFresh };
}

/** The four lanes of a bank, in lock-step: each must give what one instance gives. */
function bankAgrees(vector: SelfTestVector, bank: HmacDrbgBank): boolean {
  for (const lane of bank.lanes) instantiate(lane, vector);
  const outs = bank.lanes.map(() => new Uint8Array(vector.generated.length / 2));
  const done = bank.generate(outs) === "done";
  for (const lane of bank.lanes) lane.uninstantiate();
  return done && outs.every((out) => toHex(out) === vector.generated);
}

/** SP 800-90A 11.3.5: the internal state is gone, and the handle with it. */
function zeroises(vector: SelfTestVector, kernel: HmacDrbgKernel): boolean {
  const state = new HmacDrbgState(vector.hash, kernel);
  state.instantiate(fromHex(vector.entropyInput), fromHex(vector.nonce), NOTHING);
  const seeded = state.key.some((byte) => byte !== 0) && state.value.some((byte) => byte !== 0);
  state.zeroise();
  const drbg = new HmacDrbg(vector.hash, { kernel });
  instantiate(drbg, vector);
  drbg.uninstantiate();
  return (
    seeded &&
    [...state.key, ...state.value].every((byte) => byte === 0) &&
    state.reseedCounter === 0 &&
    drbg.reseedCounter === 0 &&
    throws(() => drbg.generate(new Uint8Array(1)))
  );
}

/** The error paths of SP 800-90A 9.1 to 9.3: none of these may give or change anything. */
function refuses(vector: SelfTestVector, kernel: HmacDrbgKernel): boolean {
  const drbg = new HmacDrbg(vector.hash, { kernel, reseedInterval: 1 });
  const out = new Uint8Array(16);
  const long = new Uint8Array(MAXIMUM_INPUT_BYTES + 1);
  if (!throws(() => drbg.generate(out))) return false;
  if (!throws(() => drbg.instantiate(new Uint8Array(47), NOTHING, NOTHING, 256, false)))
    return false;
  if (!throws(() => drbg.instantiate(new Uint8Array(48), NOTHING, NOTHING, 257, false)))
    return false;
  instantiate(drbg, vector);
  return (
    throws(() => drbg.generate(new Uint8Array(65_537))) &&
    throws(() => drbg.generate(out, long)) &&
    throws(() => drbg.reseed(new Uint8Array(31), NOTHING)) &&
    out.every((byte) => byte === 0) &&
    drbg.generate(out) === "done" &&
    drbg.generate(out) === "reseedRequired"
  );
}

function instantiate(drbg: HmacDrbg, vector: SelfTestVector): void {
  const { entropyInput, nonce, personalization } = vector;
  drbg.instantiate(fromHex(entropyInput), fromHex(nonce), fromHex(personalization), 256, true);
}

function macOf(kernel: HmacKernel, vector: SelfTestVector): string {
  const message = fromHex(vector.hmacMessage);
  const out = new Uint8Array(kernel.outputBytes);
  kernel.setKey(fromHex(vector.hmacKey));
  // In two parts that end within a block, so that the buffering between them is tested as well.
  kernel.mac(out, message.subarray(0, 33), message.subarray(33));
  kernel.clear();
  return toHex(out);
}

function passes(test: () => boolean): boolean {
  try {
    return test();
  } catch {
    return false;
  }
}

function throws(action: () => unknown): boolean {
  try {
    action();
  } catch {
    return true;
  }
  return false;
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
