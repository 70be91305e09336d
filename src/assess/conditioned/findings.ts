import { estimateTable, intermediateTable, notRun, sampleWarnings } from "../nonIid/findings.ts";
import { decimals, whole } from "../report/text.ts";
import type { Samples } from "../samples.ts";
import type { Findings, Section } from "../suite.ts";
import type { ComponentEntropy } from "./component.ts";
import type { Conditioned } from "./conditioned.ts";

function componentTable(component: ComponentEntropy): Section {
  const { inputBits, outputBits, narrowestWidthBits, inputEntropy } = component;
  const { vetted, nonVetted } = component;
  const share = (entropy: number | null): string[] =>
    entropy === null ? ["", ""] : [decimals(entropy), decimals(entropy / outputBits)];
  return {
    title: "Entropy of an output (3.1.5)",
    note: `Of ${whole(outputBits)} bits, from ${whole(inputBits)} bits with ${inputEntropy} bits of entropy, through a narrowest width of ${whole(narrowestWidthBits)} bits. Whether the component is on the vetted list is not to be seen in its outputs.`,
    table: [
      ["component", "bits an output", "a bit"],
      ["vetted (3.1.5.1.2)", ...share(vetted)],
      ["any other (3.1.5.2)", ...share(nonVetted)],
    ],
  };
}

export function conditionedFindings(result: Conditioned, { symbols }: Samples): Findings {
  const { estimates, hPrime, component, bits } = result;
  const output =
    component === null
      ? ""
      : `; an output of ${component.outputBits} bits has ${decimals(component.vetted)} from a vetted component, ${decimals(component.nonVetted!)} from any other`;
  return {
    // It is no figure of the noise source, and must not be taken for one.
    minEntropy: null,
    passed: null,
    summary: `h' = ${decimals(hPrime)} bits a bit of ${whole(bits)} conditioned bits${output}`,
    warnings: [...sampleWarnings(symbols.length), ...notRun("bits", estimates)],
    sections: [
      estimateTable(
        [{ head: "bits", estimates, scale: 1 }],
        "Min-entropy a bit of the outputs as a bitstring; ◂ is the least, h'.",
      ),
      ...(component === null ? [] : [componentTable(component)]),
      intermediateTable("Intermediate values, bits", estimates),
    ],
  };
}
