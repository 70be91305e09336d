import type { Socket } from "node:net";
import type { Principal } from "../port/principal.ts";
import type { Certificates } from "./certificates.ts";
import type { Quotas } from "./quotas.ts";
import type { TokenBook } from "./tokenBook.ts";
import { readBearer } from "./tokenText.ts";

/** Who comes in, and how much each may take. */
export class Access {
  readonly tokens: TokenBook;
  readonly certificates: Certificates;
  readonly quotas: Quotas;

  constructor(tokens: TokenBook, certificates: Certificates, quotas: Quotas) {
    this.tokens = tokens;
    this.certificates = certificates;
    this.quotas = quotas;
  }

  /**
   * An Authorization header decides alone where there is one: a client that presents a bad token is
   * not let in by its certificate. Every kind of failure is the same null.
   */
  authenticate(authorization: string | undefined, socket: Socket): Principal | null {
    if (authorization === undefined) return this.certificates.authenticate(socket);
    const token = readBearer(authorization);
    return token === null ? null : this.tokens.authenticate(token);
  }

  /** Whether somebody who came in a while ago would still be let in. */
  isActive(principal: Principal): boolean {
    return this.tokens.isActive(principal) || this.certificates.isActive(principal);
  }
}
