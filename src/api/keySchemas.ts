import { Type } from "typebox";
import {
  KEY_ALGORITHMS,
  KEY_PURPOSES,
  KEY_STATES,
  KEY_TRANSITIONS,
  KEY_USAGES,
  MANAGED_TYPES,
} from "../port/key.ts";
import { LINE, STRICT } from "./keyRequest.ts";
import { choice, nullable } from "./schemas.ts";

/** Protects a century of days, and no float's precision. */
const DAYS = { minimum: 0, maximum: 36_500 } as const;
const COUNT = nullable(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }));
const TIME = nullable(
  Type.Number({ minimum: 0, maximum: 1e14, description: "Unix milliseconds." }),
);

const ROTATION = {
  everyDays: nullable(Type.Number({ exclusiveMinimum: 0, maximum: 36_500 })),
  maximumOperations: COUNT,
  maximumBytes: COUNT,
  overlapDays: Type.Number(DAYS),
  keepVersions: nullable(Type.Integer({ minimum: 0, maximum: 10_000 })),
};
const POLICY = {
  notBeforeMilliseconds: TIME,
  notAfterMilliseconds: TIME,
  maximumOperations: COUNT,
  maximumBytes: COUNT,
  processSuspended: Type.Boolean(),
};

/** A policy as it is asked for: what is left out stays as it is, null is unbounded. */
export const POLICY_ORDER = Type.Object(
  {
    ...Type.Partial(Type.Object(POLICY)).properties,
    rotation: Type.Optional(
      Type.Object(Type.Partial(Type.Object(ROTATION)).properties, { ...STRICT, minProperties: 1 }),
    ),
  },
  { ...STRICT, minProperties: 1 },
);

export const NAME = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: LINE,
  description: "For people; it need not be unique, and is not in the log.",
});
export const PRINCIPALS = Type.Array(
  Type.String({ minLength: 3, maxLength: 200, pattern: "^[a-z]+[-:][^\\u0000-\\u0020\\u007f]+$" }),
  {
    minItems: 0,
    maxItems: 64,
    uniqueItems: true,
    description: "Who may use it besides its owner.",
  },
);
export const USAGES = Type.Array(choice(KEY_USAGES), {
  minItems: 1,
  maxItems: 11,
  uniqueItems: true,
});
export const ALGORITHMS = Type.Array(choice(KEY_ALGORITHMS), {
  minItems: 1,
  maxItems: 13,
  uniqueItems: true,
});

const SUMMARY = {
  id: Type.String(),
  name: nullable(Type.String()),
  type: choice(MANAGED_TYPES),
  purpose: choice(KEY_PURPOSES),
  usages: Type.Array(choice(KEY_USAGES)),
  algorithms: Type.Array(choice(KEY_ALGORITHMS)),
  owner: Type.String(),
  principals: Type.Array(Type.String()),
  exportable: Type.Boolean(),
  state: choice(KEY_STATES, "Of the primary version."),
  primary: Type.Integer(),
  revision: Type.Integer(),
  createdMilliseconds: Type.Number(),
};
const VERSION = Type.Object({
  version: Type.Integer(),
  state: choice(KEY_STATES),
  primary: Type.Boolean(),
  retired: Type.Boolean(),
  origin: choice(["generated", "imported"]),
  output: nullable(Type.String()),
  publicKey: nullable(Type.String()),
  publicKeyPem: nullable(Type.String()),
  createdMilliseconds: Type.Number(),
  activatedMilliseconds: nullable(Type.Number()),
  deactivateMilliseconds: nullable(Type.Number()),
  changedMilliseconds: Type.Number(),
  reason: nullable(Type.String()),
  compromisedMilliseconds: nullable(Type.Number()),
  processUntilMilliseconds: nullable(Type.Number()),
  operations: Type.Integer(),
  bytes: Type.Integer(),
  transitions: Type.Array(choice(KEY_TRANSITIONS)),
});

export const KEY_SUMMARY = Type.Object(SUMMARY);
export const MANAGED_KEY = Type.Object({
  ...SUMMARY,
  policy: Type.Object({ ...POLICY, rotation: Type.Object(ROTATION) }),
  versions: Type.Array(VERSION),
});
/** A key after a change, with the leaf that says so. */
export const CHANGED_KEY = Type.Object({ ...MANAGED_KEY.properties, leaf: Type.String() });
