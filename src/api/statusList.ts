import type { FastifyInstance } from "fastify";
import { Type } from "typebox";
import { Deadline } from "../drbg/deadline.ts";
import type { Context } from "./context.ts";
import { socketSink } from "./sink.ts";
import { addRoute } from "./route.ts";
import type { SocketDoor } from "./upgrade.ts";

const JWT = "application/jwt";
const NOTHING = Type.Object({}, { additionalProperties: false });
/** Changes that come close together go out in one list; well below the two seconds that are promised. */
const GATHERED_MILLISECONDS = 250;

/** Which keys are not to be relied on, signed and short-lived. */
export function addStatusList(app: FastifyInstance, context: Context): void {
  const { statusList, clock } = context.ports;
  addRoute(app, context, {
    method: "GET",
    url: "/v1/keys/status-list",
    permission: "keys.status",
    tag: "keys",
    summary: "Versions of keys that are suspended, deactivated, compromised or destroyed, signed",
    description:
      "A JWT (EdDSA, `typ` springhouse-key-status+jwt) by the log's key, that expires after 120 s. Whoever has none that is valid takes every key for untrusted. Also a WebSocket, that sends it at once, at each change and before it expires.",
    produces: [JWT],
    success: {
      status: 200,
      description: "The signed list; 304 where it is still the one of If-None-Match.",
      content: { [JWT]: Type.String() },
      headers: { ETag: Type.String({ description: "Of this very signature." }) },
    },
    errors: [503],
    async handler(request, reply) {
      const { token, tag, renewMilliseconds } = await context.durable(statusList.current());
      const left = Math.max(0, Math.floor((renewMilliseconds - clock.wallMilliseconds()) / 1000));
      reply.header("etag", `"${tag}"`).header("cache-control", `private, max-age=${left}`);
      const known = request.headers["if-none-match"]?.split(",").map((one) => one.trim());
      if (known?.some((one) => one === `"${tag}"` || one === "*")) return reply.code(304).send();
      return reply.type(JWT).send(token);
    },
  });
}

/** WebSocket `/v1/keys/status-list`: a signed list a text frame. */
export function statusListSocket(context: Context): SocketDoor {
  const { statusList, clock, access } = context.ports;
  return {
    path: "/v1/keys/status-list",
    permission: "keys.status",
    summary: "The signed status list at once, at each change and before it expires",
    query: NOTHING,
    async serve({ socket, principal }) {
      const sink = socketSink(clock, context.stallMilliseconds, socket);
      const changes = new Bell();
      const forget = statusList.onChange(() => changes.ring());
      sink.gone.addEventListener("abort", () => changes.ring());
      try {
        while (!sink.gone.aborted) {
          const { token, renewMilliseconds } = await context.durable(statusList.current());
          if (!access.isActive(principal)) return socket.close(1008, "unauthenticated");
          if (!(await sink.write(token))) return;
          const left = Math.max(0, renewMilliseconds - clock.wallMilliseconds());
          await new Deadline(clock, left).within(changes.rung());
          if (sink.gone.aborted) return;
          await new Promise<void>((resolve) => clock.schedule(GATHERED_MILLISECONDS, resolve));
          changes.silence();
        }
      } finally {
        forget();
      }
    },
  };
}

/** Remembers that it rang until it is silenced. */
class Bell {
  #ring = (): void => {};
  #rung = new Promise<void>(() => {});

  constructor() {
    this.silence();
  }

  ring(): void {
    this.#ring();
  }

  rung(): Promise<void> {
    return this.#rung;
  }

  silence(): void {
    this.#rung = new Promise((resolve) => (this.#ring = resolve));
  }
}
