import type { KeyAlgorithm, KeyUsage } from "../../port/key.ts";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import { isExpired, versionOf } from "../lifecycle/record.ts";
import type { KeyRecord, KeyVersion } from "../lifecycle/record.ts";
import { allowedTransitions } from "../lifecycle/transition.ts";
import { RIGHTS } from "../lifecycle/state.ts";
import { isProtecting } from "./purpose.ts";

/** Somebody wants to use a key. */
export interface UseRequest {
  readonly usage: KeyUsage;
  /** Null: the key's first. */
  readonly algorithm: KeyAlgorithm | null;
  /** Null: the primary. Only what processes may name another. */
  readonly version: number | null;
  readonly principal: string;
  /** Admins use any key; everybody else must be its owner or one of its principals. */
  readonly anyKey: boolean;
  readonly atMilliseconds: number;
}

export interface Use {
  readonly version: KeyVersion;
  readonly algorithm: KeyAlgorithm;
}

/**
 * Whether a use is allowed, in one place. Limits are not in here: they are counted where they are
 * reserved (`limits.ts`).
 * @returns a Refusal `not_found` (also for a key that the principal may not know of),
 *   `key_use_refused`, `conflict` for the state, or `approval_required`
 */
export function decide(record: KeyRecord, request: UseRequest): Use | Refusal {
  if (!mayUse(record, request)) return refuse("not_found", "No such key.");
  const { usage } = request;
  if (!record.usages.includes(usage))
    return refused(`A key for ${record.usages.join(", ")} does not ${usage}.`);
  const algorithm = record.algorithms.find((one) => one === (request.algorithm ?? one));
  if (!algorithm) return refused(`The key's algorithms are ${record.algorithms.join(", ")}.`);
  const version = versionOf(record, request.version ?? record.primary);
  if (!version) return refuse("not_found", `The key has no version ${request.version}.`);
  const refusal = isProtecting(usage)
    ? mayProtect(record, version, request)
    : mayProcess(record, version, request);
  return refusal ?? { version, algorithm };
}

/** Whoever may not use a key is not told that it is there. */
export function mayUse(
  { owner, principals }: KeyRecord,
  { anyKey, principal }: Pick<UseRequest, "anyKey" | "principal">,
): boolean {
  return anyKey || principal === owner || principals.includes(principal);
}

function mayProtect(
  record: KeyRecord,
  version: KeyVersion,
  { usage, atMilliseconds }: UseRequest,
): Refusal | null {
  if (version.version !== record.primary)
    return refused(`Version ${version.version} was replaced; only ${record.primary} may ${usage}.`);
  if (!RIGHTS[version.state].protect) return refuseState(version, usage);
  const { notBeforeMilliseconds } = record.policy;
  if (notBeforeMilliseconds !== null && atMilliseconds < notBeforeMilliseconds)
    return refused("The key's validity has not begun.");
  if (isExpired(record, atMilliseconds))
    return refused(`The key's validity is over: it does not ${usage} any more.`);
  return null;
}

/** A key whose validity is over still processes: what it protected has to be readable. */
function mayProcess(
  record: KeyRecord,
  version: KeyVersion,
  { usage, atMilliseconds }: UseRequest,
): Refusal | null {
  const { process } = RIGHTS[version.state];
  if (process === "never") return refuseState(version, usage);
  if (process === "approved" && !mayProcessUntil(version, atMilliseconds))
    return refuse(
      "approval_required",
      `Version ${version.version} is compromised: to ${usage} with it needs custodians' approval.`,
      {
        remedy:
          "Have custodians approve it for a while (`springhouse intent create KEY --to process`), and protect the data anew under another version.",
      },
    );
  if (process === "by policy" && !record.policy.processSuspended)
    return refuseState(version, usage);
  if (isRetired(record, version.version))
    return refused(
      `Version ${version.version} is retired: the policy keeps ${record.policy.rotation.keepVersions} replaced versions.`,
    );
  const { notBeforeMilliseconds } = record.policy;
  if (notBeforeMilliseconds !== null && atMilliseconds < notBeforeMilliseconds)
    return refused("The key's validity has not begun.");
  return null;
}

function mayProcessUntil({ processUntilMilliseconds: until }: KeyVersion, at: number): boolean {
  return until !== null && at < until;
}

/** A version that was replaced longer ago than the policy keeps. */
export function isRetired({ policy, primary }: KeyRecord, version: number): boolean {
  const { keepVersions } = policy.rotation;
  return keepVersions !== null && primary - version > keepVersions;
}

function refuseState({ version, state }: KeyVersion, usage: KeyUsage): Refusal {
  const allowed = allowedTransitions(state);
  return refuse(
    "conflict",
    `Version ${version} is ${state}, and does not ${usage}. Allowed: ${allowed.join(", ") || "none"}.`,
  );
}

const refused = (detail: string): Refusal => refuse("key_use_refused", detail);
