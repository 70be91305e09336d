import type { AssessmentDesk } from "../assess/desk.ts";
import type { DrillDesk } from "../assess/drill/desk.ts";
import type { Access } from "../access/access.ts";
import type { CertificateAuthority } from "../key/certificate/certificateAuthority.ts";
import type { ComplianceReport } from "../port/compliance.ts";
import type { PairedKeys } from "../key/distribution/pairedKeys.ts";
import type { StatusListPublisher } from "../key/revocation/statusListPublisher.ts";
import type { KeyRoom } from "../key/managed/keyRoom.ts";
import type { KeyRotation } from "../log/keyRotation.ts";
import type { Attest } from "../log/statement.ts";
import type { Clock } from "../port/clock.ts";
import type { PendingOutputs, RandomSupply } from "../port/draw.ts";
import type { Log } from "../port/log.ts";
import type { ErrorCode, Refusal } from "../port/errors.ts";
import type { Diagnosis } from "../port/finding.ts";
import type { Door, Requirement } from "../port/lineage.ts";
import type { Approvals } from "../key/approval/approvals.ts";
import type { Backups } from "../key/backup/backups.ts";
import type { Destructions } from "../key/destruction/destructions.ts";
import type { SealKeeper } from "../key/seal/sealKeeper.ts";
import type { EventJournal, Introspection, LineageReader, SourceControl } from "../port/service.ts";
import type { RecallLine, RecallOrder } from "../port/recall.ts";
import type { SelfTestSnapshot } from "../port/snapshot.ts";
import type { Page } from "./page.ts";

/** A key as `key/` answers it. */
export interface AnsweredKey {
  readonly type: string;
  readonly format: string;
  readonly key: Readonly<Record<string, string>> | string;
  readonly publicKey?: Readonly<Record<string, string>> | string;
  readonly output: string;
  readonly seed: string;
}

interface KeyOrder {
  readonly type: string;
  readonly format?: string;
  readonly count?: number;
  readonly requirement?: Requirement;
  readonly receipted?: boolean;
}

/** What is asked of `key/`. */
interface KeySupply {
  /** Random bytes that one key of this type is made of; 0 for a type that is unknown. */
  seedBytes(type: string): number;
  /** All keys or none. Rejects with the signal's reason when the client has gone. */
  generate(
    order: KeyOrder,
    principal: string,
    gone?: () => AbortSignal,
  ): Promise<
    { readonly keys: readonly AnsweredKey[]; readonly pending: readonly PendingOutputs[] } | Refusal
  >;
}

/** The DRBG's known-answer tests, on demand (SP 800-90A 11.3.3). */
interface SelfTest {
  run(actor: string): readonly SelfTestSnapshot[] | Promise<readonly SelfTestSnapshot[]>;
}

/** Where the doors are counted; `telemetry/` has it. */
interface Tally {
  readonly doors: Readonly<
    Record<Door, { readonly outputBytes: number; readonly codes: ReadonlyMap<number, number> }>
  >;
  answered(door: Door, code: number, seconds: number, outputBytes: number): void;
  refused(code: ErrorCode): void;
}

interface MetricsText {
  readonly contentType: string;
  render(): Promise<string>;
}

/** The transparency log, read. */
interface LogDoor {
  /** In C2SP's form. */
  readonly verifierKey: string;
  checkpoint(): { readonly note: string };
  /** What witnesses have cosigned, the newest first. */
  readonly cosigned: { readonly all: readonly { readonly note: string }[] };
  /** Signed notes by which its keys have handed over. */
  readonly handovers: readonly string[];
  /** Null for what the last checkpoint does not have. */
  tile(level: number, index: number, width: number): Promise<Uint8Array | null>;
  entries(index: number, width: number): Promise<readonly string[] | null>;
}

/** What a receipt is asked for. */
interface ReceiptOrder {
  readonly what: "random" | "key";
  readonly type?: string;
  readonly format?: string;
  readonly bytes: number;
  /** Their records are kept with the receipt. */
  readonly pending: PendingOutputs;
  readonly asked: Requirement;
  readonly value: Uint8Array;
}

/** Receipts of what is given. */
interface ReceiptSupply {
  /** Why none can be had now; asked before anything is drawn. */
  unavailable(): Refusal | null;
  /** The receipt of a leaf; undefined for none of this actor's, or of anybody's where that is null. */
  receiptOf(id: string, mine: string | null): Promise<object | undefined>;
  /** All of them or none. */
  issue(
    orders: readonly ReceiptOrder[],
    principal: string,
  ): Promise<readonly { readonly receipt: object; readonly salt: Uint8Array }[] | Refusal>;
}

/** Everything the front doors need of the house. */
export interface ApiPorts {
  readonly clock: Clock;
  readonly random: RandomSupply;
  readonly keys: KeySupply;
  readonly certificates: Pick<
    CertificateAuthority,
    "establish" | "issue" | "revoke" | "get" | "list" | "certificate" | "revocationList" | "ocsp"
  >;
  readonly compliance: () => Promise<ComplianceReport>;
  readonly pairs: Pick<PairedKeys, "waiting" | "encrypt" | "decrypt">;
  readonly statusList: Pick<StatusListPublisher, "current" | "onChange">;
  readonly managed: Pick<KeyRoom, "service" | "operations" | "reader" | "exporter">;
  readonly sources: SourceControl;
  readonly assessments: AssessmentDesk;
  readonly doctor: () => Promise<Diagnosis>;
  readonly drills: Pick<DrillDesk, "run" | "reports">;
  readonly seal: Pick<
    SealKeeper,
    "state" | "initialise" | "open" | "close" | "addSlot" | "removeSlot" | "rotate"
  >;
  readonly approvals: Pick<
    Approvals,
    | "spend"
    | "bootstrap"
    | "custodians"
    | "create"
    | "approve"
    | "withdraw"
    | "execute"
    | "get"
    | "list"
  >;
  readonly destructions: Pick<Destructions, "list" | "cancel" | "receipt">;
  readonly backups: Pick<Backups, "create" | "list" | "drilled" | "discard">;
  readonly events: EventJournal;
  readonly lineage: LineageReader;
  readonly introspection: Introspection;
  readonly transparency: LogDoor;
  readonly logKey: Pick<KeyRotation, "rotate">;
  readonly attest: Attest;
  readonly receipts: ReceiptSupply;
  readonly recall: {
    run(run: {
      readonly order: RecallOrder;
      readonly actor: string;
      readonly reason: string | null;
      readonly suspend: boolean;
    }): AsyncIterable<RecallLine>;
  };
  readonly selfTest: SelfTest;
  readonly metrics: MetricsText;
  readonly access: Access;
  readonly tally: Tally;
  readonly page: Page;
  readonly log: Log;
}

export interface ApiOptions {
  /** Version for the OpenAPI document. */
  readonly version: string;
  /**
   * Host names that a request may name, without port. Null takes any, for a service behind TLS whose
   * certificate names it. On loopback a page from elsewhere could otherwise reach it by rebinding DNS.
   */
  readonly hosts: readonly string[] | null;
  /** Origins of web pages, besides our own, that may ask. */
  readonly origins: readonly string[];
  /** Whether /healthz, /readyz, /metrics and /openapi.json answer without a token. */
  readonly publicProbes: boolean;
  /** Streams, taps and sockets at once; more are refused with `busy`. Default 256. */
  readonly maximumStreams?: number;
  /** A client that takes nothing for this long is dropped. Default 60,000. */
  readonly stallMilliseconds?: number;
}
