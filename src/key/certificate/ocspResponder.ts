import type { Refusal } from "../../port/errors.ts";
import type { Store } from "../../store/store.ts";
import type { Issuer } from "./certificate.ts";
import { ocspAnswerOf, ocspFailure, type OcspQuestion, readOcspRequest } from "./ocsp.ts";
import { toRevocation } from "./rows.ts";
import { isFresh, type Signed, validity } from "./freshness.ts";
import type { Unsigned } from "./signed.ts";

export interface OcspTerms {
  readonly store: Pick<Store, "read">;
  readonly now: () => number;
}

/** The authority that answers, as it is now. */
export interface Responder {
  readonly serial: string;
  readonly issuer: Issuer;
  readonly sign: (answer: Unsigned) => Promise<Uint8Array | Refusal>;
}

const ANSWERS_HELD = 10_000;
/**
 * A nonce makes somebody who needs no token have us sign. Beyond so many in a second it is answered as
 * if there were none, with what was signed ahead, as RFC 6960 allows: the client decides.
 */
export const NONCES_PER_SECOND = 50;

/** OCSP (RFC 6960): answers that are signed ahead for all who ask, and one of its own for a nonce. */
export class OcspResponder {
  readonly #terms: OcspTerms;
  readonly #answers = new Map<string, Signed>();
  #changes = 0;
  #second = 0;
  #signed = 0;

  constructor(terms: OcspTerms) {
    this.#terms = terms;
  }

  /** Something changed: nothing that was signed before is given any more. */
  forget(): void {
    this.#changes++;
    this.#answers.clear();
  }

  /**
   * @param request DER
   * @returns a response in DER; what cannot be answered gets an unsigned failure
   */
  async answer(request: Uint8Array, responder: Responder): Promise<Uint8Array | Refusal> {
    const question = readOcspRequest(request, responder.issuer);
    if (typeof question === "string") return ocspFailure(question);
    if (question.nonce !== null && this.#maySign()) {
      const own = await this.#sign(question, responder);
      // Over a sealed vault what was signed goes on.
      if (own instanceof Uint8Array || own.code !== "sealed") return own;
    }
    return this.#ahead({ ...question, nonce: null }, responder);
  }

  async #ahead(question: OcspQuestion, responder: Responder): Promise<Uint8Array | Refusal> {
    // The hashes of the question come back in the answer: one of SHA-1 and one of SHA-256.
    const name = `${question.certificate.hashAlgorithm.algorithmId} ${question.serial}`;
    const known = this.#answers.get(name) ?? null;
    const now = this.#terms.now();
    if (isFresh(known, now)) return known.der;
    const changes = this.#changes;
    const der = await this.#sign(question, responder);
    const isAnswer = der instanceof Uint8Array && der !== UNAUTHORIZED;
    if (isAnswer && changes === this.#changes) {
      if (this.#answers.size >= ANSWERS_HELD) this.#answers.clear();
      this.#answers.set(name, { der, fromMilliseconds: now });
    }
    return der;
  }

  async #sign(question: OcspQuestion, responder: Responder): Promise<Uint8Array | Refusal> {
    const [row] = await this.#terms.store.read("certificate.one", [question.serial]);
    // RFC 5019 2.2.3: of a certificate that was never issued nothing is signed.
    if (!row || row["authority"] !== responder.serial) return UNAUTHORIZED;
    const times = validity(this.#terms.now());
    return responder.sign(ocspAnswerOf(question, toRevocation(row), responder.issuer, times));
  }

  #maySign(): boolean {
    const second = Math.floor(this.#terms.now() / 1000);
    if (second !== this.#second) [this.#second, this.#signed] = [second, 0];
    return ++this.#signed <= NONCES_PER_SECOND;
  }
}

const UNAUTHORIZED = ocspFailure("unauthorized");
