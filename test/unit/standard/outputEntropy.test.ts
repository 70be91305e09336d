import { existsSync, readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  negativeLog2Epsilon,
  outputEntropy,
  outputEntropyNonVetted,
  type Conditioning,
} from "../../../src/standard/outputEntropy.ts";

interface Row {
  readonly n_in: number;
  readonly n_out: number;
  readonly nw: number;
  readonly h_in: number;
  readonly h_out: string;
  readonly neg_log2_epsilon: string;
  readonly double_log_domain: number;
}

const FILE = new URL(
  "../../../../shared/vectors/iid_conditioning_restart_fips_vectors.json",
  import.meta.url,
);
const rows: readonly Row[] = existsSync(FILE)
  ? (JSON.parse(readFileSync(FILE, "utf8")) as { conditioning: Row[] }).conditioning
  : [];

function of(
  inputBits: number,
  outputBits: number,
  narrowestWidthBits: number,
  inputEntropy: number,
): Conditioning {
  return { inputBits, outputBits, narrowestWidthBits, inputEntropy };
}

describe.skipIf(rows.length === 0)("the vector file", () => {
  test.each(rows)("$n_in, $n_out, $nw, $h_in", (row) => {
    const conditioning = of(row.n_in, row.n_out, row.nw, row.h_in);
    expect(Math.abs(outputEntropy(conditioning) - Number(row.h_out))).toBeLessThan(1e-12);
    expect(Math.abs(outputEntropy(conditioning) - row.double_log_domain)).toBeLessThan(1e-12);
    // The file has eight digits.
    const epsilon = Number(row.neg_log2_epsilon);
    expect(Math.abs(negativeLog2Epsilon(conditioning) / epsilon - 1)).toBeLessThan(1e-7);
  });
});

describe("Output_Entropy, SP 800-90B 3.1.5.1.2", () => {
  // What NIST's ea_conditioning prints.
  test.each([
    [64, 32, 256, 32, 31.00000000016795],
    [320, 256, 256, 300, 255.999999993672],
    [1024, 256, 256, 256.5, 255.22844669683684],
    [1000, 256, 512, 257, 255.41503749927884],
    [100, 256, 256, 99, 96.32485023010814],
    [256, 256, 256, 255, 251.689764568727],
    [256, 256, 256, 256, 251.689764568727],
    [512, 256, 256, 256, 255],
    [512, 256, 256, 255, 254.4150374992788],
    [4096, 256, 256, 40.5, 40.5],
    [64, 32, 32, 20, 19.9996478228555],
  ])("%d, %d, %d, %d gives %d", (inputBits, outputBits, width, inputEntropy, expected) => {
    const h = outputEntropy(of(inputBits, outputBits, width, inputEntropy));
    expect(Math.abs(h - expected)).toBeLessThan(1e-12);
  });

  test.each([
    [440, 256, 256, 320, 71.47],
    [512, 256, 256, 320, 71.47],
    [512, 128, 128, 192, 70.47],
  ])("%d, %d, %d, %d is full entropy within 2^-%d", (inputBits, outputBits, width, entropy, e) => {
    const conditioning = of(inputBits, outputBits, width, entropy);
    expect(negativeLog2Epsilon(conditioning)).toBeCloseTo(e, 2);
    expect(outputEntropy(conditioning)).toBe(outputBits);
  });

  test.each([
    [512, 256, 256, 256, 0.9, 230.4],
    [8, 1, 8, 4, 0.99, 0.9075537512354049],
    [256, 256, 256, 256, 0.95, 243.2],
    [256, 64, 64, 100, 0.999, 63.936],
  ])("non-vetted %d, %d, %d, %d, h' = %d gives %d", (nIn, nOut, width, entropy, h, expected) => {
    expect(outputEntropyNonVetted(of(nIn, nOut, width, entropy), h)).toBeCloseTo(expected, 12);
  });

  test("never more than went in, nor than fits; from 256 bits on never less for more entropy in", () => {
    const bits = fc.integer({ min: 1, max: 1 << 17 });
    fc.assert(
      fc.property(bits, bits, bits, fc.double({ min: 1e-6, max: 1, noNaN: true }), (i, o, w, x) => {
        const h = outputEntropy(of(i, o, w, x * i));
        expect(h).toBeGreaterThanOrEqual(0);
        expect(h).toBeLessThanOrEqual(Math.min(x * i, o));
        // At a few bits the formula itself is not monotonic: omega grows as P_hi shrinks, by 0.137
        // bits at (n_in, n_out, nw, h_in) = (2, 1, 1, 2). At the sizes of a component it is.
        if (Math.min(i, o, w) >= 256)
          expect(outputEntropy(of(i, o, w, (x * i) / 2))).toBeLessThanOrEqual(h + 1e-9);
        expect(outputEntropyNonVetted(of(i, o, w, x * i), 1)).toBeLessThanOrEqual(0.999 * o);
      }),
    );
  });

  test("what is no conditioning throws", () => {
    expect(() => outputEntropy(of(0, 1, 1, 1))).toThrow(RangeError);
    expect(() => outputEntropy(of(8, 1, 1, 9))).toThrow(RangeError);
    expect(() => outputEntropy(of(8, 1, 1, 0))).toThrow(RangeError);
    expect(() => outputEntropy(of(8, 1, 1, Number.NaN))).toThrow(RangeError);
    expect(() => outputEntropyNonVetted(of(8, 1, 1, 4), 1.1)).toThrow(RangeError);
  });
});
