import type { KeyTransition } from "../../port/key.ts";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import type { KeyPolicy } from "../policy/policy.ts";
import type { KeyLeaf } from "./leaf.ts";
import { isExpired, versionOf } from "./record.ts";
import type { KeyFacts, KeyRecord, KeyVersion } from "./record.ts";
import { transition } from "./transition.ts";
import type { ApprovedIntent } from "./transition.ts";

/** Who changes a key, and when. */
export interface Author {
  readonly actor: string;
  readonly atMilliseconds: number;
}

/** How a version came to be. */
export interface Birth {
  readonly origin: "generated" | "imported";
  readonly output: string | null;
  readonly publicKey: Uint8Array | null;
  /** Active at once, or pre-activation until somebody activates it. */
  readonly activate: boolean;
}

export interface TransitionOrder {
  readonly transition: KeyTransition;
  readonly version: number;
  readonly reason: string | null;
  /** For `compromise`: when it happened. */
  readonly occurredMilliseconds: number | null;
  /** For `process`: when the leave ends. */
  readonly untilMilliseconds?: number;
  readonly approval: ApprovedIntent | null;
}

/** A change that is allowed: what is then true, and the leaf that says so. Both are kept, or neither. */
export interface Change {
  readonly record: KeyRecord;
  /** The versions that differ from before. */
  readonly changed: readonly KeyVersion[];
  readonly leaf: KeyLeaf;
}

/** Versions of one key: 27 years of one a day. A record is read whole. */
export const MAXIMUM_VERSIONS = 10_000;

/** The first version, with the key around it. */
export function createKey(
  facts: KeyFacts,
  { principals, policy }: Pick<KeyRecord, "principals" | "policy">,
  birth: Birth,
  author: Author,
): Change {
  const version = newVersion(1, birth, author);
  const record = { ...facts, principals, policy, revision: 1, primary: 1, versions: [version] };
  const { type, purpose, exportable } = facts;
  const leaf: KeyLeaf = {
    ...leafOf(record, author, birth.origin === "imported" ? "import" : "create", version, null),
    type,
    purpose,
    exportable,
  };
  return { record, changed: [version], leaf };
}

/** Why the key can have no further version now; null when it can. Before any is made. */
export function refuseRotation(
  record: KeyRecord,
  activate: boolean,
  atMilliseconds: number,
): Refusal | null {
  if (record.versions.length >= MAXIMUM_VERSIONS)
    return refuse("conflict", `The key has ${MAXIMUM_VERSIONS} versions, and can have no more.`, {
      remedy: "Create another key.",
    });
  if (activate && isExpired(record, atMilliseconds))
    return refuse("conflict", "The key's validity is over, so a new version cannot be active.", {
      remedy: "Set a policy with a later notAfter first, or create another key.",
    });
  return null;
}

/** A further version. Once it is active it is the primary, and the one before begins its overlap. */
export function rotateKey(
  record: KeyRecord,
  birth: Birth,
  author: Author,
  reason: string | null,
): Change | Refusal {
  const refusal = refuseRotation(record, birth.activate, author.atMilliseconds);
  if (refusal) return refusal;
  const version = newVersion(record.versions.length + 1, birth, author);
  const next = revised(record, [version], author);
  const leaf = leafOf(next, author, "rotate", version, null);
  return finished(record, next, reason === null ? leaf : { ...leaf, reason });
}

/** @returns the Change, or `not_found`, or what `transition` refuses */
export function transitKey(
  record: KeyRecord,
  order: TransitionOrder,
  author: Author,
): Change | Refusal {
  const version = versionOf(record, order.version);
  if (!version) return refuse("not_found", `The key has no version ${order.version}.`);
  const approval = order.approval && isApprovalFor(order.approval, record, order);
  const judged = transition(version.state, order.transition, {
    expired: isExpired(record, author.atMilliseconds),
    approval: approval ? order.approval : null,
  });
  if ("ok" in judged) return judged;
  const { reason } = order;
  const compromised = order.transition === "compromise";
  const moved = order.transition === "process" ? permitted : movedTo;
  const next = revised(record, [moved(version, judged.to, order, author)], author);
  const changed = versionOf(next, order.version)!;
  const leaf = leafOf(next, author, order.transition, changed, version.state);
  return finished(record, next, {
    ...leaf,
    ...(reason === null ? {} : { reason }),
    ...(compromised ? { occurred: changed.compromisedMilliseconds! } : {}),
    ...(order.transition === "process" ? { until: changed.processUntilMilliseconds! } : {}),
    ...(order.approval && approval ? { intent: order.approval.digest } : {}),
  });
}

/** @returns the key under another policy, for other principals */
export function repolicyKey(
  record: KeyRecord,
  { principals, policy }: { readonly principals: readonly string[]; readonly policy: KeyPolicy },
  author: Author,
): Change {
  const next = { ...revised(record, [], author), principals, policy };
  return finished(record, next, leafOf(next, author, "policy", null, null));
}

function isApprovalFor(
  approval: ApprovedIntent,
  record: KeyRecord,
  order: TransitionOrder,
): boolean {
  return (
    approval.key === record.id &&
    approval.version === order.version &&
    approval.transition === order.transition &&
    approval.revision === record.revision
  );
}

function newVersion(version: number, birth: Birth, { atMilliseconds }: Author): KeyVersion {
  return {
    version,
    state: birth.activate ? "active" : "pre-activation",
    origin: birth.origin,
    output: birth.output,
    publicKey: birth.publicKey,
    createdMilliseconds: atMilliseconds,
    activatedMilliseconds: birth.activate ? atMilliseconds : null,
    deactivateMilliseconds: null,
    changedMilliseconds: atMilliseconds,
    reason: null,
    compromisedMilliseconds: null,
    processUntilMilliseconds: null,
  };
}

type Moved = (
  version: KeyVersion,
  state: KeyVersion["state"],
  order: TransitionOrder,
  author: Author,
) => KeyVersion;

const movedTo: Moved = (version, state, order, { atMilliseconds }) => ({
  ...version,
  state,
  changedMilliseconds: atMilliseconds,
  activatedMilliseconds:
    version.activatedMilliseconds ?? (state === "active" ? atMilliseconds : null),
  reason: order.reason,
  compromisedMilliseconds:
    order.transition === "compromise"
      ? (order.occurredMilliseconds ?? atMilliseconds)
      : version.compromisedMilliseconds,
  processUntilMilliseconds: null,
});

/** SP 800-57 7.5: no other state, and the reason of the compromise stays what is told of it. */
const permitted: Moved = (version, _state, { untilMilliseconds }) => {
  if (untilMilliseconds === undefined) throw new RangeError("a leave to process without an end");
  return { ...version, processUntilMilliseconds: untilMilliseconds };
};

const DAY_MILLISECONDS = 86_400_000;

/** The record with some versions put in, its primary looked for again, and the old one's overlap begun. */
function revised(
  record: KeyRecord,
  put: readonly KeyVersion[],
  { atMilliseconds }: Author,
): KeyRecord {
  const versions = [...record.versions];
  for (const version of put) versions[version.version - 1] = version;
  const primary = versions.findLast(
    (version) => version.activatedMilliseconds !== null && version.version > record.primary,
  );
  if (primary) {
    const ends = atMilliseconds + record.policy.rotation.overlapDays * DAY_MILLISECONDS;
    for (const [index, version] of versions.entries())
      if (version.version < primary.version && version.deactivateMilliseconds === null)
        versions[index] = { ...version, deactivateMilliseconds: ends };
  }
  return {
    ...record,
    versions,
    primary: primary?.version ?? record.primary,
    revision: record.revision + 1,
  };
}

function finished(before: KeyRecord, record: KeyRecord, leaf: KeyLeaf): Change {
  const changed = record.versions.filter((version, index) => before.versions[index] !== version);
  return { record, changed, leaf };
}

function leafOf(
  record: KeyRecord,
  { actor, atMilliseconds }: Author,
  op: KeyLeaf["op"],
  version: KeyVersion | null,
  from: KeyLeaf["from"],
): KeyLeaf {
  return {
    v: 1,
    kind: "key",
    at: atMilliseconds,
    actor,
    op,
    key: record.id,
    version: version?.version ?? null,
    from,
    to: version?.state ?? null,
    revision: record.revision,
  };
}
