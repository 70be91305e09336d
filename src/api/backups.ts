import { Readable } from "node:stream";
import type { ReadableStream as WebStream } from "node:stream/web";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { principalOf, type Context } from "./context.ts";
import { STRICT } from "./keyRequest.ts";
import { addRoute } from "./route.ts";
import { BACKUP } from "./schemas.ts";

/** Copying and hashing a database of some gigabytes. */
const BACKUP_MILLISECONDS = 600_000;
const ID = Type.Object(
  { id: Type.String({ pattern: "^bk-[0-9a-f]{16}-[1-9][0-9]{0,15}$" }) },
  STRICT,
);

/** Copies of everything, which recovery recipients alone can open. */
export function addBackups(app: FastifyInstance, context: Context): void {
  const { backups } = context.ports;

  addRoute(app, context, {
    method: "POST",
    url: "/v1/backups",
    permission: "backups.create",
    tag: "backup",
    summary: "A backup of everything, encrypted to the configured recovery recipients",
    description:
      "An age file: the database, the log's keys and the key of the live epoch. That it was made is in the log before it is answered.",
    body: Type.Object({}, STRICT),
    produces: ["application/octet-stream"],
    success: {
      status: 200,
      description: "The age file. One that is cut off does not open.",
      content: { "application/octet-stream": Type.String({ format: "binary" }) },
      headers: { "Springhouse-Backup": Type.String({ description: "Its id." }) },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const making = backups.create(principalOf(request).id);
      const made = await context.durable(making, BACKUP_MILLISECONDS);
      if ("ok" in made) return context.refuse(request, reply, made);
      return reply
        .header("content-type", "application/octet-stream")
        .header("cache-control", "no-store")
        .header("springhouse-backup", made.id)
        .send(Readable.fromWeb(made.stream as WebStream));
    },
  });

  addRoute(app, context, {
    method: "GET",
    url: "/v1/backups",
    permission: "backups.read",
    tag: "backup",
    summary: "Backups that were made",
    success: {
      status: 200,
      description: "All of them.",
      content: { "application/json": Type.Object({ backups: Type.Array(BACKUP) }) },
    },
    errors: [503],
    handler: async (_request, reply) =>
      reply.send({ backups: await context.durable(backups.list()) }),
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/backups/:id/drill",
    permission: "backups.create",
    tag: "backup",
    summary: "Says that a drill restored a backup whole, where its recipients' keys are",
    params: ID,
    body: Type.Object({}, STRICT),
    success: { status: 204, description: "It is kept." },
    errors: [404, 409, 503],
    async handler(request, reply) {
      const { id } = request.params as Static<typeof ID>;
      const refusal = await context.durable(backups.drilled(id, principalOf(request).id));
      return refusal ? context.refuse(request, reply, refusal) : reply.code(204).send();
    },
  });

  addRoute(app, context, {
    method: "DELETE",
    url: "/v1/backups/:id",
    permission: "backups.create",
    tag: "backup",
    summary: "Says that no copy of a backup is left; receipts of destructions then do not name it",
    params: ID,
    success: { status: 204, description: "It counts as gone." },
    errors: [409, 503],
    async handler(request, reply) {
      const { id } = request.params as Static<typeof ID>;
      const refusal = await context.durable(backups.discard(id, principalOf(request).id));
      return refusal ? context.refuse(request, reply, refusal) : reply.code(204).send();
    },
  });
}
