import { refuse, type Refusal } from "../port/errors.ts";

/* Texts that people type and others read: on a terminal, in the journal, in the log for ever. */

/**
 * One line. No control characters (those above U+0080 too), nothing that turns a text round on a screen,
 * no half of a surrogate pair.
 */
export const LINE = "^[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}\\p{Bidi_Control}]+$";
/** What is typed and never shown. */
export const SECRET_LINE = "^[^\\p{Cc}\\p{Cs}]+$";

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

/**
 * RFC 7493 2.1: names and texts of JSON are Unicode. Half of a surrogate pair has no bytes in UTF-8, so
 * that it would be kept, signed and bound to as another text than was sent.
 * @param json what JSON.parse takes
 */
export function refuseHalfPairs(json: string): Refusal | null {
  if (!SURROGATE_ESCAPE.test(json)) return null;
  let whole = true;
  try {
    JSON.parse(json, (name, value: unknown) => {
      whole &&= name.isWellFormed() && (typeof value !== "string" || value.isWellFormed());
      return value;
    });
  } catch {
    whole = false;
  }
  return whole
    ? null
    : refuse("invalid_parameter", "A text in the body has half a surrogate pair.");
}
