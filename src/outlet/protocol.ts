import type { DefectPlace } from "../api/problem.ts";
import type { PreparedSeeds, SeedLimits } from "../drbg/policy.ts";
import type { PreparedSeed } from "../drbg/preparedSeed.ts";
import type { Dropped, StoreFailure } from "../drbg/seedMaker.ts";
import type { HashName } from "../kernel/hmac.ts";
import type { Refusal } from "../port/errors.ts";
import type { ReseedReason, SeedKind, Shape } from "../port/lineage.ts";
import type { ServiceEvent } from "../port/event.ts";
import type { Principal } from "../port/principal.ts";
import type { InstanceSnapshot } from "../port/snapshot.ts";

/*
 * What the house and an outlet's thread say to each other. What must hold at once, at the next request
 * and not with the next message, stands in shared memory: see `board.ts`.
 */

/** PEM texts, as the listener has them. */
export interface OutletTls {
  readonly certificate: string;
  readonly key: string;
  readonly clientAuthority?: string;
  readonly requireClientCertificate?: boolean;
}

/** What a thread is started with. */
export interface OutletTerms {
  /** `http-2` and so on: of its DRBG instance in the lineage, too. */
  readonly instance: string;
  readonly board: SharedArrayBuffer;
  readonly buckets: SharedArrayBuffer;
  /** Of the house's monotonic clock: see `platform/clock.ts`. */
  readonly clockOrigin: bigint;
  readonly address: { readonly host: string; readonly port: number };
  readonly tls: OutletTls | null;
  readonly hosts: readonly string[] | null;
  readonly origins: readonly string[];
  readonly drbg: {
    readonly shape: Shape;
    readonly hash: HashName;
    readonly boot: string;
    readonly limits: SeedLimits;
    readonly ahead: PreparedSeeds;
    readonly selfTestMilliseconds: number;
  };
}

/** Where a client comes from, as the house may ask of its connection. */
export interface Peer {
  readonly remoteAddress: string | undefined;
  /** The certificate that the TLS stack has verified, in DER; null without. */
  readonly certificate: Uint8Array | null;
}

/** Whom a token belongs to. */
export interface Lent {
  readonly principal: Principal;
  /** Unix milliseconds from which on the house is to be asked again. */
  readonly untilMilliseconds: number;
  /** Where its buckets of requests and bytes are; -1 is unlimited. */
  readonly cells: readonly [requests: number, bytes: number];
}

/** A connection that the house answers, chunk by chunk, each acknowledged before the next. */
export type ConduitMessage =
  | { readonly conduit: number; readonly open: Peer }
  | { readonly conduit: number; readonly chunk: Uint8Array<ArrayBuffer> }
  /** The last chunk has left: to the socket, or to whoever reads. */
  | { readonly conduit: number; readonly taken: true }
  /** Nothing more comes from there. */
  | { readonly conduit: number; readonly end: true }
  /** It is gone. */
  | { readonly conduit: number; readonly closed: true };

export interface SeedOrder {
  readonly kind: SeedKind;
  readonly reason: ReseedReason;
}

/** A seed whose record is durable; with the epoch of the board at which it was given. */
export type LentSeed =
  | ({ readonly type: "prepared"; readonly epoch: number } & PreparedSeed)
  | StoreFailure
  | Dropped;

export type ToHouse =
  | { readonly ready: true }
  | { readonly seedNumber: number; readonly order: SeedOrder }
  | { readonly who: string }
  /** What is counted from now on in this slot of the board; of no seed: what is refused. */
  | { readonly slot: number; readonly seed: string | null; readonly principal: string }
  /** Nothing more is counted there. */
  | { readonly full: readonly number[] }
  /** For the log and the console; the board has the numbers. */
  | { readonly refused: Refusal; readonly id: string; readonly principal: string }
  | { readonly defect: DefectPlace; readonly id: string }
  | { readonly event: ServiceEvent }
  | { readonly snapshot: InstanceSnapshot }
  | { readonly selfTestFailed: string }
  | ConduitMessage;

export type ToOutlet =
  | { readonly seedNumber: number; readonly seed: LentSeed }
  /** Seeds may be had again. */
  | { readonly refill: true }
  | { readonly digest: string; readonly lent: Lent | null; readonly epoch: number }
  | { readonly free: readonly number[] }
  | { readonly tls: OutletTls }
  /** No new connections, and none that is idle. */
  | { readonly close: true }
  | ConduitMessage;

export interface OutletListener {
  told(message: ToHouse): void;
  /**
   * It has ended, whatever the reason; once.
   * @param cause the code of the error that it failed with, if it has one
   */
  lost(cause: string | null): void;
}

export interface OutletThread {
  tell(message: ToOutlet, transfer?: readonly ArrayBuffer[]): void;
  stop(): Promise<void>;
}

export type StartOutletThread = (terms: OutletTerms, listener: OutletListener) => OutletThread;
