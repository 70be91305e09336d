import type { FastifyReply, FastifyRequest } from "fastify";
import { SpringhouseError, type Refusal } from "../port/errors.ts";
import { Deadline } from "../drbg/deadline.ts";
import type { Door } from "../port/lineage.ts";
import type { Principal } from "../port/principal.ts";
import { Hosts } from "./hosts.ts";
import { RefusalLog } from "./log.ts";
import type { ApiOptions, ApiPorts } from "./ports.ts";
import { RecentRefusals } from "./recentRefusals.ts";
import {
  defect,
  type DefectPlace,
  placeOf,
  problemHeaders,
  problemOf,
  refusalOf,
  statusOf,
} from "./problem.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Set by the guard of every route that is not public. */
    principal: Principal | null;
    /** Monotonic milliseconds at which the guard saw it. */
    startedMilliseconds: number;
  }
  interface FastifyContextConfig {
    door?: Door;
  }
}

/** As long as a draw waits for its record: see `drbg/policy.ts`. */
const STORE_MILLISECONDS = 5000;
const MAXIMUM_STREAMS = 256;
const STALL_MILLISECONDS = 60_000;

/** What the front doors share. */
export class Context {
  readonly ports: ApiPorts;
  readonly options: ApiOptions;
  readonly hosts: Hosts;
  readonly refusals: RefusalLog;
  readonly recentRefusals: RecentRefusals;
  readonly stallMilliseconds: number;
  /** Fires when the service stops: every stream, tap and socket ends. */
  readonly stopping = new AbortController();
  readonly #streams = new Map<string, number>();
  #openStreams = 0;

  constructor(ports: ApiPorts, options: ApiOptions) {
    this.ports = ports;
    this.options = options;
    this.hosts = new Hosts(options.hosts, options.origins);
    this.refusals = new RefusalLog(ports.log, ports.clock);
    this.recentRefusals = new RecentRefusals(ports.clock);
    this.stallMilliseconds = options.stallMilliseconds ?? STALL_MILLISECONDS;
  }

  /**
   * Takes one of the places for long-lived answers; give it back with `leaveStream`. One principal
   * gets half of them at most, so that no client can keep the operator from the events and taps.
   */
  enterStream({ id }: Principal): boolean {
    const places = this.options.maximumStreams ?? MAXIMUM_STREAMS;
    const held = this.#streams.get(id) ?? 0;
    if (this.#openStreams >= places || held >= Math.ceil(places / 2)) return false;
    this.#streams.set(id, held + 1);
    this.#openStreams++;
    return true;
  }

  leaveStream({ id }: Principal): void {
    const held = this.#streams.get(id) ?? 0;
    if (held > 1) this.#streams.set(id, held - 1);
    else this.#streams.delete(id);
    this.#openStreams--;
  }

  /** Logs and counts a refusal; nothing of the request but its route goes into the log. */
  note(refusal: Refusal, requestId: string, method: string, route: string, who: Principal | null) {
    this.ports.tally.refused(refusal.code);
    this.tell(refusal, requestId, method, route, who?.id ?? null);
  }

  /** The same for the log and the console alone. */
  tell(
    refusal: Refusal,
    requestId: string,
    method: string,
    route: string,
    principal: string | null,
  ): void {
    const { code } = refusal;
    this.recentRefusals.note(refusal, method, route, principal);
    this.refusals.refused({ request_id: requestId, code, method, route, principal });
  }

  /** Answers a refusal as a problem, and counts it. */
  refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
    const { url, config } = request.routeOptions;
    this.note(refusal, request.id, request.method, url ?? "-", request.principal);
    const status = statusOf(refusal.code);
    if (config.door) {
      const now = this.ports.clock.monotonicMilliseconds();
      const started = request.startedMilliseconds || now;
      this.ports.tally.answered(config.door, status, (now - started) / 1000, 0);
    }
    return reply
      .code(status)
      .headers(problemHeaders(refusal))
      .send(JSON.stringify(problemOf(refusal, request.id)));
  }

  /** Answers whatever was thrown: as its place in the catalogue says, or as a defect. */
  fail(request: FastifyRequest, reply: FastifyReply, error: unknown): FastifyReply {
    return this.refuse(request, reply, this.explain(error, request.id));
  }

  /**
   * A record that is promised before the answer, or a look at the store: not waited for for ever. What
   * comes too late is refused, though it may still come to be kept.
   * @throws SpringhouseError `store_failed`
   */
  async durable<Result>(
    work: Promise<Result>,
    milliseconds: number = STORE_MILLISECONDS,
  ): Promise<Result> {
    const result = await new Deadline(this.ports.clock, milliseconds).within(work);
    if (result === "late")
      throw new SpringhouseError("store_failed", "The store does not answer in time.");
    return result;
  }

  /** The refusal for an error, which is logged when it is a defect. */
  explain(error: unknown, requestId: string): Refusal {
    const known = refusalOf(error);
    if (known) return known;
    this.tellDefect(placeOf(error), requestId);
    return defect();
  }

  tellDefect(place: DefectPlace, requestId: string): void {
    this.ports.log.error(
      { kind: "defect", request_id: requestId, ...place },
      "a defect in springhouse",
    );
  }
}

/** @throws Error on a public route, where nobody is known */
export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Error("a route without a guard asked who is there");
  return request.principal;
}
