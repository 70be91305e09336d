import { openCheckpoint } from "../../log/checkpoint.ts";
import { openHandover } from "../../log/handover.ts";
import { isSame, type Keyring } from "../../log/keyring.ts";
import type { Leaf } from "../../log/leaf.ts";
import type { Verifier } from "../../log/signer.ts";

/** The log's own keys as it tells of them: each hands over to the next, which signs from then on. */
export class ReplayedLogKeys {
  readonly #keyring: Keyring;
  readonly #note: string;
  #current: Verifier | null = null;

  /** @param note the checkpoint that covers all of the log */
  constructor(keyring: Keyring, note: string) {
    this.#keyring = keyring;
    this.#note = note;
  }

  apply(leaf: Leaf): string | null {
    if (leaf.kind !== "log_key") return null;
    const handover = openHandover(leaf.handover);
    if (!handover) return "a key is handed over to without the signatures of both";
    const { from, to } = handover;
    if (this.#current && !isSame(from, this.#current))
      return "a key hands over that was not the log's";
    const { verifiers } = this.#keyring;
    const at = verifiers.findIndex((one) => isSame(one, to));
    if (at < 0) return "it hands over to a key that the copy's hand-overs do not lead to";
    const signed = verifiers.slice(at).some((one) => openCheckpoint(this.#note, one) !== null);
    if (!signed) return "what comes after it is not signed by the key that it hands over to";
    this.#current = to;
    return null;
  }
}
