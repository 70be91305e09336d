import type { IncomingMessage, ServerResponse } from "node:http";
import type { DrawResult } from "../port/draw.ts";
import type { Refusal } from "../port/errors.ts";
import type { Principal } from "../port/principal.ts";
import type { Context } from "./context.ts";
import { admissionFor, overQuota } from "./guard.ts";
import { PROBLEM_TYPE, problemHeaders, problemOf, statusOf } from "./problem.ts";
import { DEFAULT_BYTES, MAXIMUM_BYTES } from "./random.ts";
import { answerRandom, OCTET_STREAM } from "./randomAnswer.ts";

const ROUTE = "/v1/random";
const QUERY = "/v1/random?bytes=";
const NOTHING_ASKED = {};

/** How many bytes a request for nothing but bytes asks for; null for any other. */
export function plainBytes(url: string): number | null {
  if (url === ROUTE) return DEFAULT_BYTES;
  if (!url.startsWith(QUERY)) return null;
  let bytes = 0;
  for (let at = QUERY.length; at < url.length; at++) {
    const digit = url.charCodeAt(at) - 0x30;
    // A zero in front is refused by the framework.
    if (digit < (bytes === 0 ? 1 : 0) || digit > 9 || bytes > MAXIMUM_BYTES) return null;
    bytes = 10 * bytes + digit;
  }
  return bytes >= 1 && bytes <= MAXIMUM_BYTES ? bytes : null;
}

/** Whether it took the request; what it does not take goes the way of all routes. */
export type HotRoute = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * `GET /v1/random` with no requirement and as octets, in front of the framework: the same guard, quota,
 * draw and answer as `random.ts`, in one turn where the prepared seeds suffice. A request that the
 * guard does not let in, or that asks for anything more, is left to the framework untouched.
 */
export function hotRandom(context: Context, nextId: () => string): HotRoute {
  const { random, access, clock, tally } = context.ports;
  const admit = admissionFor(context, "random.draw");

  function refuse(
    response: ServerResponse,
    startedMilliseconds: number,
    principal: Principal,
    refusal: Refusal,
    id = nextId(),
  ): void {
    const status = statusOf(refusal.code);
    context.note(refusal, id, "GET", ROUTE, principal);
    tally.answered("http", status, (clock.monotonicMilliseconds() - startedMilliseconds) / 1000, 0);
    const text = JSON.stringify(problemOf(refusal, id));
    response.writeHead(status, {
      ...problemHeaders(refusal),
      // As the framework says it.
      "content-type": `${PROBLEM_TYPE}; charset=utf-8`,
      "content-length": Buffer.byteLength(text),
    });
    response.end(text);
  }

  /** The log has a defect under the id that the answer names. */
  function fail(
    response: ServerResponse,
    startedMilliseconds: number,
    principal: Principal,
    error: unknown,
  ): void {
    const id = nextId();
    refuse(response, startedMilliseconds, principal, context.explain(error, id), id);
  }

  return (request, response) => {
    if (request.method !== "GET" || context.stopping.signal.aborted) return false;
    const bytes = plainBytes(request.url!);
    if (bytes === null) return false;
    const { headers } = request;
    const { accept } = headers;
    if (accept !== undefined && accept !== "*/*" && accept !== OCTET_STREAM) return false;
    // A body has to be read, or refused.
    if (headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined)
      return false;
    const started = clock.monotonicMilliseconds();
    const principal = admit(request);
    if (principal === null || "code" in principal) return false;
    const settle = (result: DrawResult): void => {
      if (result.ok) answerRandom(response, started, OCTET_STREAM, result, context.ports);
      else refuse(response, started, principal, result);
    };
    const wait = access.quotas.admitBytes(principal, bytes);
    if (wait > 0) {
      refuse(response, started, principal, overQuota("bytes", wait));
      return true;
    }
    let result: DrawResult | Promise<DrawResult>;
    try {
      result = random.draw({
        bytes,
        door: "http",
        principal: principal.id,
        purpose: "random",
        requirement: NOTHING_ASKED,
      });
    } catch (error) {
      fail(response, started, principal, error);
      return true;
    }
    if (result instanceof Promise)
      result.then(settle).catch((error: unknown) => fail(response, started, principal, error));
    else settle(result);
    return true;
  };
}
