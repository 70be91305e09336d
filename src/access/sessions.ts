import { hash } from "node:crypto";
import type { Clock } from "../port/clock.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { EventKind, Observer } from "../port/event.ts";
import type { Principal } from "../port/principal.ts";
import type { TokenBook } from "./tokenBook.ts";
import { WrongTokens } from "./wrongTokens.ts";

export interface SessionsTerms {
  readonly clock: Clock;
  readonly tokens: TokenBook;
  /**
   * Fresh bytes of the OS RNG, which are overwritten. Not of the DRBG: an operator has to come in just
   * when no seed can be had and the service refuses.
   */
  readonly osRandom: (bytes: number) => Uint8Array;
  readonly observer: Observer;
}

interface Session {
  readonly principal: Principal;
  /** Of the token that it was opened with: it ends with that. */
  readonly owner: Principal;
  readonly digest: string;
  readonly untilMilliseconds: number;
  usedMilliseconds: number;
}

export interface OpenedSession {
  readonly ok: true;
  /** For the cookie; kept nowhere. */
  readonly secret: string;
  readonly principal: Principal;
  readonly seconds: number;
}

const SECRET_BYTES = 32;
/** A working day. */
const LONGEST_MILLISECONDS = 8 * 3_600_000;
/** Since the last request or sign of life of a live page: a page that was closed is forgotten. */
const IDLE_MILLISECONDS = 30 * 60_000;
/** Of one token; the oldest gives way. Tokens are issued, so all of them are bounded as well. */
const SESSIONS_OF_TOKEN = 16;

const WRONG = refuse("unauthenticated", "This token is unknown, expired or revoked.", {
  remedy: "`springhouse token create` makes one; the first start wrote one to STATE/admin.token.",
});

/**
 * Browsers that signed in with a token. In memory: a restart ends them. Only a hash of the secret is
 * kept, as of tokens. Each session has a principal object of its own, so that what it has open ends
 * with it, and the token's id, so that quotas and records are the token's.
 */
export class Sessions {
  readonly #terms: SessionsTerms;
  readonly #wrong: WrongTokens;
  readonly #byDigest = new Map<string, Session>();
  readonly #byPrincipal = new WeakMap<Principal, Session>();

  constructor(terms: SessionsTerms) {
    this.#terms = terms;
    this.#wrong = new WrongTokens(terms.clock);
  }

  /**
   * @param token as it was given
   * @param address where from, to slow down those who try
   * @returns a Refusal `throttled` or `unauthenticated`
   */
  open(token: string, address: string): OpenedSession | Refusal {
    const { tokens, osRandom } = this.#terms;
    const wait = this.#wrong.wait(address);
    if (wait > 0)
      return refuse("throttled", "Several tokens in a row were wrong.", {
        remedy: "Wait, and paste the whole token: `sph_` and 43 characters.",
        retryAfterSeconds: Math.ceil(wait / 1000),
      });
    const owner = tokens.authenticate(token);
    if (owner === null) {
      this.#wrong.wrong(address);
      return WRONG;
    }
    this.#wrong.right(address);
    this.#makeRoom(owner);
    const bytes = osRandom(SECRET_BYTES);
    const secret = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64url");
    bytes.fill(0);
    const now = this.#now();
    const session: Session = {
      principal: { ...owner },
      owner,
      digest: hash("sha256", secret, "hex"),
      untilMilliseconds: now + LONGEST_MILLISECONDS,
      usedMilliseconds: now,
    };
    this.#byDigest.set(session.digest, session);
    this.#byPrincipal.set(session.principal, session);
    this.#tell("session_opened", session, "A browser signed in.");
    const { principal } = session;
    return { ok: true, secret, principal, seconds: LONGEST_MILLISECONDS / 1000 };
  }

  /** Whose session it is; null for one that is unknown or has ended. */
  authenticate(secret: string): Principal | null {
    const session = this.#byDigest.get(hash("sha256", secret, "hex"));
    return session && this.#isLive(session) ? this.#used(session) : null;
  }

  /** Whether it is a session's, and the session goes on: asked by what is open, it is a use of it. */
  isActive(principal: Principal): boolean {
    const session = this.#byPrincipal.get(principal);
    if (session === undefined || !this.#isLive(session)) return false;
    this.#used(session);
    return true;
  }

  /** Unix milliseconds at which a session ends at the latest; null for whoever has none. */
  endOf(principal: Principal): number | null {
    const session = this.#byPrincipal.get(principal);
    if (session === undefined) return null;
    return this.#terms.clock.wallMilliseconds() + session.untilMilliseconds - this.#now();
  }

  /** Signs out, at once; nothing for whoever has no session. */
  close(principal: Principal): void {
    const session = this.#byPrincipal.get(principal);
    if (session !== undefined && this.#byDigest.delete(session.digest))
      this.#tell("session_closed", session, "A browser signed out.");
  }

  #isLive(session: Session): boolean {
    const now = this.#now();
    const live =
      this.#byDigest.has(session.digest) &&
      this.#terms.tokens.isActive(session.owner) &&
      now < session.untilMilliseconds &&
      now < session.usedMilliseconds + IDLE_MILLISECONDS;
    if (!live) this.#byDigest.delete(session.digest);
    return live;
  }

  #used(session: Session): Principal {
    session.usedMilliseconds = this.#now();
    return session.principal;
  }

  #makeRoom(owner: Principal): void {
    const own = [...this.#byDigest.values()].filter(
      (session) => session.owner === owner && this.#isLive(session),
    );
    if (own.length >= SESSIONS_OF_TOKEN) this.#byDigest.delete(own[0]!.digest);
  }

  /** Kept in the background: a disk that is full must not keep anybody from seeing that it is. */
  #tell(kind: EventKind, { principal }: Session, detail: string): void {
    this.#terms.observer.event({
      kind,
      atMilliseconds: this.#terms.clock.wallMilliseconds(),
      source: null,
      severity: "info",
      actor: principal.id,
      reason: null,
      detail,
      data: {},
    });
  }

  /** Monotonic: a wall clock that is set back would give a session more time. */
  #now(): number {
    return this.#terms.clock.monotonicMilliseconds();
  }
}
