import type { Clock } from "../port/clock.ts";
import type { RandomSupply } from "../port/draw.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { Principal, Quota, Role } from "../port/principal.ts";
import {
  describeToken,
  type TokenDescription,
  type TokenRecord,
  type TokenRepository,
} from "./tokenRecord.ts";
import { digestToken, formatToken, isToken, TOKEN_SECRET_BYTES } from "./tokenText.ts";

export interface TokenRequest {
  readonly name: string;
  readonly roles: readonly Role[];
  /** What is left out is the book's. */
  readonly quota?: Partial<Quota>;
  /** Unix milliseconds, in the future; null or absent: it does not expire. */
  readonly expiresMilliseconds?: number | null;
}

export interface CreatedToken {
  readonly ok: true;
  /** Shown this once, kept nowhere. */
  readonly token: string;
  readonly description: TokenDescription;
}

export interface TokenBookOptions {
  readonly clock: Clock;
  readonly random: RandomSupply;
  readonly repository: TokenRepository;
  readonly defaultQuota: Quota;
}

interface Entry {
  record: TokenRecord;
  readonly principal: Principal;
  /** First millisecond at which it no longer counts: expiry, or -Infinity once revoked. */
  validUntil: number;
  /** Day number of the last use that was noted. */
  usedDay: number;
  /** The write of its revocation, while it is under way. */
  revoking: Promise<void> | null;
}

const SAID_OF_TOKENS = { source: null, severity: "info", reason: null } as const;
/** More would be a leak of tokens rather than a use of them, and every one is held in memory. */
const MAXIMUM_TOKENS = 100_000;
const ID_BYTES = 8;
/** What the text and the public id of one token are made of. */
export const TOKEN_MATERIAL_BYTES = TOKEN_SECRET_BYTES + ID_BYTES;
const DAY_MILLISECONDS = 86_400_000;

/**
 * Every token of the service, by the hash of its text. A lookup is one SHA-256 and one map access
 * keyed by it, so its time says nothing of the secret, and no cache holds a token in the clear.
 */
export class TokenBook {
  readonly #options: TokenBookOptions;
  readonly #byDigest = new Map<string, Entry>();
  readonly #byId = new Map<string, Entry>();
  readonly #revokedListeners = new Set<() => void>();

  constructor(options: TokenBookOptions) {
    this.#options = options;
  }

  /** Reads what is kept. Call once, before anybody is let in. */
  async load(): Promise<void> {
    for (const record of await this.#options.repository.all()) this.#add(record);
  }

  /**
   * Whose token it is; null for one that is malformed, unknown, expired or revoked, which look alike.
   * @param text as presented
   */
  authenticate(text: string): Principal | null {
    return isToken(text) ? (this.lend(digestToken(text))?.principal ?? null) : null;
  }

  /**
   * The same by the token's digest, for whoever asks once for many requests; until when it may, unless
   * `onRevoked` says otherwise: the token's end, or the day's, as a day's first use is noted.
   */
  lend(
    digest: string,
  ): { readonly principal: Principal; readonly untilMilliseconds: number } | null {
    const entry = this.#byDigest.get(digest);
    if (entry === undefined) return null;
    const now = this.#options.clock.wallMilliseconds();
    if (now >= entry.validUntil) return null;
    const day = Math.floor(now / DAY_MILLISECONDS);
    if (day !== entry.usedDay) this.#noteUse(entry, day);
    const untilMilliseconds = Math.min(entry.validUntil, (day + 1) * DAY_MILLISECONDS);
    return { principal: entry.principal, untilMilliseconds };
  }

  /** Called when a token was revoked, before anybody is told that it is. */
  onRevoked(listener: () => void): void {
    this.#revokedListeners.add(listener);
  }

  /** Whether a principal that came in by a token would still be let in. For long-lived connections. */
  isActive(principal: Principal): boolean {
    const entry = this.#byId.get(principal.id);
    return (
      entry?.principal === principal && this.#options.clock.wallMilliseconds() < entry.validUntil
    );
  }

  /**
   * Draws, keeps and answers a new token. It is durable, and so is its event, before this resolves.
   * @returns a Refusal of the draw, or `invalid_parameter`
   * @throws SpringhouseError `store_failed`
   */
  async create(request: TokenRequest, actor: string): Promise<CreatedToken | Refusal> {
    const refusal = this.#refuse(request);
    if (refusal) return refusal;
    const drawn = await this.#options.random.draw({
      bytes: TOKEN_MATERIAL_BYTES,
      door: "internal",
      principal: actor,
      purpose: "token",
      requirement: {},
    });
    return drawn.ok ? this.#keep(request, actor, drawn.bytes) : drawn;
  }

  /**
   * As `create`, but from bytes that the caller drew elsewhere, which are overwritten. Only for the
   * credential that must exist before the DRBG is seeded: see adminToken.ts.
   * @param material TOKEN_MATERIAL_BYTES of at least 256 bits of strength
   */
  async createFrom(
    material: Uint8Array,
    request: TokenRequest,
    actor: string,
  ): Promise<CreatedToken | Refusal> {
    if (material.length !== TOKEN_MATERIAL_BYTES)
      throw new RangeError(`a token is made of ${TOKEN_MATERIAL_BYTES} bytes`);
    return this.#refuse(request) ?? this.#keep(request, actor, material);
  }

  #refuse({ roles, expiresMilliseconds }: TokenRequest): Refusal | null {
    if (roles.length === 0) return refuse("invalid_parameter", "roles is empty.");
    if ((expiresMilliseconds ?? Infinity) <= this.#options.clock.wallMilliseconds())
      return refuse("invalid_parameter", "The expiry is in the past.");
    if (this.#byId.size >= MAXIMUM_TOKENS)
      return refuse("conflict", `There are ${MAXIMUM_TOKENS} tokens already.`);
    return null;
  }

  async #keep(request: TokenRequest, actor: string, material: Uint8Array): Promise<CreatedToken> {
    const { clock, repository, defaultQuota } = this.#options;
    const now = clock.wallMilliseconds();
    const expiresMilliseconds = request.expiresMilliseconds ?? null;
    const token = formatToken(material.subarray(0, TOKEN_SECRET_BYTES));
    const id = Buffer.from(material.subarray(TOKEN_SECRET_BYTES)).toString("hex");
    material.fill(0);
    const record: TokenRecord = {
      id: `token-${id}`,
      name: request.name,
      roles: [...new Set(request.roles)],
      quota: { ...defaultQuota, ...request.quota },
      digest: digestToken(token),
      createdMilliseconds: now,
      createdBy: actor,
      expiresMilliseconds,
      lastUsedDay: null,
      revokedMilliseconds: null,
    };
    await repository.putWithEvent(record, {
      kind: "token_created",
      atMilliseconds: now,
      ...SAID_OF_TOKENS,
      actor,
      detail: `Token ${record.id} was created.`,
      data: { token: record.id, roles: record.roles.join(","), expires: expiresMilliseconds },
    });
    this.#add(record);
    return { ok: true, token, description: describeToken(record) };
  }

  /** What people call it; null for no token's id. */
  nameOf(id: string): string | null {
    return this.#byId.get(id)?.record.name ?? null;
  }

  /** Every token, oldest first, revoked and expired ones included; never a secret or its hash. */
  list(): TokenDescription[] {
    return [...this.#byId.values()]
      .map((entry) => describeToken(entry.record))
      .sort((a, b) => a.createdMilliseconds - b.createdMilliseconds || (a.id < b.id ? -1 : 1));
  }

  /**
   * Takes effect at once, and is durable when this resolves, with its event. Revoking twice does
   * nothing more; after a failure it may be tried again.
   * @returns null when done, else a Refusal `not_found`
   * @throws SpringhouseError `store_failed`: it no longer works in this process, but may after a restart
   */
  async revoke(id: string, actor: string): Promise<Refusal | null> {
    const entry = this.#byId.get(id);
    if (!entry) return refuse("not_found", "There is no such token.");
    if (entry.record.revokedMilliseconds === null) {
      entry.validUntil = -Infinity;
      for (const listener of this.#revokedListeners) listener();
      entry.revoking ??= this.#keepRevoked(entry, actor).finally(() => (entry.revoking = null));
      await entry.revoking;
    }
    return null;
  }

  async #keepRevoked(entry: Entry, actor: string): Promise<void> {
    const { clock, repository } = this.#options;
    const now = clock.wallMilliseconds();
    const record = { ...entry.record, revokedMilliseconds: now };
    await repository.putWithEvent(record, {
      kind: "token_revoked",
      atMilliseconds: now,
      ...SAID_OF_TOKENS,
      actor,
      detail: `Token ${record.id} was revoked.`,
      data: { token: record.id },
    });
    entry.record = record;
  }

  #add(record: TokenRecord): void {
    const { id, name, roles, quota } = record;
    const entry: Entry = {
      record,
      principal: { id, name, roles, quota },
      validUntil:
        record.revokedMilliseconds === null ? (record.expiresMilliseconds ?? Infinity) : -Infinity,
      usedDay: -1,
      revoking: null,
    };
    this.#byDigest.set(record.digest, entry);
    this.#byId.set(id, entry);
  }

  /** In the background: a failing disk must not lock anybody out, and the next day tries again. */
  #noteUse(entry: Entry, day: number): void {
    entry.usedDay = day;
    const lastUsedDay = new Date(day * DAY_MILLISECONDS).toISOString().slice(0, 10);
    if (entry.record.lastUsedDay === lastUsedDay) return;
    entry.record = { ...entry.record, lastUsedDay };
    this.#options.repository.put(entry.record).catch(() => {});
  }
}
