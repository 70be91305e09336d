import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { SLOT_KINDS, type SlotKind } from "../port/seal.ts";
import { recover } from "../key/seal/recovery.ts";
import { principalOf, type Context } from "./context.ts";
import { INTENT_ID } from "./intents.ts";
import { askerOf } from "./keyRequest.ts";
import { addRoute } from "./route.ts";
import { choice, ROTATION, SLOT, VAULT } from "./schemas.ts";

/** Ten slots may be tried one after the other, each for as long as Argon2id takes. */
const SEAL_MILLISECONDS = 30_000;
/** 100,000 kept keys take some seconds, a million half a minute, and each device up to 30 s. */
const ROTATION_MILLISECONDS = 300_000;
const STRICT = { additionalProperties: false } as const;

/** One line: nothing that a terminal could obey. */
const LINE = "^[^\\u0000-\\u001f\\u007f]+$";
const NAME = { minLength: 1, maxLength: 100, pattern: LINE } as const;
const LONGEST_PASSPHRASE = 1024;
const NEW_SLOT = Type.Object(
  {
    kind: choice(SLOT_KINDS),
    name: Type.String({
      ...NAME,
      description: "For people; no two slots have the same.",
    }),
    passphrase: Type.Optional(
      Type.String({
        minLength: 12,
        maxLength: LONGEST_PASSPHRASE,
        pattern: LINE,
        description: "Of a passphrase slot. `POST /v1/keys/generate` makes one of 132 bits.",
      }),
    ),
    place: Type.Optional(
      Type.String({
        ...NAME,
        description: "Of the other kinds: what stands behind it, by its name in the configuration.",
      }),
    ),
  },
  STRICT,
);

const ADDED_SLOT = Type.Object(
  {
    ...NEW_SLOT.properties,
    recovery: Type.Optional(
      Type.Boolean({
        default: false,
        description: "Never tried but with an intent `seal.recover` that custodians approved.",
      }),
    ),
  },
  STRICT,
);

const OPENING = Type.Object(
  {
    slot: Type.Optional(
      Type.String({ ...NAME, description: "Id or name; without it, every slot that could be." }),
    ),
    passphrase: Type.Optional(
      Type.String({ minLength: 1, maxLength: LONGEST_PASSPHRASE, pattern: LINE }),
    ),
    intent: Type.Optional(
      Type.Unsafe<string>({
        ...INTENT_ID,
        description: "An approved `seal.recover`: opens the recovery slot that it names.",
      }),
    ),
  },
  STRICT,
);

const CLOSING = Type.Object(
  { reason: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, pattern: LINE })) },
  STRICT,
);
const ID = Type.Object({ id: Type.String({ pattern: "^slot-[0-9a-f]{16}$" }) }, STRICT);

/** NFC (RFC 8265 4.2.2), so that the same passphrase of another keyboard is the same bytes. */
function bytesOf(passphrase: string | undefined): Uint8Array | null {
  if (passphrase === undefined) return null;
  return new Uint8Array(Buffer.from(passphrase.normalize("NFC"), "utf8"));
}

function wantedOf({ kind, name, passphrase, place, recovery }: Static<typeof ADDED_SLOT>) {
  const bytes = bytesOf(passphrase);
  const secret = { passphrase: bytes, place: place ?? null };
  return { kind: kind as SlotKind, name, ...secret, recovery: recovery ?? false };
}

export function addSeal(app: FastifyInstance, context: Context): void {
  const { seal, approvals } = context.ports;
  const vault = { "application/json": VAULT };
  const slot = { "application/json": SLOT };

  addRoute(app, context, {
    method: "GET",
    url: "/v1/seal",
    permission: "seal.read",
    tag: "seal",
    summary: "Whether the vault of kept keys is open, and its slots",
    success: { status: 200, description: "The vault.", content: vault },
    handler: (_request, reply) => reply.send(seal.state()),
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/seal/initialise",
    permission: "seal.initialise",
    tag: "seal",
    summary: "Makes the vault and its first slot; it is open afterwards",
    body: NEW_SLOT,
    success: { status: 201, description: "The slot.", content: slot },
    errors: [409, 503],
    async handler(request, reply) {
      const wanted = wantedOf(request.body as Static<typeof NEW_SLOT>);
      const making = seal.initialise(wanted, principalOf(request).id);
      const made = await context.durable(making, SEAL_MILLISECONDS);
      wanted.passphrase?.fill(0);
      if ("ok" in made) return context.refuse(request, reply, made);
      return reply.code(201).send(made);
    },
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/seal/open",
    permission: "seal.open",
    tag: "seal",
    summary: "Opens the vault by a slot",
    description:
      "With a passphrase by a slot that takes one, without it by one that opens by itself; by a recovery slot only with an approved intent, which is used up by it. After three wrong passphrases in a row each next one waits longer.",
    body: OPENING,
    success: { status: 200, description: "The slot that it was opened by.", content: slot },
    errors: [403, 404, 409, 412, 503],
    async handler(request, reply) {
      const { slot: named, passphrase, intent } = request.body as Static<typeof OPENING>;
      const opening = {
        ...(named === undefined ? {} : { slot: named }),
        passphrase: bytesOf(passphrase),
      };
      const work =
        intent === undefined
          ? seal.open(opening, principalOf(request).id)
          : recover(approvals, seal, { ...opening, intent }, askerOf(request, ["admin"]));
      const opened = await context.durable(work, SEAL_MILLISECONDS);
      opening.passphrase?.fill(0);
      return "ok" in opened ? context.refuse(request, reply, opened) : reply.send(opened);
    },
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/seal/close",
    permission: "seal.close",
    tag: "seal",
    summary: "Seals the vault at once; kept keys cannot be used until it is opened",
    body: CLOSING,
    success: { status: 204, description: "It is sealed." },
    errors: [503],
    async handler(request, reply) {
      const { reason } = request.body as Static<typeof CLOSING>;
      await context.durable(seal.close(principalOf(request).id, reason ?? null));
      return reply.code(204).send();
    },
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/seal/rotate",
    permission: "seal.rotate",
    tag: "seal",
    summary: "A new epoch: its key wraps every kept key, and each slot's keeper ends the old one",
    description:
      "With `assurance` `hardware` a device sees to it that the old epoch opens no more; with `best-effort` a copy of the database from before still opens by that slot.",
    body: CLOSING,
    success: {
      status: 200,
      description: "What became of each slot.",
      content: { "application/json": ROTATION },
    },
    errors: [409, 503],
    async handler(request, reply) {
      const { reason } = request.body as Static<typeof CLOSING>;
      const rotating = seal.rotate(principalOf(request).id, reason ?? null);
      const rotated = await context.durable(rotating, ROTATION_MILLISECONDS);
      return "ok" in rotated ? context.refuse(request, reply, rotated) : reply.send(rotated);
    },
  });

  addRoute(app, context, {
    method: "POST",
    url: "/v1/seal/slots",
    permission: "seal.slots",
    tag: "seal",
    summary: "One more way to open the vault, which must be open",
    body: ADDED_SLOT,
    success: { status: 201, description: "The slot.", content: slot },
    errors: [409, 503],
    async handler(request, reply) {
      const wanted = wantedOf(request.body as Static<typeof ADDED_SLOT>);
      const adding = seal.addSlot(wanted, principalOf(request).id);
      const made = await context.durable(adding, SEAL_MILLISECONDS);
      wanted.passphrase?.fill(0);
      if ("ok" in made) return context.refuse(request, reply, made);
      return reply.code(201).send(made);
    },
  });

  addRoute(app, context, {
    method: "DELETE",
    url: "/v1/seal/slots/:id",
    permission: "seal.slots",
    tag: "seal",
    summary: "Removes a slot; the last one stays",
    description: "A copy of the database from before still opens by it.",
    params: ID,
    success: { status: 204, description: "It is gone." },
    errors: [409, 503],
    async handler(request, reply) {
      const { id } = request.params as Static<typeof ID>;
      const removing = seal.removeSlot(id, principalOf(request).id);
      const refusal = await context.durable(removing, SEAL_MILLISECONDS);
      return refusal ? context.refuse(request, reply, refusal) : reply.code(204).send();
    },
  });
}
