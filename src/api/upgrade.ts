import { STATUS_CODES, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { TObject } from "typebox";
import { WebSocketServer, type WebSocket } from "ws";
import type { Permission } from "../access/permissions.ts";
import type { Clock } from "../port/clock.ts";
import { refuse, type Refusal } from "../port/errors.ts";
import type { Principal } from "../port/principal.ts";
import type { Context } from "./context.ts";
import { admissionFor, type Admission } from "./guard.ts";
import { TOO_MANY_STREAMS } from "./pour.ts";
import { problemHeaders, problemOf, statusOf } from "./problem.ts";
import { compileValidator, readQuery } from "./query.ts";
import { rowOf, type RouteRow } from "./route.ts";

/** One WebSocket, open and let in. */
export interface Visitor {
  readonly socket: WebSocket;
  readonly principal: Principal;
  readonly query: unknown;
  readonly requestId: string;
}

export interface SocketDoor {
  readonly path: string;
  readonly permission: Permission;
  readonly summary: string;
  readonly query: TObject;
  /** Resolves when it is done with the socket. */
  serve(visitor: Visitor): Promise<void>;
}

/** Clients have nothing to say; a control frame has at most 125 bytes. */
const MAXIMUM_MESSAGE_BYTES = 1024;
/** A peer that does not answer within one such interval is gone, though TCP may not have noticed. */
const PING_MILLISECONDS = 30_000;
/** For a refused peer to read why. */
const LINGER_MILLISECONDS = 1000;

interface Mounted {
  readonly door: SocketDoor;
  readonly admit: Admission;
  readonly validate: ReturnType<typeof compileValidator>;
}

/**
 * Where HTTP connections turn into WebSockets. The token comes in the Authorization header or not at
 * all: URLs end up in logs. A browser cannot set that header and comes by its session, and the guard
 * refuses foreign pages, so none can use what its user's machine may reach.
 */
export class Upgrades {
  readonly #context: Context;
  readonly #nextId: () => string;
  readonly #mounted: ReadonlyMap<string, Mounted>;
  readonly #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MAXIMUM_MESSAGE_BYTES,
  });

  constructor(context: Context, nextId: () => string, doors: readonly SocketDoor[]) {
    this.#context = context;
    this.#nextId = nextId;
    this.#mounted = new Map(
      doors.map((door) => [
        door.path,
        {
          door,
          admit: admissionFor(context, door.permission),
          validate: compileValidator({ schema: door.query, httpPart: "querystring" }),
        },
      ]),
    );
  }

  /** For the documentation's table of routes. */
  get rows(): readonly RouteRow[] {
    return [...this.#mounted.values()].map(({ door: { path, permission, summary } }) =>
      rowOf("WebSocket", path, permission, summary),
    );
  }

  /** For the `upgrade` event of a server. */
  handle(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    // A reset before or during the handshake is the client's business.
    connection.on("error", () => {});
    const requestId = this.#nextId();
    const url = request.url ?? "";
    const mark = url.indexOf("?");
    const path = mark < 0 ? url : url.slice(0, mark);
    const search = mark < 0 ? "" : url.slice(mark + 1);
    const mounted = this.#mounted.get(path);
    const judged = mounted
      ? this.#judge(mounted, request, search, requestId)
      : refuse("not_found", "There is no WebSocket of this path.");
    if (!mounted || "ok" in judged) {
      const refusal = judged as Refusal;
      this.#context.note(refusal, requestId, "GET", mounted?.door.path ?? "-", null);
      answerProblem(connection, refusal, requestId, this.#context.ports.clock);
      return;
    }
    let entered = false;
    connection.once("close", () => {
      if (!entered) this.#context.leaveStream(judged.principal);
    });
    this.#server.handleUpgrade(request, connection, head, (socket) => {
      entered = true;
      void this.#serve(mounted.door, { socket, ...judged, requestId });
    });
  }

  /** Lets in, taking one of the places for long-lived answers, or refuses. */
  #judge(
    { admit, validate }: Mounted,
    request: IncomingMessage,
    search: string,
    requestId: string,
  ): { readonly principal: Principal; readonly query: unknown } | Refusal {
    const context = this.#context;
    const admitted = admit(request);
    if (admitted === null) throw new Error("a WebSocket cannot be public");
    if ("code" in admitted) return admitted;
    if (request.method !== "GET")
      return refuse("invalid_parameter", "A WebSocket is opened with GET.");
    let query: unknown;
    try {
      query = readQuery(validate, search);
    } catch (error) {
      return context.explain(error, requestId);
    }
    return context.enterStream(admitted) ? { principal: admitted, query } : TOO_MANY_STREAMS;
  }

  async #serve(door: SocketDoor, visitor: Visitor): Promise<void> {
    const { socket, requestId, principal } = visitor;
    const context = this.#context;
    socket.on("error", () => {});
    // Nothing is expected; whoever sends data has mistaken the door.
    socket.on("message", () => socket.close(1003, "nothing is read here"));
    const leave = (): void => socket.close(1001, "shutting_down");
    context.stopping.signal.addEventListener("abort", leave);
    const stopPinging = this.#ping(socket, principal);
    try {
      await door.serve(visitor);
    } catch (error) {
      socket.close(1011, context.explain(error, requestId).code);
    } finally {
      stopPinging();
      context.stopping.signal.removeEventListener("abort", leave);
      context.leaveStream(principal);
      // A closing handshake that the peer leaves open holds the descriptor no longer than this.
      context.ports.clock.schedule(PING_MILLISECONDS, () => socket.terminate());
    }
  }

  /** Finds dead peers, and those whose token was revoked meanwhile. */
  #ping(socket: WebSocket, principal: Principal): () => void {
    const { clock, access } = this.#context.ports;
    let alive = true;
    socket.on("pong", () => {
      alive = true;
    });
    const beat = (): void => {
      if (!alive) {
        socket.terminate();
        return;
      }
      if (!access.isActive(principal)) {
        socket.close(1008, "unauthenticated");
        return;
      }
      alive = false;
      socket.ping();
      cancel = clock.schedule(PING_MILLISECONDS, beat);
    };
    let cancel = clock.schedule(PING_MILLISECONDS, beat);
    return () => cancel();
  }
}

/**
 * A problem written by hand, where no framework stands between us and the connection, which is closed
 * when the peer has read it and closed its side, or soon after: `end` alone would leave the descriptor
 * to whoever keeps its own side open.
 */
export function answerProblem(
  connection: Duplex,
  refusal: Refusal,
  requestId: string,
  clock: Clock,
): void {
  const status = statusOf(refusal.code);
  const body = JSON.stringify(problemOf(refusal, requestId));
  const headers = {
    ...problemHeaders(refusal),
    "content-length": String(Buffer.byteLength(body)),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  // What the peer still says is thrown away: closing over unread bytes would reset, and lose the answer.
  connection.resume();
  connection.once(
    "close",
    clock.schedule(LINGER_MILLISECONDS, () => connection.destroy()),
  );
  connection.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("\r\n")}\r\n\r\n${body}`,
  );
}
