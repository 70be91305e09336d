import type { Context } from "./context.ts";
import { socketSink } from "./sink.ts";
import { pour, STREAM_QUERY, type StreamQuery } from "./pour.ts";
import type { SocketDoor } from "./upgrade.ts";

/**
 * WebSocket `/v1/stream`: binary frames. Closes with 1000 when everything that was asked for was
 * sent, with 1013 and the refusal's code when it cannot go on.
 */
export function streamSocket(context: Context): SocketDoor {
  const { clock, tally } = context.ports;
  return {
    path: "/v1/stream",
    permission: "random.stream",
    summary: "Random bytes in binary frames; closes with 1000 when all were sent, else with 1013",
    query: STREAM_QUERY,
    async serve({ socket, principal, query, requestId }) {
      const started = clock.monotonicMilliseconds();
      const { bytes, refusal } = await pour(context, {
        door: "websocket",
        principal,
        query: query as StreamQuery,
        sink: socketSink(clock, context.stallMilliseconds, socket),
        begin() {},
      });
      if (refusal) {
        context.note(refusal, requestId, "GET", "/v1/stream", principal);
        socket.close(refusal.code === "unauthenticated" ? 1008 : 1013, refusal.code);
      } else socket.close(1000);
      const seconds = (clock.monotonicMilliseconds() - started) / 1000;
      tally.answered("websocket", 101, seconds, bytes);
    },
  };
}
