import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { KEY_FORMATS, KEY_TYPES, MAXIMUM_COUNT } from "../key/types.ts";
import { canonicalJson } from "../log/canonicalJson.ts";
import type { PendingOutputs } from "../port/draw.ts";
import type { Refusal } from "../port/errors.ts";
import type { Requirement } from "../port/lineage.ts";
import type { Context } from "./context.ts";
import { addDirect, type Answer, type Call } from "./direct.ts";
import { overQuota } from "./guard.ts";
import type { AnsweredKey } from "./ports.ts";
import { RECEIPTED, receiptMembers } from "./receipted.ts";
import { FRESH, REQUIREMENT_PROPERTIES, requirementOf } from "./requirement.ts";
import { OUTPUT_HEADERS, choice } from "./schemas.ts";

const BODY = Type.Object(
  {
    type: choice(KEY_TYPES),
    format: Type.Optional(choice(KEY_FORMATS, "Default: jwk where it exists, else raw.")),
    count: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAXIMUM_COUNT, description: "A batch; fewer for RSA." }),
    ),
    ...REQUIREMENT_PROPERTIES,
    fresh: FRESH,
    receipt: Type.Optional(
      Type.Boolean({
        description:
          "With each key a receipt, which is in the log, and the salt that opens its commitment.",
      }),
    ),
  },
  { additionalProperties: false },
);
type Body = Static<typeof BODY> & { readonly type: string; readonly format?: string };

const MATERIAL = Type.Union([Type.String(), Type.Record(Type.String(), Type.String())]);
const KEY = Type.Object({
  type: Type.String(),
  format: Type.String(),
  key: MATERIAL,
  publicKey: Type.Optional(MATERIAL),
  output: Type.String(),
  seed: Type.String(),
  ...RECEIPTED,
});

/** What a receipt commits to is the key as it is answered: its text, or its canonical JSON. */
function givenKey(
  { type, format, key }: AnsweredKey,
  pending: PendingOutputs,
  bytes: number,
  { requirement }: { readonly requirement: Requirement },
) {
  const value = Buffer.from(typeof key === "string" ? key : canonicalJson(key));
  return {
    what: "key",
    type,
    format,
    bytes,
    pending,
    asked: requirement,
    value,
  } as const;
}

export function addKeys(app: FastifyInstance, context: Context): void {
  addDirect(app, context, {
    url: "/v1/keys/generate",
    permission: "keys.generate",
    tag: "keys",
    summary: "A typed key, returned and not kept",
    description:
      "With `count` a batch, all or none, as `keys`. A batch counts as that many requests of the quota, and each key as the random bytes that it is made of.",
    door: "keys",
    body: BODY,
    success: {
      status: 200,
      description: "The key; with `count`, the keys.",
      content: {
        "application/json": Type.Union([KEY, Type.Object({ keys: Type.Array(KEY) })]),
      },
      headers: OUTPUT_HEADERS,
    },
    errors: [503],
    answer: (call) => generate(call, context),
  });
}

async function generate(call: Call, context: Context): Promise<Answer | Refusal | null> {
  const { keys, receipts, access, clock, tally } = context.ports;
  const { principal, startedMilliseconds } = call;
  const { type, format, count, receipt, ...asked } = call.body as Body;
  const seedBytes = keys.seedBytes(type) * (count ?? 1);
  const wait = access.quotas.admitBytes(principal, seedBytes);
  if (wait > 0) return overQuota("bytes", wait);
  // The guard has counted one of them.
  if (count !== undefined) access.quotas.chargeRequests(principal, count - 1);
  const order = {
    type,
    ...(format === undefined ? {} : { format }),
    ...(count === undefined ? {} : { count }),
    requirement: requirementOf(asked),
    receipted: receipt === true,
  };
  const lacking = receipt === true ? receipts.unavailable() : null;
  if (lacking) return lacking;
  let gone: AbortSignal | undefined;
  let result: Awaited<ReturnType<typeof keys.generate>>;
  try {
    result = await keys.generate(order, principal.id, () => (gone = call.gone()));
  } catch (error) {
    if (!gone?.aborted) throw error;
    return null;
  }
  if ("ok" in result) return result;
  let answered: readonly object[] = result.keys;
  if (receipt === true) {
    const { pending } = result;
    const given = result.keys.map((key, at) =>
      givenKey(key, pending[at]!, keys.seedBytes(type), order),
    );
    const issued = await context.durable(receipts.issue(given, principal.id));
    if ("ok" in issued) return issued;
    answered = result.keys.map((key, at) => ({ ...key, ...receiptMembers(issued[at]!) }));
  }
  const seconds = (clock.monotonicMilliseconds() - startedMilliseconds) / 1000;
  tally.answered("keys", 200, seconds, seedBytes);
  return {
    json: JSON.stringify(count === undefined ? answered[0] : { keys: answered }),
    headers: [
      "springhouse-output",
      result.keys.map((key) => key.output).join(", "),
      "springhouse-seed",
      result.keys.at(-1)?.seed ?? "",
    ],
  };
}
