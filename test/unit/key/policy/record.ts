import { createKey, rotateKey } from "../../../../src/key/lifecycle/change.ts";
import type { KeyFacts, KeyRecord } from "../../../../src/key/lifecycle/record.ts";
import { DEFAULT_POLICY, DEFAULT_ROTATION } from "../../../../src/key/policy/policy.ts";
import type { KeyPolicy, RotationPolicy } from "../../../../src/key/policy/policy.ts";

export const DAY = 86_400_000;

export interface Settings {
  readonly facts?: Partial<KeyFacts>;
  readonly policy?: Partial<Omit<KeyPolicy, "rotation">>;
  readonly rotation?: Partial<RotationPolicy>;
  readonly principals?: readonly string[];
  /** Days after the first at which further versions came. */
  readonly rotations?: readonly number[];
  readonly activate?: boolean;
}

/** An AES key of p-owner, made at time 0. */
export function keyRecord({
  facts = {},
  policy = {},
  rotation = {},
  principals = [],
  rotations = [],
  activate = true,
}: Settings = {}): KeyRecord {
  const birth = { origin: "generated" as const, output: "s.1", publicKey: null };
  const { record: first } = createKey(
    {
      id: "k-1",
      name: null,
      type: "aes-256",
      purpose: "encryption",
      usages: ["encrypt", "decrypt"],
      algorithms: ["AES-256-GCM"],
      owner: "p-owner",
      exportable: false,
      createdMilliseconds: 0,
      ...facts,
    },
    {
      principals,
      policy: { ...DEFAULT_POLICY, ...policy, rotation: { ...DEFAULT_ROTATION, ...rotation } },
    },
    { ...birth, activate },
    { actor: "p-owner", atMilliseconds: 0 },
  );
  let record = first;
  for (const days of rotations) {
    const author = { actor: "p-owner", atMilliseconds: days * DAY };
    const change = rotateKey(record, { ...birth, activate: true }, author, null);
    if ("ok" in change) throw new Error(change.detail);
    record = change.record;
  }
  return record;
}
