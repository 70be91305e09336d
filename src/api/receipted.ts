import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import type { Context } from "./context.ts";
import { pendingOf } from "../port/draw.ts";
import { principalOf } from "./context.ts";
import { overQuota } from "./guard.ts";
import { FRESH, REQUIREMENT_PROPERTIES, requirementOf } from "./requirement.ts";
import { addRoute } from "./route.ts";
import { OUTPUT_HEADERS } from "./schemas.ts";

/** Members of an answer that comes with a receipt. */
export const RECEIPTED = {
  receipt: Type.Optional(
    Type.Object(
      {},
      {
        additionalProperties: true,
        description: "Checked offline by `springhouse verify`. It holds no secret.",
      },
    ),
  ),
  salt: Type.Optional(
    Type.String({
      contentEncoding: "base64",
      description: "Opens the receipt's commitment to this very value. Keep it with the value.",
    }),
  ),
};

/** The salt's buffer is overwritten; its text cannot be. */
export function receiptMembers({
  receipt,
  salt,
}: {
  readonly receipt: object;
  readonly salt: Uint8Array;
}): { readonly receipt: object; readonly salt: string } {
  const text = Buffer.from(salt).toString("base64");
  salt.fill(0);
  return { receipt, salt: text };
}

/** SP 800-90A table 2: 2^19 bits a request. */
const MAXIMUM_BYTES = 65_536;

const BODY = Type.Object(
  {
    bytes: Type.Integer({ minimum: 1, maximum: MAXIMUM_BYTES }),
    ...REQUIREMENT_PROPERTIES,
    fresh: FRESH,
  },
  { additionalProperties: false },
);

/** `POST /v1/random/receipted`: slower than `/v1/random`, as it waits for the log. */
export function addReceipted(app: FastifyInstance, context: Context): void {
  const { random, receipts, access, clock, tally } = context.ports;

  addRoute(app, context, {
    method: "POST",
    url: "/v1/random/receipted",
    permission: "random.draw",
    tag: "random",
    summary: "Random bytes with a receipt",
    description:
      "The receipt is a leaf of the transparency log with its proof: what was asked and met, the noise behind it, and a salted commitment to the bytes. Answered when a checkpoint covers it. What is refused was thrown away.",
    door: "http",
    body: BODY,
    success: {
      status: 200,
      description: "The bytes, the receipt, and the salt that opens its commitment.",
      content: {
        "application/json": Type.Object({
          bytes: Type.String({ contentEncoding: "base64" }),
          output: Type.String({ description: "The last output." }),
          seed: Type.String(),
          outputs: Type.Array(Type.String()),
          ...RECEIPTED,
        }),
      },
      headers: OUTPUT_HEADERS,
    },
    errors: [503],
    async handler(request, reply) {
      const { bytes: length, ...demand } = request.body as Static<typeof BODY>;
      const principal = principalOf(request);
      const wait = access.quotas.admitBytes(principal, length);
      if (wait > 0) return context.refuse(request, reply, overQuota("bytes", wait));
      const lacking = receipts.unavailable();
      if (lacking) return context.refuse(request, reply, lacking);
      const asked = requirementOf(demand);
      const drawn = await random.draw({
        bytes: length,
        door: "http",
        principal: principal.id,
        purpose: "receipted",
        requirement: asked,
        recorded: "pending",
      });
      if (!drawn.ok) return context.refuse(request, reply, drawn);
      const { bytes, outputs, seed } = drawn;
      try {
        const pending = pendingOf(drawn);
        const given = { what: "random", bytes: length, pending, asked, value: bytes } as const;
        const issued = await context.durable(receipts.issue([given], principal.id));
        if ("ok" in issued) return context.refuse(request, reply, issued);
        const text = Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("base64");
        const seconds = (clock.monotonicMilliseconds() - request.startedMilliseconds) / 1000;
        tally.answered("http", 200, seconds, length);
        return await reply
          .headers({
            "content-type": "application/json",
            "cache-control": "no-store",
            "springhouse-output": outputs.join(", "),
            "springhouse-seed": seed,
          })
          .send(
            JSON.stringify({
              bytes: text,
              output: outputs.at(-1),
              seed,
              outputs,
              ...receiptMembers(issued[0]!),
            }),
          );
      } finally {
        bytes.fill(0);
      }
    },
  });
}
