import type { KeyState } from "../../port/key.ts";

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
