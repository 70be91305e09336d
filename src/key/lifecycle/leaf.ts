import type { KeyPurpose, KeyState, KeyTransition, ManagedType } from "../../port/key.ts";

/** What happened to a key: a birth, a transition of SP 800-57, or a change of its policy. */
export type KeyOperation = "create" | "import" | "rotate" | KeyTransition | "policy";

/**
 * The leaf of one change, as the log keeps it. Names of people's choosing are not in here, and
 * nothing of the material: a log can never forget.
 */
export interface KeyLeaf {
  readonly v: 1;
  readonly kind: "key";
  /** Unix milliseconds. */
  readonly at: number;
  readonly actor: string;
  readonly op: KeyOperation;
  readonly key: string;
  /** Null for a change that concerns the whole key. */
  readonly version: number | null;
  readonly from: KeyState | null;
  readonly to: KeyState | null;
  /** The key's revision after the change. */
  readonly revision: number;
  /** At its birth: what the key is. */
  readonly type?: ManagedType;
  readonly purpose?: KeyPurpose;
  readonly exportable?: boolean;
  readonly reason?: string;
  /** Of a compromise: when it happened, as far as is known. */
  readonly occurred?: number;
  /** Of a leave to process: when it ends. */
  readonly until?: number;
  /** Digest of the intent that custodians approved. */
  readonly intent?: string;
}
