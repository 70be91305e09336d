import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import type { Principal } from "../port/principal.ts";
import type { Certificates } from "./certificates.ts";
import type { Quotas } from "./quotas.ts";
import { readSessionCookie } from "./sessionCookie.ts";
import type { Sessions } from "./sessions.ts";
import type { TokenBook } from "./tokenBook.ts";
import { readBearer } from "./tokenText.ts";

/** How somebody said who it is. */
export type Credential = "token" | "session" | "connection";

/** The one that counts: the most deliberate that is there, whether or not it is any good. */
export function credentialOf({ authorization, cookie }: IncomingHttpHeaders): Credential {
  if (authorization !== undefined) return "token";
  return readSessionCookie(cookie).isThere ? "session" : "connection";
}

/** Who comes in, and how much each may take. */
export class Access {
  readonly tokens: TokenBook;
  readonly sessions: Sessions;
  readonly certificates: Certificates;
  readonly quotas: Quotas;

  constructor(tokens: TokenBook, sessions: Sessions, certificates: Certificates, quotas: Quotas) {
    this.tokens = tokens;
    this.sessions = sessions;
    this.certificates = certificates;
    this.quotas = quotas;
  }

  /**
   * An Authorization header decides alone where there is one, then a session's cookie: a client that
   * presents a bad token is not let in by its certificate. Every kind of failure is the same null.
   */
  authenticate({ authorization, cookie }: IncomingHttpHeaders, socket: Socket): Principal | null {
    if (authorization !== undefined) {
      const token = readBearer(authorization);
      return token === null ? null : this.tokens.authenticate(token);
    }
    const read = readSessionCookie(cookie);
    if (!read.isThere) return this.certificates.authenticate(socket);
    return read.secret === null ? null : this.sessions.authenticate(read.secret);
  }

  /** Whether somebody who came in a while ago would still be let in. */
  isActive(principal: Principal): boolean {
    return (
      this.tokens.isActive(principal) ||
      this.sessions.isActive(principal) ||
      this.certificates.isActive(principal)
    );
  }
}
