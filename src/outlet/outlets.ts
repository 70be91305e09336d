import type { Duplex } from "node:stream";
import type { Quotas } from "../access/quotas.ts";
import type { TokenBook } from "../access/tokenBook.ts";
import type { HotNotes } from "../api/hot/notes.ts";
import type { DrbgSupply } from "../drbg/randomSupply.ts";
import type { Cancel, Clock } from "../port/clock.ts";
import type { Observer } from "../port/event.ts";
import { RESEED_REASONS } from "../port/lineage.ts";
import type { OutputRecorder } from "../port/lineageRecorder.ts";
import type { InstanceSnapshot, OutletsSnapshot } from "../port/snapshot.ts";
import type { RequestTally } from "../telemetry/requestTally.ts";
import { OutletLine } from "./outletLine.ts";
import type { OutletTerms, OutletTls, StartOutletThread } from "./protocol.ts";

/** What is counted on the boards is read this often, and whenever somebody wants to know. */
const FOLD_MILLISECONDS = 1000;

export interface OutletsTerms {
  readonly clock: Clock;
  /** Threads that answer requests, the main one included. */
  readonly count: number;
  readonly startThread: StartOutletThread;
  readonly clockOrigin: bigint;
  readonly drbg: Pick<DrbgSupply, "lend" | "unavailable" | "watch" | "selfTestFailed">;
  readonly instance: OutletTerms["drbg"];
  readonly hosts: readonly string[] | null;
  readonly origins: readonly string[];
  readonly tokens: Pick<TokenBook, "lend" | "onRevoked">;
  readonly quotas: Pick<Quotas, "lend" | "used" | "shared">;
  readonly outputs: Pick<OutputRecorder, "count">;
  readonly tally: Pick<RequestTally, "absorb">;
  readonly observer: Observer;
}

/** Where the outlets listen too, and who has what they do not answer. */
export interface OutletsAddress {
  readonly address: OutletTerms["address"];
  readonly tls: OutletTls | null;
  readonly accept: (connection: Duplex) => void;
  readonly notes: HotNotes;
}

/**
 * The outlets beside the main thread: threads with a DRBG instance each, on the service's one address.
 * Seeds, tokens, quotas and records stay here, in the house; a thread that dies takes its connections
 * with it and nothing else, and another comes in its place.
 */
export class Outlets {
  readonly #terms: OutletsTerms;
  readonly #lines: readonly OutletLine[];
  #cancelFold: Cancel = () => {};

  constructor(terms: OutletsTerms) {
    this.#terms = terms;
    // The main thread's instance is `http`, so that the second is `http-2`.
    this.#lines = Array.from(
      { length: terms.count - 1 },
      (_, at) => new OutletLine(`http-${at + 2}`, terms),
    );
    if (this.#lines.length === 0) return;
    terms.tokens.onRevoked(() => this.#each(({ board }) => board.forgetAccess()));
    terms.drbg.watch({
      dropped: () => this.#each(({ board }) => board.dropSeeds()),
      overtaken: (reason) =>
        this.#each(({ board }) => board.requireReseed(RESEED_REASONS.indexOf(reason))),
      ended: () => this.#each(({ board }) => board.stop()),
    });
  }

  open(address: OutletsAddress): void {
    if (this.#lines.length === 0) return;
    this.availabilityChanged();
    this.#each((line) => line.open(address));
    this.#foldLater();
  }

  /** A source's state changed: seeds may be used again, or may not. */
  availabilityChanged(): void {
    if (this.#lines.length === 0) return;
    const held = this.#terms.drbg.unavailable() !== null;
    this.#each((line) => {
      line.board.held = held;
      if (!held) line.refill();
    });
  }

  /** The pool has new blocks, or the store takes records again. */
  poolChanged(): void {
    this.#each((line) => line.refill());
  }

  /** Takes over what was counted. */
  fold(): void {
    this.#each((line) => line.fold());
  }

  /** Of the second before. */
  instances(): readonly InstanceSnapshot[] {
    return this.#lines.flatMap(({ instance }) => (instance === null ? [] : [instance]));
  }

  snapshot(): OutletsSnapshot {
    return {
      configured: this.#terms.count,
      answering: 1 + this.#lines.filter(({ isOpen }) => isOpen).length,
      lostTotal: this.#lines.reduce((sum, { lost }) => sum + lost, 0),
    };
  }

  reloadTls(tls: OutletTls): void {
    this.#each((line) => line.reloadTls(tls));
  }

  /** No new connections; what is under way goes on. */
  close(): void {
    this.#each((line) => line.close());
  }

  /** Ends the threads, and takes over what they counted. */
  async stop(): Promise<void> {
    this.#cancelFold();
    await Promise.all(this.#lines.map((line) => line.stop()));
    this.fold();
  }

  #foldLater(): void {
    this.#cancelFold = this.#terms.clock.schedule(FOLD_MILLISECONDS, () => {
      this.fold();
      this.#foldLater();
    });
  }

  #each(action: (line: OutletLine) => void): void {
    for (const line of this.#lines) action(line);
  }
}
