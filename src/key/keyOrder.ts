import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { Requirement } from "../port/lineage.ts";
import { FORMATS_OF, KEY_TYPES, STRENGTH_OF, maximumCount } from "./types.ts";
import type { KeyFormat, KeyType } from "./types.ts";

export interface KeyRequest {
  readonly type: string;
  /** Default: the first of `FORMATS_OF`. */
  readonly format?: string;
  /** 1 (default) to 100, for RSA to 4. */
  readonly count?: number;
  readonly requirement?: Requirement;
  /** The records of the outputs are left to the caller, who keeps them with the receipts. */
  readonly receipted?: boolean;
}

/** A request that can be met. */
export interface Order {
  readonly type: KeyType;
  readonly format: KeyFormat;
  readonly count: number;
  readonly requirement: Requirement;
  readonly recorded: true | "pending";
}

/** @returns a Refusal `invalid_parameter` */
export function readOrder({
  type,
  format,
  count = 1,
  requirement = {},
  receipted,
}: KeyRequest): Order | Refusal {
  const keyType = KEY_TYPES.find((known) => known === type);
  if (!keyType)
    return refuse("invalid_parameter", `type is none of ${KEY_TYPES.join(", ")}.`, {
      remedy: "Name one of the types in the detail.",
    });
  const formats = FORMATS_OF[keyType];
  const keyFormat = format === undefined ? formats[0] : formats.find((one) => one === format);
  if (!keyFormat)
    return refuse("invalid_parameter", `format of ${keyType} is none of ${formats.join(", ")}.`, {
      remedy: `Ask for ${formats.join(" or ")}, or leave format out.`,
    });
  const most = maximumCount(keyType);
  if (!Number.isInteger(count) || count < 1 || count > most)
    return refuse(
      "invalid_parameter",
      `count of ${keyType} is not a whole number from 1 to ${most}.`,
    );
  const strength = Math.max(STRENGTH_OF[keyType], requirement.strength ?? 0);
  return {
    type: keyType,
    format: keyFormat,
    count,
    requirement: { ...requirement, strength },
    recorded: receipted === true ? "pending" : true,
  };
}
