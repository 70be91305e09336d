import type { Quotas } from "../../access/quotas.ts";
import type { Clock } from "../../port/clock.ts";
import type { DrawResult, RandomSupply } from "../../port/draw.ts";
import type { Refusal } from "../../port/errors.ts";
import type { Principal } from "../../port/principal.ts";
import type { Context } from "../context.ts";
import { type Admission, gatekeepersOf, identityFor, overQuota } from "../guard.ts";
import { HOT_ROUTE } from "./head.ts";

/** An answer but for what each connection says of itself. */
export interface HotAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string;
  /** Nothing more is read of this connection. */
  readonly closes?: boolean;
}

/** A request with a body, as it came. */
export interface HotRequest {
  readonly principal: Principal;
  /** In the path; empty where the route has none. */
  readonly id: string;
  readonly body: Buffer;
  /** Monotonic. */
  readonly startedMilliseconds: number;
  /** Fires when the client goes away unanswered. */
  gone(): AbortSignal;
}

/** A route that takes a body of JSON. */
export interface HotRoute {
  /** Who asks, with nothing counted. */
  readonly identify: Admission;
  readonly limitBytes: number;
  /** Never throws or rejects; null where nobody is there any more to be answered. */
  answer(request: HotRequest): HotAnswer | null | Promise<HotAnswer | null>;
}

/** What the hot route asks of the house, and all that it knows of it. */
export interface HotPorts {
  readonly clock: Pick<Clock, "monotonicMilliseconds" | "wallMilliseconds">;
  /** False from the moment at which the service stops. */
  readonly isOpen: () => boolean;
  /** Who asks, with nothing counted. Whoever is not let in is left to the framework. */
  readonly identify: Admission;
  /** Whether somebody who was let in by a token a moment ago still would be. */
  readonly isActive: (principal: Principal) => boolean;
  /** Bytes of its quota, without any requirement; null: whoever is behind is to answer. */
  readonly draw: (
    principal: Principal,
    bytes: number,
  ) => DrawResult | null | Promise<DrawResult | null>;
  /** The route that takes bodies at this path, and the id in it; null: it is not answered here. */
  readonly route: (url: string) => { readonly route: HotRoute; readonly id: string } | null;
  readonly answered: (status: number, seconds: number, outputBytes: number) => void;
  /** For the problem that is answered, and the lines of the log about it. */
  readonly nextId: () => string;
  /** Counts and logs a refusal. */
  readonly note: (refusal: Refusal, id: string, principal: Principal) => void;
  /** The refusal for an error, which is logged when it is a defect. */
  readonly explain: (error: unknown, id: string) => Refusal;
}

const NOTHING_ASKED = {};

/** A draw of the hot route, out of the principal's quota. */
export function drawFrom(
  random: Pick<RandomSupply, "draw">,
  quotas: Pick<Quotas, "admitRequest" | "admitBytes">,
): HotPorts["draw"] {
  return (principal, bytes) => {
    const requestWait = quotas.admitRequest(principal);
    if (requestWait > 0) return overQuota("requests", requestWait);
    const bytesWait = quotas.admitBytes(principal, bytes);
    if (bytesWait > 0) return overQuota("bytes", bytesWait);
    return random.draw({
      bytes,
      door: "http",
      principal: principal.id,
      purpose: "random",
      requirement: NOTHING_ASKED,
    });
  };
}

/** The hot route's ports in the thread that has the whole house. */
export function hotPortsOf(
  context: Context,
  nextId: () => string,
  route: HotPorts["route"],
): HotPorts {
  const { random, access, clock, tally } = context.ports;
  return {
    clock,
    isOpen: () => !context.stopping.signal.aborted,
    identify: identityFor(gatekeepersOf(context), "random.draw"),
    isActive: (principal) => access.tokens.isActive(principal),
    draw: drawFrom(random, access.quotas),
    route,
    answered: (status, seconds, bytes) => tally.answered("http", status, seconds, bytes),
    nextId,
    note: (refusal, id, principal) => context.note(refusal, id, "GET", HOT_ROUTE, principal),
    explain: (error, id) => context.explain(error, id),
  };
}
