/** The states of SP 800-57 part 1 r5 section 7. One version of a key is in exactly one of them. */
export const KEY_STATES = [
  "pre-activation", // 7.1
  "active", // 7.2
  "suspended", // 7.3
  "deactivated", // 7.4
  "compromised", // 7.5
  "destroyed", // 7.6
  "destroyed-compromised", // 7.6, with the compromise on its metadata
] as const;
export type KeyState = (typeof KEY_STATES)[number];

/** What changes a version's state. The birth of a version is not in here: it comes from no state. */
export const TRANSITIONS = [
  "activate",
  "suspend",
  "restore",
  "deactivate",
  "compromise",
  "destroy",
] as const;
export type Transition = (typeof TRANSITIONS)[number];

/**
 * What a version may do in a state. `protect` applies protection (encrypt, sign, wrap, MAC),
 * `process` takes it away or checks it (decrypt, verify, unwrap).
 */
export interface StateRights {
  readonly protect: boolean;
  /** `by policy`: if the key's policy allows it; `approved`: only with an approved intent. */
  readonly process: "always" | "by policy" | "approved" | "never";
}

export const RIGHTS: Readonly<Record<KeyState, StateRights>> = {
  "pre-activation": { protect: false, process: "never" },
  active: { protect: true, process: "always" },
  // 7.3: "shall not be used to apply"; whether it processes is the policy's choice.
  suspended: { protect: false, process: "by policy" },
  deactivated: { protect: false, process: "always" },
  // 7.5: "only ... under controlled conditions".
  compromised: { protect: false, process: "approved" },
  destroyed: { protect: false, process: "never" },
  "destroyed-compromised": { protect: false, process: "never" },
};

/** True where no material is left: metadata is kept for ever. */
export function isDestroyed(state: KeyState): boolean {
  return state === "destroyed" || state === "destroyed-compromised";
}
