import { KEY_TRANSITIONS } from "../../port/key.ts";
import type { KeyState, KeyTransition } from "../../port/key.ts";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";

/**
 * An intent that enough custodians approved, for one transition of one version. Only whoever checked
 * the approvals makes one; a transition that needs leave is refused without it.
 */
export interface ApprovedIntent {
  /** SHA-256 of the intent's canonical JSON, hex. It goes into the leaf. */
  readonly digest: string;
  readonly key: string;
  readonly version: number;
  readonly transition: KeyTransition;
  /** The key's revision that the custodians approved it for. */
  readonly revision: number;
}

export interface Circumstances {
  /** The key's validity window is over: nothing makes it active any more. */
  readonly expired: boolean;
  /** Null where nobody gave leave. */
  readonly approval: ApprovedIntent | null;
}

interface Rule {
  readonly to: KeyState;
  /** The direction that is not the safe one: it gives rights back, or takes the material away. */
  readonly needsApproval?: true;
}

/*
 * SP 800-57 part 1 r5 section 7. 7.2 lets some keys go from active straight to destroyed (ephemeral
 * keys, RBG keys, authentication keys); none of these is a managed key here, so that every version is
 * deactivated or compromised before it is destroyed. No row leaves `destroyed-compromised`, and
 * `destroyed` has one entry, the late report of 7.6, which changes metadata only.
 */
const TABLE: Readonly<Record<KeyState, Readonly<Partial<Record<KeyTransition, Rule>>>>> = {
  "pre-activation": {
    activate: { to: "active" },
    compromise: { to: "compromised" },
    destroy: { to: "destroyed", needsApproval: true },
  },
  active: {
    suspend: { to: "suspended" },
    deactivate: { to: "deactivated" },
    compromise: { to: "compromised" },
  },
  suspended: {
    restore: { to: "active", needsApproval: true },
    deactivate: { to: "deactivated" },
    compromise: { to: "compromised" },
  },
  deactivated: {
    compromise: { to: "compromised" },
    destroy: { to: "destroyed", needsApproval: true },
  },
  compromised: {
    destroy: { to: "destroyed-compromised", needsApproval: true },
    process: { to: "compromised", needsApproval: true },
  },
  destroyed: { compromise: { to: "destroyed-compromised" } },
  "destroyed-compromised": {},
};

/** In the order of `KEY_TRANSITIONS`; none for a state that is final. */
export function allowedTransitions(state: KeyState): readonly KeyTransition[] {
  return KEY_TRANSITIONS.filter((transition) => TABLE[state][transition] !== undefined);
}

/** True for a transition that somebody other than its requester must have approved. */
export function needsApproval(state: KeyState, transition: KeyTransition): boolean {
  return TABLE[state][transition]?.needsApproval === true;
}

/**
 * The one place where a transition is judged.
 * @returns the new state, or a Refusal: `conflict` names the state and what it allows,
 *   `approval_required` what has to be approved
 */
export function transition(
  from: KeyState,
  wanted: KeyTransition,
  { expired, approval }: Circumstances,
): { readonly to: KeyState } | Refusal {
  const rule = TABLE[from][wanted];
  if (!rule) return refuseTransition(from, wanted);
  if (rule.to === "active" && expired)
    return refuse("conflict", `The key's validity is over, so it cannot ${wanted}.`, {
      remedy: "Rotate the key under a new policy, or create another.",
    });
  if (rule.needsApproval && approval === null)
    return refuse(
      "approval_required",
      `To ${wanted} a version that is ${from} needs the approval of custodians.`,
    );
  return { to: rule.to };
}

function refuseTransition(from: KeyState, wanted: KeyTransition): Refusal {
  const allowed = allowedTransitions(from);
  const what = allowed.length > 0 ? allowed.join(", ") : "none: this state is final";
  return refuse(
    "conflict",
    `The version is ${from}, which does not allow ${wanted}. Allowed: ${what}.`,
    {
      remedy: allowed.length > 0 ? `One of: ${what}.` : "Create another key; this state is final.",
    },
  );
}
