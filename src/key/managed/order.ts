import { MANAGED_TYPES } from "../../port/key.ts";
import { refuse } from "../../port/errors.ts";
import type { Refusal } from "../../port/errors.ts";
import { DEFAULT_POLICY, policyFault } from "../policy/policy.ts";
import type { KeyPolicy, RotationPolicy } from "../policy/policy.ts";
import { USAGES_OF, algorithmsOf, purposesOf } from "../policy/purpose.ts";
import type { KeyFacts } from "../lifecycle/record.ts";

/** A policy as somebody asks for it: what is left out is as it was. */
export type PolicyOrder = Partial<Omit<KeyPolicy, "rotation">> & {
  readonly rotation?: Partial<RotationPolicy>;
};

/** A key as somebody asks for it. */
export interface KeyOrder {
  readonly type: string;
  /** Default: the first that the type can have. */
  readonly purpose?: string;
  /** Default: all of the purpose. */
  readonly usages?: readonly string[];
  /** Default: all of the purpose. */
  readonly algorithms?: readonly string[];
  readonly name?: string | null;
  readonly principals?: readonly string[];
  /** Default false, and never changed. */
  readonly exportable?: boolean;
  /** Default true: active at once. */
  readonly activate?: boolean;
  readonly policy?: PolicyOrder;
}

export type ReadOrder = Pick<
  KeyFacts,
  "type" | "purpose" | "usages" | "algorithms" | "name" | "exportable"
> & {
  readonly principals: readonly string[];
  readonly activate: boolean;
  readonly policy: KeyPolicy;
};

/** @returns the order with its defaults, or `invalid_parameter` for what cannot be together */
export function readKeyOrder(order: KeyOrder): ReadOrder | Refusal {
  const type = MANAGED_TYPES.find((one) => one === order.type);
  if (!type) return invalid(`type is none of ${MANAGED_TYPES.join(", ")}.`);
  const possible = purposesOf(type);
  const purpose = possible.find((one) => one === (order.purpose ?? one));
  if (!purpose) return invalid(`purpose of ${type} is none of ${possible.join(", ")}.`);
  const usages = subset("usages", USAGES_OF[purpose], order.usages);
  if ("ok" in usages) return usages;
  const known = algorithmsOf(type, purpose);
  const algorithms = subset("algorithms", known, order.algorithms);
  if ("ok" in algorithms) return algorithms;
  const policy = readPolicy(DEFAULT_POLICY, order.policy ?? {});
  if ("ok" in policy) return policy;
  return {
    type,
    purpose,
    usages,
    algorithms,
    policy,
    name: order.name ?? null,
    exportable: order.exportable ?? false,
    principals: [...new Set(order.principals)],
    activate: order.activate ?? true,
  };
}

/** @returns the policy after the change, or `invalid_parameter` */
export function readPolicy(before: KeyPolicy, order: PolicyOrder): KeyPolicy | Refusal {
  const policy = { ...before, ...order, rotation: { ...before.rotation, ...order.rotation } };
  const fault = policyFault(policy);
  return fault === null ? policy : invalid(`policy: ${fault}.`);
}

function subset<T extends string>(
  what: string,
  allowed: readonly T[],
  asked: readonly string[] | undefined,
): readonly T[] | Refusal {
  if (asked === undefined) return allowed;
  const chosen = allowed.filter((one) => asked.includes(one));
  const strange = asked.find((one) => !allowed.some((known) => known === one));
  if (strange !== undefined || chosen.length === 0)
    return invalid(`${what} are of ${allowed.join(", ")}, at least one.`);
  return chosen;
}

const invalid = (detail: string): Refusal =>
  refuse("invalid_parameter", detail, { remedy: "Give one of those that the detail names." });
