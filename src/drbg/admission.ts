import type { DrawRequest } from "../port/draw.ts";
import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { Shape } from "../port/lineage.ts";
import type { Unmet } from "../port/seed.ts";
import { MAXIMUM_REQUEST_BYTES } from "../standard/limits.ts";
import { RBG2_LIMITS, SECURITY_STRENGTH } from "./policy.ts";

/** What comes through the fresh door is fresh, whatever its requirement says. */
export function isFresh({ door, requirement }: DrawRequest): boolean {
  return door === "fresh" || requirement.fresh === true;
}

/** What no seed of this construction could ever meet; null when one may. */
export function neverMet(request: DrawRequest, shape: Shape): Refusal | null {
  const { bytes, requirement } = request;
  const fresh = isFresh(request);
  // A fresh request is answered from its own seed alone.
  const most = fresh ? RBG2_LIMITS.bytes : MAXIMUM_REQUEST_BYTES;
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > most) {
    const what = fresh ? "bytes of a fresh request" : "bytes";
    return refuse("invalid_parameter", `${what} must be 1 to ${most}`);
  }
  const { strength, sources } = requirement;
  if (strength === undefined && sources === undefined && !fresh) return null;
  const unmet: Unmet[] = [];
  if ((strength ?? 0) > SECURITY_STRENGTH) unmet.push("strength");
  if (shape === "RBGC" && (sources ?? 0) >= 1) unmet.push("sources");
  if (shape === "RBGC" && fresh) unmet.push("fresh");
  if (unmet.length === 0) return null;
  const detail = unmet.includes("strength")
    ? `the instances have a security strength of ${SECURITY_STRENGTH} bits`
    : "seeds come from the OS RNG alone: no noise source is credited";
  return refuse("unmet", detail, { unmet });
}
