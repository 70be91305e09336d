import { Type } from "typebox";
import type { Context } from "./context.ts";
import { problemOf } from "./problem.ts";
import type { SocketDoor } from "./upgrade.ts";

const QUERY = Type.Object(
  { source: Type.String({ pattern: "^[a-z0-9-]{1,32}$" }) },
  { additionalProperties: false },
);

/** A page that was left open must not go on spending noise. */
const LONGEST_MILLISECONDS = 60_000;
const SEQUENCE_BYTES = 8;

/**
 * WebSocket `/v1/raster?source=`: a few raw samples of a source, again and again. Opening it is what
 * switches them on, and closing it, or a minute, off. A binary frame has the sequence of its first
 * sample (a float64, little end first), then one symbol a byte.
 */
export function rasterSocket(context: Context): SocketDoor {
  const { sources, clock, access } = context.ports;
  return {
    path: "/v1/raster",
    permission: "sources.tap",
    summary:
      "A few raw samples of a source, four times a second for a minute at most; they are diverted, and never seed anything",
    query: QUERY,
    async serve({ socket, principal, query, requestId }) {
      const { source } = query as { readonly source: string };
      const glimpse = sources.glimpse(source, principal.id, {
        // A page that is behind is shown nothing, and costs nothing.
        wants: () => socket.bufferedAmount === 0,
        show(firstSequence, symbols) {
          if (!access.isActive(principal)) {
            socket.close(1008, "unauthenticated");
            return;
          }
          const frame = new Uint8Array(SEQUENCE_BYTES + symbols.length);
          new DataView(frame.buffer).setFloat64(0, firstSequence, true);
          frame.set(symbols, SEQUENCE_BYTES);
          socket.send(frame, () => frame.fill(0));
        },
      });
      if ("ok" in glimpse) {
        context.note(glimpse, requestId, "GET", "/v1/raster", principal);
        socket.send(JSON.stringify(problemOf(glimpse, requestId)));
        socket.close(1013, glimpse.code);
        return;
      }
      const cancel = clock.schedule(LONGEST_MILLISECONDS, () => socket.close(1000, "a minute"));
      await new Promise((resolve) => socket.once("close", resolve));
      cancel();
      glimpse.close();
    },
  };
}
