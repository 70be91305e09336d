import { readFileSync } from "node:fs";
import { parseWitnessKey, type WitnessKey } from "../log/cosignature.ts";
import { Failure } from "./failure.ts";

/**
 * The key of a witness.
 * @param given the key itself, or a file that holds it
 */
export function witnessKeyOf(given: string): WitnessKey {
  const inText = parseWitnessKey(given);
  if (inText) return inText;
  let text = "";
  try {
    text = readFileSync(given, "utf8");
  } catch {
    // Said below: it is neither.
  }
  const witness = parseWitnessKey(text);
  if (witness) return witness;
  throw new Failure(
    1,
    `${given} is no key of a witness, and no file with one`,
    "Give it with --witness as the witness publishes it: NAME+ID+KEY of C2SP tlog-cosignature.",
  );
}
