import { createHash, randomBytes } from "node:crypto";
import { SpringhouseError } from "../port/errors.ts";

/** Notes that are kept for those who come for them at once; the oldest goes first. */
const KEPT = 64;

/** What the service says of samples that it gave away: the note exists once the last one was given. */
export interface Attested {
  readonly id: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Signed words of the service on what it poured out of a source: the samples are hashed on their way,
 * so that the note answers for what was given and not for what somebody has.
 */
export class Attestations {
  readonly #notes = new Map<string, string>();

  /**
   * @param count samples that have to come; fewer are an error, since that must not look complete
   * @param sign makes the note of the hash of all samples, in hexadecimal
   */
  watch(
    chunks: AsyncIterable<Uint8Array>,
    count: number,
    sign: (sha256: string) => string,
  ): Attested {
    const id = `attestation-${randomBytes(8).toString("hex")}`;
    return { id, chunks: this.#hashed(id, chunks, count, sign) };
  }

  find(id: string): string | undefined {
    return this.#notes.get(id);
  }

  async *#hashed(
    id: string,
    chunks: AsyncIterable<Uint8Array>,
    count: number,
    sign: (sha256: string) => string,
  ): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    let samples = 0;
    for await (const chunk of chunks) {
      samples += chunk.length;
      hash.update(chunk);
      // Before the last chunk leaves, so that the note is there for whoever has read it.
      if (samples === count) this.#keep(id, sign(hash.digest("hex")));
      yield chunk;
    }
    if (samples !== count)
      throw new SpringhouseError("conflict", `a tap of ${count} samples ended after ${samples}`);
  }

  #keep(id: string, note: string): void {
    const [oldest] = this.#notes.keys();
    if (this.#notes.size >= KEPT && oldest !== undefined) this.#notes.delete(oldest);
    this.#notes.set(id, note);
  }
}
