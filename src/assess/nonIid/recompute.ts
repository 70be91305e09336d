import { Type } from "typebox";
import { Compile } from "typebox/compile";

const bits = Type.Number({ minimum: 0, maximum: 8 });
const ESTIMATES = Type.Array(
  Type.Object({ estimator: Type.String(), minEntropy: Type.Union([bits, Type.Null()]) }),
  { maxItems: 20 },
);
const VALIDATOR = Compile(
  Type.Object({
    bitsPerSymbol: Type.Integer({ minimum: 1, maximum: 8 }),
    alphabet: Type.Integer({ minimum: 1, maximum: 256 }),
    literal: ESTIMATES,
    bitstring: Type.Union([ESTIMATES, Type.Null()]),
  }),
);

const OF_SYMBOLS = ["mostCommonValue", "tTuple", "lrs", "multiMcw", "lag", "multiMmc", "lz78y"];
const OF_BITS = [...OF_SYMBOLS, "collision", "markov", "compression"];

/**
 * The assessed figure from the estimates of a result that was read again: a report in which only the
 * sum was changed, or an estimator was left out, has none.
 * @returns bits a symbol; null where it cannot be had from all estimators that there have to be
 */
export function recomputeNonIid(result: unknown): number | null {
  if (!VALIDATOR.Check(result)) return null;
  const { bitsPerSymbol, alphabet, literal, bitstring } = result;
  const least = (estimates: typeof literal, wanted: readonly string[]): number | null => {
    const figures = new Map(estimates.map(({ estimator, minEntropy }) => [estimator, minEntropy]));
    let low = Infinity;
    for (const name of wanted) {
      const figure = figures.get(name) ?? null;
      if (figure === null) return null;
      low = Math.min(low, figure);
    }
    return low;
  };
  const symbols = least(literal, alphabet > 2 ? OF_SYMBOLS : OF_BITS);
  if (symbols === null || (bitstring === null) !== alphabet <= 2) return null;
  if (bitstring === null) return Math.min(symbols, bitsPerSymbol);
  const ofBits = least(bitstring, OF_BITS);
  return ofBits === null ? null : Math.min(symbols, bitsPerSymbol, bitsPerSymbol * ofBits);
}
