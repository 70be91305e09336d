import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { isAllowed } from "../access/permissions.ts";
import { encodeBundle } from "../log/bundle.ts";
import { parseTilePath } from "../log/tile.ts";
import { refuse } from "../port/errors.ts";
import { principalOf, type Context } from "./context.ts";
import { LINE } from "./keyRequest.ts";
import { addRoute } from "./route.ts";
import { OCTETS } from "./schemas.ts";

const LEAF_ID = Type.Object(
  { id: Type.String({ pattern: "^lf-[0-9a-f]{16}-[1-9][0-9]{0,15}$" }) },
  { additionalProperties: false },
);

/** What stands behind `*` is checked by its own grammar. */
const TILE = Type.Object(
  { "*": Type.String({ description: "C2SP tlog-tiles: L/N or entries/N, partial with .p/W." }) },
  { additionalProperties: false },
);

const ROTATION = Type.Object(
  { reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, pattern: LINE })) },
  { additionalProperties: false },
);

const OCTET_STREAM = "application/octet-stream";
const TEXT = "text/plain";

/** The transparency log, read: `/v1/log` is a log's monitoring prefix of C2SP tlog-tiles. */
export function addTransparency(app: FastifyInstance, context: Context): void {
  const { transparency, logKey, receipts } = context.ports;
  const common = {
    method: "GET",
    permission: "log.read",
    tag: "log",
    produces: [TEXT],
  } as const;

  addRoute(app, context, {
    ...common,
    url: "/v1/log/checkpoint",
    summary: "The log's last signed checkpoint",
    description: "A signed note (C2SP tlog-checkpoint), at most a second behind the last leaf.",
    success: { status: 200, description: "The note.", content: { [TEXT]: Type.String() } },
    handler: (_request, reply) =>
      reply
        .headers({ "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
        .send(transparency.checkpoint().note),
  });

  addRoute(app, context, {
    ...common,
    url: "/v1/log/key",
    summary: "The key that the log's checkpoints are checked with",
    description: "A verifier key (C2SP signed-note). Keep it where the service cannot change it.",
    success: { status: 200, description: "One line.", content: { [TEXT]: Type.String() } },
    handler: (_request, reply) =>
      reply
        .headers({ "content-type": "text/plain; charset=utf-8" })
        .send(`${transparency.verifierKey}\n`),
  });

  addRoute(app, context, {
    ...common,
    url: "/v1/log/witnessed",
    summary: "The last checkpoints that witnesses have cosigned",
    description:
      "Signed notes one after the other, the newest first, with cosignatures of C2SP tlog-cosignature. Empty where no witness with a key is configured, or none has cosigned yet.",
    success: { status: 200, description: "The notes.", content: { [TEXT]: Type.String() } },
    handler: (_request, reply) =>
      reply
        .headers({ "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
        .send(transparency.cosigned.all.map(({ note }) => `${note}\n`).join("")),
  });

  addRoute(app, context, {
    ...common,
    url: "/v1/log/handovers",
    summary: "How the log came from one key to the next",
    description:
      "Signed notes one after the other, the oldest first, each of both keys: whoever trusts one of them comes to the others. Empty for a log that has had one key.",
    success: { status: 200, description: "The notes.", content: { [TEXT]: Type.String() } },
    handler: (_request, reply) =>
      reply
        .headers({ "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" })
        .send(transparency.handovers.join("")),
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/log/rotate-key",
    permission: "log.rotateKey",
    tag: "log",
    summary: "Another key goes on with the log",
    description:
      "A leaf signed by both keys says so, a checkpoint of both covers it, and the old key is gone. Whoever keeps the log's key should keep the new one.",
    body: ROTATION,
    success: {
      status: 200,
      description: "It signs from now on.",
      content: {
        "application/json": Type.Object({
          verifierKey: Type.String({ description: "C2SP signed-note; public." }),
          handover: Type.String({
            description: "The signed note by which the key before it says so.",
          }),
        }),
      },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const { reason } = request.body as Static<typeof ROTATION>;
      const rotated = await context.durable(logKey.rotate(principalOf(request).id, reason ?? null));
      return "ok" in rotated ? context.refuse(request, reply, rotated) : reply.send(rotated);
    },
  });

  addRoute(app, context, {
    ...common,
    url: "/v1/log/tile/*",
    summary: "A tile of the log: hashes, or the leaves themselves",
    description:
      "By C2SP tlog-tiles. Of level 0 up: 32 bytes for each hash. `entries`: the leaves, canonical JSON, each behind its length in two bytes. A tile that was full once never changes.",
    params: TILE,
    produces: [OCTET_STREAM],
    success: { status: 200, description: "The tile.", content: { [OCTET_STREAM]: OCTETS } },
    errors: [503],
    async handler(request, reply) {
      const { "*": path } = request.params as Static<typeof TILE>;
      const tile = parseTilePath(`tile/${path}`);
      const bytes =
        tile === null
          ? null
          : tile.level === "entries"
            ? await context.durable(transparency.entries(tile.index, tile.width)).then(encoded)
            : await context.durable(transparency.tile(tile.level, tile.index, tile.width));
      if (bytes === null)
        return context.refuse(
          request,
          reply,
          refuse("not_found", "The log's last checkpoint has no such tile."),
        );
      return reply
        .headers({ "content-type": OCTET_STREAM, "cache-control": "no-store" })
        .send(Buffer.from(bytes));
    },
  });

  addRoute(app, context, {
    method: "GET",
    url: "/v1/log/leaves/:id/receipt",
    permission: "receipts.read",
    tag: "log",
    summary: "The receipt of a leaf: a proof that is checked offline",
    description:
      "Of a leaf by its id, as the answer to what wrote it names it. A client is told of its own alone.",
    params: LEAF_ID,
    success: {
      status: 200,
      description: "For `springhouse verify`.",
      content: { "application/json": Type.Object({}, { additionalProperties: true }) },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const { id } = request.params as Static<typeof LEAF_ID>;
      const principal = principalOf(request);
      const mine = isAllowed(principal.roles, "log.read") ? null : principal.id;
      const receipt = await context.durable(receipts.receiptOf(id, mine));
      if (!receipt)
        return context.refuse(request, reply, refuse("not_found", "There is no such leaf."));
      return reply.send(receipt);
    },
  });
}

function encoded(entries: readonly string[] | null): Uint8Array | null {
  return entries && encodeBundle(entries);
}
