/** `version` needs no more; what comes before it can only be noise that was under way. */
const LONGEST_ANSWER_BYTES = 4096;
/** "\r\nVersion 65535\r\n" and some room. */
const KEPT_BYTES = 64;

export type OneRngAnswer =
  | { readonly type: "more" }
  /** @property rest how many bytes followed the answer in the same push */
  | { readonly type: "version"; readonly version: number; readonly rest: number }
  /** So much came without an answer in it that none is to be expected. */
  | { readonly type: "none" };

/**
 * Looks for the answer to `cmdv`, CR LF "Version N" CR LF, in whatever a device sends. It keeps a
 * few bytes only, and takes any input.
 */
export class OneRngVersionParser {
  #kept = "";
  #bytes = 0;

  /** How many bytes were looked at. */
  get bytes(): number {
    return this.#bytes;
  }

  push(bytes: Uint8Array): OneRngAnswer {
    this.#bytes += bytes.length;
    const text = this.#kept + Buffer.from(bytes).toString("latin1");
    const found = /\r\nVersion (\d{1,5})\r\n/.exec(text);
    if (found) {
      const version = Number(found[1]);
      return { type: "version", version, rest: text.length - found.index - found[0].length };
    }
    this.#kept = text.slice(-KEPT_BYTES);
    return { type: this.#bytes > LONGEST_ANSWER_BYTES ? "none" : "more" };
  }
}
