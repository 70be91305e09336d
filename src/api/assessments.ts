import { setImmediate } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { Type, type Static } from "typebox";
import { conditioningFault } from "../assess/conditioned/component.ts";
import type { AssessmentOrder } from "../assess/desk.ts";
import type { SuiteChoices } from "../assess/suite.ts";
import { choicesFault, SUITE_NAMES, type SuiteName } from "../assess/suites.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { Conditioning } from "../standard/outputEntropy.ts";
import { principalOf, type Context } from "./context.ts";
import { addRoute } from "./route.ts";
import { choice, nullable, OCTETS } from "./schemas.ts";

const bits = (description: string) =>
  Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description });

const ORDER = Type.Object(
  {
    suite: Type.Optional(
      choice(SUITE_NAMES, "Which suite; default the non-IID track of SP 800-90B."),
    ),
    source: Type.Optional(
      Type.String({
        pattern: "^[a-z0-9-]{1,32}$",
        description: "A live source to take samples of. Without it the body is assessed.",
      }),
    ),
    samples: Type.Optional(
      Type.Integer({ minimum: 1, description: "To take of the source; default 1,000,000." }),
    ),
    bits: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 8, description: "Of an uploaded sample; default 8." }),
    ),
    h: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 8,
        description: "Bits a sample that are claimed.",
      }),
    ),
    constants: Type.Optional(
      Type.Union([Type.Literal("text"), Type.Literal("program")], {
        description: "SP 800-22: whose, where its text and its program disagree; default text.",
      }),
    ),
    n_in: Type.Optional(
      bits(
        "Conditioned data: what goes into the component; n_in, n_out, nw and h_in are given together.",
      ),
    ),
    n_out: Type.Optional(bits("Conditioned data: what comes out of it.")),
    nw: Type.Optional(bits("Conditioned data: its narrowest internal width.")),
    h_in: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        description: "Conditioned data: bits of min-entropy that go in.",
      }),
    ),
    seed: Type.Optional(
      Type.String({
        pattern: "^[0-9a-f]{64}$",
        description: "Of a report whose permutations are to be repeated.",
      }),
    ),
  },
  { additionalProperties: false },
);
type Order = Omit<Static<typeof ORDER>, "suite"> & { readonly suite?: SuiteName };

const ID = Type.Object(
  { id: Type.String({ pattern: "^assessment-[0-9a-f]{16}$" }) },
  { additionalProperties: false },
);

const STATUS = Type.Object({
  id: Type.String(),
  suite: choice(SUITE_NAMES),
  subject: Type.String({ description: "A source, or `upload`." }),
  state: choice(["collecting", "running", "finished", "failed", "cancelled"]),
  progress: Type.String(),
  startedMilliseconds: Type.Number(),
  endedMilliseconds: nullable(Type.Number()),
  assessment: nullable(Type.Unknown({ description: "The report, when it is finished." })),
});

const absent = (id: string): Refusal => refuse("not_found", `There is no ${id}.`);

/** Looked at in one go, in about a millisecond: those that draw do not wait for all of an upload. */
const TURN_SAMPLES = 2 ** 18;

/** Where the first sample is that has more than `bits` bits; null where none has. */
async function firstTooWide(samples: Uint8Array, bits: number): Promise<number | null> {
  if (bits === 8) return null;
  for (let from = 0; from < samples.length; from += TURN_SAMPLES) {
    const turn = samples.subarray(from, from + TURN_SAMPLES);
    let all = 0;
    for (const symbol of turn) all |= symbol;
    if (all >> bits !== 0) return from + turn.findIndex((symbol) => symbol >> bits !== 0);
    await setImmediate();
  }
  return null;
}

function conditioningOf({ n_in, n_out, nw, h_in }: Order): Conditioning | Refusal | null {
  const given = [n_in, n_out, nw, h_in].filter((value) => value !== undefined).length;
  if (given === 0) return null;
  if (n_in === undefined || n_out === undefined || nw === undefined || h_in === undefined)
    return refuse("invalid_parameter", "n_in, n_out, nw and h_in are given together.");
  const conditioning: Conditioning = {
    inputBits: n_in,
    outputBits: n_out,
    narrowestWidthBits: nw,
    inputEntropy: h_in,
  };
  const fault = conditioningFault(conditioning);
  return fault === null ? conditioning : refuse("invalid_parameter", `${fault}.`);
}

/** What is to be assessed, or why that makes no sense. */
function orderOf(
  query: Order,
  body: Buffer | null,
  maximumSamples: number,
): AssessmentOrder | Refusal {
  const {
    suite = "sp800-90b-non-iid",
    source,
    samples = 1_000_000,
    bits = 8,
    h,
    seed,
    constants,
  } = query;
  const given = body !== null && body.length > 0;
  if (given === (source !== undefined))
    return refuse(
      "invalid_parameter",
      given
        ? "There are a source and a body: one of them is too many."
        : "There is neither a source nor a body.",
      { remedy: "Name a source, or send samples, one a byte, as application/octet-stream." },
    );
  if (h !== undefined && source === undefined && h > bits)
    return refuse("invalid_parameter", `h is more than the ${bits} bits of a sample.`);
  const conditioning = conditioningOf(query);
  if (conditioning !== null && "ok" in conditioning) return conditioning;
  const choices: SuiteChoices = {
    conditioning,
    claimedEntropy: h ?? null,
    ...(seed === undefined ? {} : { seed }),
    ...(constants === undefined ? {} : { constants }),
  };
  const idle = choicesFault(suite, choices);
  if (idle !== null) return refuse("invalid_parameter", `${idle}.`);
  const common = { suite, choices };
  if (source !== undefined) {
    if (samples > maximumSamples)
      return refuse("invalid_parameter", `samples is above the limit of ${maximumSamples}.`);
    return { ...common, from: { source, samples } };
  }
  // Shared, so that threads need no copies.
  const upload = new Uint8Array(new SharedArrayBuffer(body!.length));
  upload.set(body!);
  return { ...common, from: { upload, bitsPerSample: bits } };
}

export function addAssessments(app: FastifyInstance, context: Context): void {
  const { assessments, introspection } = context.ports;
  const common = { tag: "assessments" } as const;
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser(
    "application/octet-stream",
    { parseAs: "buffer", bodyLimit: assessments.maximumSamples },
    (_request, body, done) => done(null, body),
  );

  addRoute(app, context, {
    ...common,
    method: "POST",
    url: "/v1/assessments",
    permission: "assessments.run",
    summary: "Runs an auditor's suite on a live source or on samples that are sent",
    description:
      "Samples of a source come by a tap: they never seed anything. It runs on threads that give way to requests; progress is on the event stream.",
    query: ORDER,
    upload: OCTETS,
    beforeBody: () => assessments.full,

    success: {
      status: 201,
      description: "It has begun.",
      content: { "application/json": STATUS },
      headers: { Location: Type.String() },
    },
    errors: [404, 409, 413, 415, 503],
    async handler(request, reply) {
      const query = request.query as Order;
      const body = (request.body ?? null) as Buffer | null;
      const { source, h } = query;
      if (source !== undefined) {
        const known = introspection.snapshot().sources.find(({ id }) => id === source);
        if (!known)
          return context.refuse(
            request,
            reply,
            refuse("not_found", `There is no source ${source}.`),
          );
        const { bitsPerSample } = known;
        if (h !== undefined && h > bitsPerSample)
          return context.refuse(
            request,
            reply,
            refuse("invalid_parameter", `h is more than the ${bitsPerSample} bits of a sample.`),
          );
      }
      const order = orderOf(query, body, assessments.maximumSamples);
      if ("ok" in order) return context.refuse(request, reply, order);
      if ("upload" in order.from) {
        const { upload, bitsPerSample } = order.from;
        const wide = await firstTooWide(upload, bitsPerSample);
        if (wide !== null)
          return context.refuse(
            request,
            reply,
            refuse("invalid_parameter", `Sample ${wide} does not fit in ${bitsPerSample} bits.`, {
              remedy: "Samples are right-justified, one a byte; bits says how wide they are.",
            }),
          );
      }
      const begun = await context.durable(assessments.start(order, principalOf(request).id));
      if ("ok" in begun) return context.refuse(request, reply, begun);
      return reply.code(201).header("location", `/v1/assessments/${begun.id}`).send(begun);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/assessments",
    permission: "assessments.read",
    summary: "Assessments under way and the last ones that ended, without their reports",
    success: {
      status: 200,
      description: "The assessments.",
      content: { "application/json": Type.Object({ assessments: Type.Array(STATUS) }) },
    },
    handler: (_request, reply) => reply.send({ assessments: assessments.list() }),
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/assessments/:id",
    permission: "assessments.read",
    summary: "One assessment, with its report when it is finished",
    params: ID,
    success: {
      status: 200,
      description: "The assessment.",
      content: { "application/json": STATUS },
    },
    handler(request, reply) {
      const { id } = request.params as Static<typeof ID>;
      const status = assessments.find(id);
      return status ? reply.send(status) : context.refuse(request, reply, absent(id));
    },
  });

  addRoute(app, context, {
    ...common,
    method: "GET",
    url: "/v1/assessments/:id/report",
    permission: "assessments.read",
    summary: "The report as one self-contained HTML page",
    params: ID,
    produces: ["text/html"],
    success: {
      status: 200,
      description: "The page.",
      content: { "text/html": Type.String() },
    },
    errors: [409],
    handler(request, reply) {
      const { id } = request.params as Static<typeof ID>;
      if (!assessments.find(id)) return context.refuse(request, reply, absent(id));
      const html = assessments.html(id);
      if (html === null)
        return context.refuse(request, reply, refuse("conflict", "There is no report yet."));
      return reply
        .header("content-type", "text/html; charset=utf-8")
        .header(
          "content-security-policy",
          "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        )
        .send(html);
    },
  });

  addRoute(app, context, {
    ...common,
    method: "DELETE",
    url: "/v1/assessments/:id",
    permission: "assessments.run",
    summary: "Cancels an assessment that is under way",
    params: ID,
    success: { status: 204, description: "It ends." },
    errors: [409],
    handler(request, reply) {
      const { id } = request.params as Static<typeof ID>;
      if (!assessments.find(id)) return context.refuse(request, reply, absent(id));
      if (!assessments.cancel(id))
        return context.refuse(request, reply, refuse("conflict", "It has ended already."));
      return reply.code(204).send();
    },
  });
}
