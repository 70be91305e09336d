import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import type { TObject } from "typebox";
import type { Refusal } from "../port/errors.ts";
import type { Principal } from "../port/principal.ts";
import { principalOf, type Context } from "./context.ts";
import { gatekeepersOf, identityFor, overQuota } from "./guard.ts";
import { refusalAnswer } from "./hot/answer.ts";
import type { HotAnswer, HotPorts, HotRequest, HotRoute } from "./hot/ports.ts";
import type { ReadJson } from "./json.ts";
import { statusOf } from "./problem.ts";
import { bodyValidator, type Validator } from "./query.ts";
import { addRoute, BODY_LIMIT_BYTES, type RouteSpec } from "./route.ts";

/*
 * Routes whose answer is a function of who asks, of one id in the path, and of a body of JSON. Each is
 * written once and stands twice: as a route of the framework, and in front of it (`hot/`) for requests as
 * programs send them. By the same guard, limits, reader of JSON, schema and errors: what a client sees is
 * the same.
 */

/** A request that was let in and understood. */
export interface Call {
  readonly principal: Principal;
  /** In the path; empty where the route has none. */
  readonly id: string;
  /** As the route's schema has it. */
  readonly body: unknown;
  /** Monotonic. */
  readonly startedMilliseconds: number;
  /** Fires when the client goes away unanswered. */
  gone(): AbortSignal;
}

export interface Answer {
  readonly json: string;
  /** Names and values in turn, besides those that all have. */
  readonly headers?: readonly string[];
}

/** Null where nobody is there any more to be answered. */
type Answered = Answer | Refusal | null;

export interface DirectSpec extends Omit<
  RouteSpec,
  "method" | "query" | "upload" | "beforeBody" | "produces" | "head" | "handler"
> {
  readonly body: TObject;
  /** In one turn of the event loop where it can be. */
  readonly answer: (call: Call) => Answered | Promise<Answered>;
}

/** Registers both forms of it. */
export function addDirect(app: FastifyInstance, context: Context, spec: DirectSpec): void {
  app.directRoutes.add(spec);
  addRoute(app, context, {
    ...spec,
    method: "POST",
    async handler(request, reply) {
      const answered = await spec.answer({
        principal: principalOf(request),
        id: (request.params as { readonly id?: string }).id ?? "",
        body: request.body,
        startedMilliseconds: request.startedMilliseconds,
        gone: () => goneSignal(reply.raw),
      });
      if (isRefusal(answered)) return context.refuse(request, reply, answered);
      reply.hijack();
      if (answered !== null) {
        reply.raw.writeHead(200, headersOf(answered));
        reply.raw.end(answered.json);
      }
      return reply;
    },
  });
}

interface Found {
  readonly route: HotRoute;
  /** What stands before the id; the whole path where there is none. */
  readonly prefix: string;
  readonly id: RegExp | null;
}

/** Those that stand in front of the framework. */
export class DirectRoutes {
  readonly #context: Context;
  readonly #nextId: () => string;
  readonly #readJson: ReadJson;
  /** By the last segment of the path. */
  readonly #routes = new Map<string, Found>();

  constructor(context: Context, nextId: () => string, readJson: ReadJson) {
    this.#context = context;
    this.#nextId = nextId;
    this.#readJson = readJson;
  }

  add(spec: DirectSpec): void {
    const { url, params, body, permission, bodyLimitBytes = BODY_LIMIT_BYTES } = spec;
    const last = lastSegment(url);
    if (this.#routes.has(last)) throw new Error(`two direct routes end in ${last}`);
    const colon = url.indexOf(":");
    const id: { readonly pattern?: string } | undefined = params?.properties["id"];
    const validate = bodyValidator(body);
    this.#routes.set(last, {
      route: {
        identify: identityFor(gatekeepersOf(this.#context), permission),
        limitBytes: bodyLimitBytes,
        answer: (request) => this.#answer(spec, validate, request),
      },
      prefix: colon < 0 ? url : url.slice(0, colon),
      id: id?.pattern === undefined ? null : new RegExp(id.pattern, "u"),
    });
  }

  /** Which route has this very path. */
  readonly find: HotPorts["route"] = (url) => {
    const last = lastSegment(url);
    const found = this.#routes.get(last);
    if (found === undefined) return null;
    const { route, prefix, id } = found;
    if (id === null) return url === prefix ? { route, id: "" } : null;
    const text = url.startsWith(prefix) ? url.slice(prefix.length, -last.length - 1) : "";
    return id.test(text) ? { route, id: text } : null;
  };

  #answer(
    spec: DirectSpec,
    validate: Validator,
    request: HotRequest,
  ): HotAnswer | null | Promise<HotAnswer | null> {
    const { principal, body } = request;
    const refuse = (refusal: Refusal, id = this.#nextId()): HotAnswer =>
      this.#refuse(spec, request, refusal, id);
    // The log has a defect under the id that the answer names.
    const fail = (error: unknown): HotAnswer => {
      const id = this.#nextId();
      return refuse(this.#context.explain(error, id), id);
    };
    const settle = (answered: Answered): HotAnswer | null => {
      if (answered === null) return null;
      if (isRefusal(answered)) return refuse(answered);
      return { status: 200, headers: fieldsOf(answered), body: answered.json };
    };
    const wait = this.#context.ports.access.quotas.admitRequest(principal);
    if (wait > 0) return refuse(overQuota("requests", wait));
    let value: unknown;
    try {
      value = this.#readJson(body.toString("utf8"));
    } catch (error) {
      // As the framework does after a body that it could not read.
      return { ...fail(error), closes: true };
    }
    const checked = validate(value);
    if ("error" in checked) return fail(checked.error);
    try {
      const answered = spec.answer({ ...request, body: checked.value });
      return answered instanceof Promise ? answered.then(settle).catch(fail) : settle(answered);
    } catch (error) {
      return fail(error);
    }
  }

  #refuse(
    { url, door }: DirectSpec,
    { principal, startedMilliseconds }: HotRequest,
    refusal: Refusal,
    id: string,
  ): HotAnswer {
    const { clock, tally } = this.#context.ports;
    this.#context.note(refusal, id, "POST", url, principal);
    if (door) {
      const seconds = (clock.monotonicMilliseconds() - startedMilliseconds) / 1000;
      tally.answered(door, statusOf(refusal.code), seconds, 0);
    }
    return refusalAnswer(refusal, id);
  }
}

function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

const isRefusal = (answered: Answered): answered is Refusal =>
  answered !== null && "code" in answered;

const COMMON: readonly string[] = ["content-type", "application/json", "cache-control", "no-store"];

const fieldsOf = ({ headers }: Answer): readonly string[] =>
  headers ? [...COMMON, ...headers] : COMMON;

const headersOf = (answer: Answer): string[] => [
  ...fieldsOf(answer),
  "content-length",
  String(Buffer.byteLength(answer.json)),
];

const lastSegment = (url: string): string => url.slice(url.lastIndexOf("/") + 1);
