import type { IncomingHttpHeaders } from "node:http";
import type { Socket } from "node:net";
import { type Bucket, bucketsAt } from "../access/quotas.ts";
import { digestToken, readBearer } from "../access/tokenText.ts";
import type { Clock } from "../port/clock.ts";
import type { Principal } from "../port/principal.ts";
import type { Board } from "./board.ts";
import type { Lent, ToHouse } from "./protocol.ts";

interface Entry {
  readonly principal: Principal;
  readonly untilMilliseconds: number;
  /** Of the board, when the house was asked. */
  readonly epoch: number;
  readonly requests: Bucket | null;
  readonly bytes: Bucket | null;
}

/** Which of the two is used up, and until when. */
export interface OverQuota {
  readonly what: "requests" | "bytes";
  readonly milliseconds: number;
}

/**
 * Who may come in, as far as this thread has asked the house. What it knows it forgets when any token
 * is revoked, at a token's end, and with the day. It has no token, and no digest of one that is nobody's.
 */
export class OutletBook {
  readonly #clock: Clock;
  readonly #board: Board;
  readonly #cells: BigInt64Array;
  readonly #tell: (message: ToHouse) => void;
  readonly #byDigest = new Map<string, Entry>();
  readonly #byPrincipal = new WeakMap<Principal, Entry>();
  /** Connections whose last token is to be asked for. */
  readonly #unknown = new WeakMap<Socket, string>();
  readonly #asked = new Map<string, ((isKnown: boolean) => void)[]>();
  #epoch: number;

  constructor(
    clock: Clock,
    board: Board,
    buckets: SharedArrayBuffer,
    tell: (message: ToHouse) => void,
  ) {
    this.#clock = clock;
    this.#board = board;
    this.#cells = new BigInt64Array(buckets);
    this.#tell = tell;
    this.#epoch = board.accessEpoch;
  }

  /** Null also for one that the house has not been asked for: see `ask`. */
  authenticate({ authorization }: IncomingHttpHeaders, socket: Socket): Principal | null {
    const token = authorization === undefined ? null : readBearer(authorization);
    if (token === null) return null;
    const digest = digestToken(token);
    const entry = this.#entryOf(digest);
    if (entry === null) this.#unknown.set(socket, digest);
    return entry?.principal ?? null;
  }

  isActive(principal: Principal): boolean {
    const entry = this.#byPrincipal.get(principal);
    return entry !== undefined && this.#isCurrent(entry);
  }

  /**
   * Asks the house for whoever was unknown on this connection.
   * @returns null when nobody was; else whether it is known now
   */
  ask(socket: Socket): Promise<boolean> | null {
    const digest = this.#unknown.get(socket);
    if (digest === undefined) return null;
    this.#unknown.delete(socket);
    return new Promise((resolve) => {
      const waiting = this.#asked.get(digest);
      if (waiting) {
        waiting.push(resolve);
        return;
      }
      this.#asked.set(digest, [resolve]);
      this.#tell({ who: digest });
    });
  }

  /** @param epoch of the board before the house looked it up */
  learn(digest: string, lent: Lent | null, epoch: number): void {
    const waiting = this.#asked.get(digest) ?? [];
    this.#asked.delete(digest);
    if (lent !== null) {
      const { principal, untilMilliseconds, cells } = lent;
      const buckets = bucketsAt(principal.quota, cells, this.#cells);
      const entry = { principal, untilMilliseconds, epoch, ...buckets };
      this.#byDigest.set(digest, entry);
      this.#byPrincipal.set(principal, entry);
    }
    for (const resolve of waiting) resolve(lent !== null);
  }

  /**
   * Takes a request and its bytes out of its quota, as the house does: a request whose bytes lack is one
   * all the same.
   * @returns null, or what it lacks
   */
  admit(principal: Principal, bytes: number): OverQuota | null {
    const entry = this.#byPrincipal.get(principal)!;
    if (entry.requests === null && entry.bytes === null) return null;
    const now = this.#clock.monotonicMilliseconds();
    const requestWait = entry.requests?.admit(1, now) ?? 0;
    if (requestWait > 0) return { what: "requests", milliseconds: requestWait };
    const bytesWait = entry.bytes?.admit(bytes, now) ?? 0;
    return bytesWait > 0 ? { what: "bytes", milliseconds: bytesWait } : null;
  }

  /** For a request that the house answers, out of the same quota. */
  giveBack(principal: Principal, bytes: number): void {
    const { requests, bytes: ofBytes } = this.#byPrincipal.get(principal)!;
    requests?.giveBack(1);
    ofBytes?.giveBack(bytes);
  }

  #entryOf(digest: string): Entry | null {
    if (this.#epoch !== this.#board.accessEpoch) {
      this.#epoch = this.#board.accessEpoch;
      this.#byDigest.clear();
    }
    const entry = this.#byDigest.get(digest);
    if (entry === undefined) return null;
    if (this.#isCurrent(entry)) return entry;
    this.#byDigest.delete(digest);
    return null;
  }

  #isCurrent({ epoch, untilMilliseconds }: Entry): boolean {
    return epoch === this.#board.accessEpoch && this.#clock.wallMilliseconds() < untilMilliseconds;
  }
}
