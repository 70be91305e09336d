import { componentEntropy, conditioningFault } from "../assess/conditioned/component.ts";
import type { Conditioning } from "../standard/outputEntropy.ts";
import { Failure } from "./failure.ts";
import { columns, type Terminal } from "./terminal.ts";

export interface ComponentOptions {
  readonly nIn?: number;
  readonly nOut?: number;
  readonly nw?: number;
  readonly hIn?: number;
}

/** The component that is meant: null without any of the options. @throws Failure for some of them */
export function conditioningOf({ nIn, nOut, nw, hIn }: ComponentOptions): Conditioning | null {
  if (nIn === undefined && nOut === undefined && nw === undefined && hIn === undefined) return null;
  if (nIn === undefined || nOut === undefined || nw === undefined || hIn === undefined)
    throw new Failure(2, "--n-in, --n-out, --nw and --h-in are given together or not at all");
  const conditioning: Conditioning = {
    inputBits: nIn,
    outputBits: nOut,
    narrowestWidthBits: nw,
    inputEntropy: hIn,
  };
  const fault = conditioningFault(conditioning);
  if (fault !== null) throw new Failure(2, fault);
  return conditioning;
}

export interface OutputEntropyOptions extends ComponentOptions {
  readonly hPrime?: number;
  readonly json?: boolean;
}

/** `springhouse output-entropy`: SP 800-90B 3.1.5 without a file. */
export async function outputEntropyCommand(
  terminal: Terminal,
  options: OutputEntropyOptions,
): Promise<void> {
  const component = componentEntropy(conditioningOf(options)!, options.hPrime ?? null);
  if (options.json) {
    await terminal.write(`${JSON.stringify(component, null, 2)}\n`);
    return;
  }
  const { vetted, nonVetted, vettedNegativeLog2Epsilon: epsilon, outputBits } = component;
  const short = epsilon === null ? "" : ` = (1 - 2^-${epsilon.toFixed(2)}) x ${outputBits}`;
  await terminal.write(
    `${columns([
      ["vetted component (3.1.5.1.2)", `${vetted}${short}`],
      [
        "any other (3.1.5.2)",
        nonVetted === null ? "needs h' of its outputs: --h-prime" : String(nonVetted),
      ],
    ])}\n`,
  );
}
