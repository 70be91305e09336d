import type { KeyAlgorithm, KeyPurpose, KeyState, KeyUsage, ManagedType } from "../../port/key.ts";
import type { KeyPolicy } from "../policy/policy.ts";

/** One version of a key: one piece of material, which is not in here. */
export interface KeyVersion {
  /** 1, 2, 3 and so on. */
  readonly version: number;
  readonly state: KeyState;
  readonly origin: "generated" | "imported";
  /** The output that it was made of; null for one that was imported: it has no birth certificate. */
  readonly output: string | null;
  /** Raw public key of a pair; null for a symmetric key. */
  readonly publicKey: Uint8Array | null;
  readonly createdMilliseconds: number;
  /** First time in the state active; null before. */
  readonly activatedMilliseconds: number | null;
  /** When the overlap of a replaced version ends; null for one that was not replaced. */
  readonly deactivateMilliseconds: number | null;
  /** Of the last transition. */
  readonly changedMilliseconds: number;
  readonly reason: string | null;
  /** When the compromise happened as far as is known; null where none was reported. */
  readonly compromisedMilliseconds: number | null;
  /** Of a compromised version: it processes before this time, as custodians approved; null: not at all. */
  readonly processUntilMilliseconds: number | null;
}

/** What never changes in the life of a key. */
export interface KeyFacts {
  readonly id: string;
  readonly name: string | null;
  readonly type: ManagedType;
  readonly purpose: KeyPurpose;
  readonly usages: readonly KeyUsage[];
  readonly algorithms: readonly KeyAlgorithm[];
  /** Principal who created it. */
  readonly owner: string;
  readonly exportable: boolean;
  readonly createdMilliseconds: number;
}

export interface KeyRecord extends KeyFacts {
  /** Principals who may use it besides its owner. */
  readonly principals: readonly string[];
  readonly policy: KeyPolicy;
  /** Goes up by one with each change. */
  readonly revision: number;
  /** The one version that may protect: the newest that was ever activated, or 1. */
  readonly primary: number;
  /** By version, ascending; never empty. */
  readonly versions: readonly KeyVersion[];
}

export function versionOf(record: KeyRecord, version: number): KeyVersion | undefined {
  // Versions are numbered without gaps.
  return record.versions[version - 1];
}

export function isExpired({ policy }: Pick<KeyRecord, "policy">, atMilliseconds: number): boolean {
  return policy.notAfterMilliseconds !== null && atMilliseconds >= policy.notAfterMilliseconds;
}
