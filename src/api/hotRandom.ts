import type { IncomingMessage, ServerResponse } from "node:http";
import type { Quotas } from "../access/quotas.ts";
import type { Clock } from "../port/clock.ts";
import type { DrawResult, RandomSupply } from "../port/draw.ts";
import type { Refusal } from "../port/errors.ts";
import type { Principal } from "../port/principal.ts";
import { type Admission, overQuota } from "./guard.ts";
import { PROBLEM_TYPE, problemHeaders, problemOf, statusOf } from "./problem.ts";
import { answerRandom, OCTET_STREAM } from "./randomAnswer.ts";
import { DEFAULT_BYTES, MAXIMUM_BYTES } from "./randomBytes.ts";

export const HOT_ROUTE = "/v1/random";
const QUERY = "/v1/random?bytes=";
const NOTHING_ASKED = {};

/** How many bytes a request for nothing but bytes asks for; null for any other. */
export function plainBytes(url: string): number | null {
  if (url === HOT_ROUTE) return DEFAULT_BYTES;
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

/** What the hot route asks of the house, and all that it knows of it. */
export interface HotPorts {
  readonly clock: Pick<Clock, "monotonicMilliseconds">;
  /** False from the moment at which the service stops. */
  readonly isOpen: () => boolean;
  /** Who asks, with nothing counted. Whoever is not let in is left to the framework. */
  readonly identify: Admission;
  readonly quotas: Pick<Quotas, "admitRequest" | "admitBytes">;
  readonly random: Pick<RandomSupply, "draw">;
  readonly answered: (status: number, seconds: number, outputBytes: number) => void;
  /** For the problem that is answered, and the lines of the log about it. */
  readonly nextId: () => string;
  /** Counts and logs a refusal. */
  readonly note: (refusal: Refusal, id: string, principal: Principal) => void;
  /** The refusal for an error, which is logged when it is a defect. */
  readonly explain: (error: unknown, id: string) => Refusal;
}

/** Whether it took the request; what it does not take goes the way of all routes. */
export type HotRoute = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * `GET /v1/random` with no requirement and as octets, in front of the framework: the same guard, quota,
 * draw and answer as `random.ts`, in one turn where the prepared seeds suffice. A request that the
 * guard does not let in, or that asks for anything more, is left to the framework untouched.
 */
export function hotRandom(ports: HotPorts): HotRoute {
  const { clock, quotas, random } = ports;

  function refuse(
    response: ServerResponse,
    startedMilliseconds: number,
    principal: Principal,
    refusal: Refusal,
    id = ports.nextId(),
  ): void {
    const status = statusOf(refusal.code);
    ports.note(refusal, id, principal);
    ports.answered(status, (clock.monotonicMilliseconds() - startedMilliseconds) / 1000, 0);
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
    const id = ports.nextId();
    refuse(response, startedMilliseconds, principal, ports.explain(error, id), id);
  }

  return (request, response) => {
    if (request.method !== "GET" || !ports.isOpen()) return false;
    const bytes = plainBytes(request.url!);
    if (bytes === null) return false;
    const { headers } = request;
    const { accept } = headers;
    if (accept !== undefined && accept !== "*/*" && accept !== OCTET_STREAM) return false;
    // A body has to be read, or refused.
    if (headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined)
      return false;
    const started = clock.monotonicMilliseconds();
    const principal = ports.identify(request);
    if (principal === null || "code" in principal) return false;
    const wait = quotas.admitRequest(principal);
    if (wait > 0) {
      refuse(response, started, principal, overQuota("requests", wait));
      return true;
    }
    const settle = (result: DrawResult): void => {
      if (result.ok) answerRandom(response, started, OCTET_STREAM, result, ports);
      else refuse(response, started, principal, result);
    };
    const bytesWait = quotas.admitBytes(principal, bytes);
    if (bytesWait > 0) {
      refuse(response, started, principal, overQuota("bytes", bytesWait));
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
