import { createHmac } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HmacDrbg, MAXIMUM_INPUT_BYTES } from "../../../src/drbg/hmacDrbg.ts";
import { HASHES } from "../../../src/kernel/hmac.ts";
import type { HashName } from "../../../src/kernel/hmac.ts";
import { HmacDrbgPlain } from "../../../src/kernel/hmacDrbgPlain.ts";
import { HmacNoble } from "../../../src/kernel/hmacNoble.ts";

const NONE = new Uint8Array(0);
const bytes = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value);

/** HMAC_DRBG written as naively as it can be, over createHmac. */
class Naive {
  key: Buffer;
  value: Buffer;
  counter = 1;
  readonly hash: HashName;

  constructor(hash: HashName, seedMaterial: Uint8Array) {
    this.hash = hash;
    this.key = Buffer.alloc(createHmac(hash, "").digest().length, 0);
    this.value = Buffer.alloc(this.key.length, 1);
    this.update(seedMaterial);
  }

  mac(data: Uint8Array): Buffer {
    return createHmac(this.hash, this.key).update(data).digest();
  }

  update(data: Uint8Array): void {
    for (const separator of data.length > 0 ? [0, 1] : [0]) {
      this.key = this.mac(Buffer.concat([this.value, Buffer.of(separator), data]));
      this.value = this.mac(this.value);
    }
  }

  reseed(entropyInput: Uint8Array, additional: Uint8Array): void {
    this.update(Buffer.concat([entropyInput, additional]));
    this.counter = 1;
  }

  generate(length: number, additional: Uint8Array): Buffer {
    if (additional.length > 0) this.update(additional);
    const out: Buffer[] = [];
    for (let have = 0; have < length; have += this.value.length) {
      this.value = this.mac(this.value);
      out.push(this.value);
    }
    this.update(additional);
    this.counter++;
    return Buffer.concat(out).subarray(0, length);
  }
}

const additional = fc.oneof(fc.constant(NONE), fc.uint8Array({ maxLength: 100 }));
const entropy = fc.uint8Array({ minLength: 32, maxLength: 80 });
const step = fc.oneof(
  fc.record({ type: fc.constant("reseed" as const), entropy, additional }),
  fc.record({
    type: fc.constant("generate" as const),
    length: fc.integer({ min: 1, max: 300 }),
    additional,
    fresh: fc.option(entropy),
  }),
);

describe.each(HASHES)("%s", (hash) => {
  test("agrees with the naive model over any sequence of calls", () => {
    const property = fc.property(
      fc.uint8Array({ minLength: 48, maxLength: 100 }),
      additional,
      fc.array(step, { maxLength: 12 }),
      (entropyInput, personalization, steps) => {
        const drbg = new HmacDrbg(hash);
        drbg.instantiate(entropyInput, NONE, personalization, 256, true);
        const model = new Naive(hash, Buffer.concat([entropyInput, personalization]));
        for (const next of steps) {
          if (next.type === "reseed") {
            drbg.reseed(next.entropy, next.additional);
            model.reseed(next.entropy, next.additional);
          } else {
            const out = new Uint8Array(next.length);
            if (drbg.generate(out, next.additional, next.fresh) !== "done") return false;
            if (next.fresh) model.reseed(next.fresh, next.additional);
            const expected = model.generate(next.length, next.fresh ? NONE : next.additional);
            if (!expected.equals(out)) return false;
          }
          if (drbg.reseedCounter !== model.counter) return false;
        }
        return true;
      },
    );
    expect(() => fc.assert(property, { numRuns: 50 })).not.toThrow();
  });
});

function ready(options: ConstructorParameters<typeof HmacDrbg>[1] = {}): HmacDrbg {
  const drbg = new HmacDrbg("sha256", options);
  drbg.instantiate(bytes(48), NONE, NONE, 256, false);
  return drbg;
}

describe("limits", () => {
  test("instantiate: strength, entropy and nonce at the limit and one below", () => {
    const drbg = (): HmacDrbg => new HmacDrbg("sha256");
    expect(() => drbg().instantiate(bytes(48), NONE, NONE, 257, false)).toThrow(RangeError);
    expect(() => drbg().instantiate(bytes(48), NONE, NONE, 0, false)).toThrow(RangeError);
    expect(() => drbg().instantiate(bytes(47), NONE, NONE, 256, false)).toThrow("384 bits");
    expect(() => drbg().instantiate(bytes(31), bytes(16), NONE, 256, false)).toThrow("256 bits");
    expect(() => drbg().instantiate(bytes(32), bytes(15), NONE, 256, false)).toThrow("128 bits");
    const good = drbg();
    good.instantiate(bytes(32), bytes(16), bytes(MAXIMUM_INPUT_BYTES), 256, false);
    expect([good.state, good.securityStrength, good.reseedCounter]).toEqual(["ready", 256, 1]);
    expect(() => good.instantiate(bytes(48), NONE, NONE, 256, false)).toThrow("already");
  });

  test("every string is limited, and a refused call changes nothing", () => {
    const long = bytes(MAXIMUM_INPUT_BYTES + 1);
    const [drbg, twin] = [ready(), ready()];
    expect(() => new HmacDrbg("sha256").instantiate(long, NONE, NONE, 256, false)).toThrow(
      "entropy",
    );
    expect(() => new HmacDrbg("sha256").instantiate(bytes(48), NONE, long, 256, false)).toThrow(
      "personalization",
    );
    expect(() => drbg.reseed(bytes(32), long)).toThrow("additional");
    expect(() => drbg.reseed(bytes(31), NONE)).toThrow("256 bits");
    expect(() => drbg.generate(bytes(1), long)).toThrow("additional");
    expect(() => drbg.generate(NONE)).toThrow("65536");
    expect(() => drbg.generate(bytes(65_537))).toThrow("65536");
    expect(() => drbg.generate(bytes(1), NONE, bytes(32))).toThrow("prediction resistance");
    const [a, b] = [new Uint8Array(65_536), new Uint8Array(65_536)];
    expect([drbg.generate(a), twin.generate(b)]).toEqual(["done", "done"]);
    expect(Buffer.from(a).equals(Buffer.from(b))).toBe(true);
  });

  test("a reseed is required after the interval, neither before nor silently", () => {
    const drbg = ready({ reseedInterval: 2 });
    const out = new Uint8Array(8);
    expect([drbg.generate(out), drbg.generate(out)]).toEqual(["done", "done"]);
    out.fill(0);
    expect(drbg.generate(out)).toBe("reseedRequired");
    expect([...out]).toEqual([...new Uint8Array(8)]);
    drbg.reseed(bytes(32, 2), NONE);
    expect(drbg.generate(out)).toBe("done");
    expect(() => new HmacDrbg("sha256", { reseedInterval: 2 ** 48 + 1 })).toThrow(RangeError);
  });
});

describe("states", () => {
  test("nothing works before instantiate and after uninstantiate", () => {
    const drbg = new HmacDrbg("sha256");
    expect(() => drbg.generate(bytes(1))).toThrow("uninstantiated");
    expect(() => drbg.reseed(bytes(32), NONE)).toThrow("uninstantiated");
    drbg.instantiate(bytes(48), NONE, NONE, 256, false);
    drbg.uninstantiate();
    expect(() => drbg.generate(bytes(1))).toThrow("uninstantiated");
    expect([drbg.reseedCounter, drbg.securityStrength]).toEqual([0, 0]);
  });

  test("a fault inside is an error state that gives nothing, until a new instantiate", () => {
    class Faulty extends HmacNoble {
      broken = false;
      override mac(out: Uint8Array, ...parts: readonly Uint8Array[]): void {
        if (this.broken) throw new Error("bad memory");
        super.mac(out, ...parts);
      }
    }
    const hmac = new Faulty("sha256");
    const drbg = ready({ kernel: new HmacDrbgPlain(hmac) });
    hmac.broken = true;
    const out = bytes(32, 9);
    expect(() => drbg.generate(out)).toThrow("bad memory");
    expect(out.every((byte) => byte === 0)).toBe(true);
    expect(drbg.state).toBe("error");
    expect(() => drbg.generate(out)).toThrow("is error");
    expect(() => drbg.instantiate(bytes(48), NONE, NONE, 256, false)).toThrow("bad memory");
    expect(drbg.state).toBe("error");
    hmac.broken = false;
    drbg.instantiate(bytes(48), NONE, NONE, 256, false);
    expect(drbg.generate(out)).toBe("done");
    drbg.fail();
    expect(() => drbg.reseed(bytes(32), NONE)).toThrow("is error");
  });
});
