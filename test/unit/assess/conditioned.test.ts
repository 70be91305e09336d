import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { componentEntropy } from "../../../src/assess/conditioned/component.ts";
import {
  conditionedCampaign,
  runConditionedTask,
} from "../../../src/assess/conditioned/conditioned.ts";
import { conditionedFindings } from "../../../src/assess/conditioned/findings.ts";
import type { Samples } from "../../../src/assess/samples.ts";
import { conditionedSuite } from "../../../src/assess/conditioned/suite.ts";
import type { Conditioning } from "../../../src/standard/outputEntropy.ts";
import { ESTIMATOR_TITLES, hasVectors, printedValues, VECTORS } from "./nonIid.ts";

const COMPONENT: Conditioning = {
  inputBits: 512,
  outputBits: 256,
  narrowestWidthBits: 256,
  inputEntropy: 256,
};

function conditioned(samples: Samples, component: Conditioning | null = null) {
  const campaign = conditionedCampaign(samples, component);
  for (let task = campaign.next(); task !== null; task = campaign.next())
    campaign.take(
      task,
      runConditionedTask(samples, task, () => {}),
    );
  return campaign.result()!;
}

describe.skipIf(!hasVectors)("NIST's figures (needs ../shared/vectors)", () => {
  test.each([
    ["rand1_short", 1, "Literal"],
    ["rand4_short", 4, "Bitstring"],
    ["rand8_short", 8, "Bitstring"],
  ])("%s as a bitstring", (name, bitsPerSymbol, part) => {
    const text = readFileSync(`${VECTORS}nist90b/${name}.noniid.txt`, "utf8");
    const symbols = new Uint8Array(readFileSync(`${VECTORS}nist90b/${name}.bin`));
    const { estimates, hPrime, bits } = conditioned({ symbols, bitsPerSymbol });
    expect(estimates).toHaveLength(10);
    expect(bits).toBe(symbols.length * bitsPerSymbol);
    const theirs = estimates.map(({ estimator, minEntropy }) => {
      const [figure] = printedValues(text, part, ESTIMATOR_TITLES[estimator], "min entropy");
      expect(Math.abs(minEntropy! - figure!), estimator).toBeLessThan(1e-9);
      return figure!;
    });
    expect(Math.abs(hPrime - Math.min(...theirs))).toBeLessThan(1e-9);
  });
});

test("symbols of two values that are wider than a bit are taken bit by bit", () => {
  const symbols = Uint8Array.from({ length: 7000 }, (_, at) => ((at * at) % 7 < 3 ? 3 : 200));
  const { estimates, bits } = conditioned({ symbols, bitsPerSymbol: 8 });
  expect(bits).toBe(56_000);
  // 3 has two ones and 200 three, and of seven symbols five are 3.
  expect(estimates[0]).toMatchObject({ estimator: "mostCommonValue", pHat: 40_000 / 56_000 });
});

describe("what a component's output has", () => {
  const noise = Uint8Array.from(
    { length: 20_000 },
    (_, at) => (Math.imul(at, 2654435761) >>> 13) & 1,
  );

  test("for both kinds of component, and no figure of a source", () => {
    const samples: Samples = { symbols: noise, bitsPerSymbol: 1 };
    const result = conditioned(samples, COMPONENT);
    const { hPrime, component } = result;
    expect(component).toMatchObject({ ...COMPONENT, vetted: 255 });
    expect(component!.nonVetted).toBe(Math.min(255, 0.999 * 256, 256 * hPrime));
    const findings = conditionedFindings(result, samples);
    expect(findings).toMatchObject({ minEntropy: null, passed: null });
    expect(findings.sections.map(({ title }) => title)).toContain("Entropy of an output (3.1.5)");
    expect(findings.warnings[0]).toContain("asks for 1,000,000");
  });

  test("without its sizes there is h' alone", () => {
    const samples: Samples = { symbols: noise, bitsPerSymbol: 1 };
    const result = conditioned(samples);
    expect(result.component).toBeNull();
    expect(conditionedFindings(result, samples).summary).not.toContain("vetted");
  });

  test("a constant has none", () => {
    const symbols = new Uint8Array(20_000);
    const { hPrime, component } = conditioned({ symbols, bitsPerSymbol: 1 }, COMPONENT);
    expect([hPrime, component!.nonVetted, component!.vetted]).toEqual([0, 0, 255]);
  });
});

describe("Output_Entropy as NIST's ea_conditioning has it", () => {
  // n_in, n_out, nw, h_in, h': reference/tools.md, ea_conditioning.
  test.each([
    [64, 32, 256, 32, null, 31.00000000016795],
    [320, 256, 256, 300, null, 255.999999993672],
    [1024, 256, 256, 256.5, null, 255.22844669683684],
    [1000, 256, 512, 257, null, 255.41503749927884],
    [100, 256, 256, 99, null, 96.32485023010814],
    [256, 256, 256, 255, null, 251.689764568727],
    [256, 256, 256, 256, null, 251.689764568727],
    [512, 256, 256, 256, 0.9, 230.4],
    // The formula in 60 digits: 0.90755375123540493966.
    [8, 1, 8, 4, 0.99, 0.907553751235405],
  ])("%i %i %i %f", (inputBits, outputBits, narrowestWidthBits, inputEntropy, hPrime, expected) => {
    const conditioning = { inputBits, outputBits, narrowestWidthBits, inputEntropy };
    const { vetted, nonVetted } = componentEntropy(conditioning, hPrime);
    expect(Math.abs((hPrime === null ? vetted : nonVetted!) - expected)).toBeLessThan(1e-9);
    expect(nonVetted === null).toBe(hPrime === null);
  });

  test("full entropy is told by its epsilon, for a double has no digits for it", () => {
    const conditioning = { ...COMPONENT, inputBits: 440, inputEntropy: 320 };
    const { vetted, vettedNegativeLog2Epsilon } = componentEntropy(conditioning, null);
    expect(vetted).toBe(256);
    expect(vettedNegativeLog2Epsilon).toBeCloseTo(71.47, 2);
  });
});

test("a claim for a source and a component that cannot be are faults", () => {
  const samples: Samples = { symbols: new Uint8Array(10), bitsPerSymbol: 1 };
  const parameters = { claimedEntropy: null, seed: null, constants: null, conditioning: COMPONENT };
  expect(conditionedSuite.fault(samples, parameters, null)).toBeNull();
  expect(conditionedSuite.fault(samples, { ...parameters, claimedEntropy: 0.5 }, null)).toContain(
    "--h",
  );
  const impossible = { ...COMPONENT, inputEntropy: 513 };
  expect(
    conditionedSuite.fault(samples, { ...parameters, conditioning: impossible }, null),
  ).toContain("513");
});
