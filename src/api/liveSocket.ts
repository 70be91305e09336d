import { Type } from "typebox";
import type { Context } from "./context.ts";
import { LiveFeed } from "./liveFeed.ts";
import type { SocketDoor } from "./upgrade.ts";

/** WebSocket `/v1/live`: what the console shows, in frames of `port/live.ts`. */
export function liveSocket(context: Context): SocketDoor {
  const feed = new LiveFeed(context);
  return {
    path: "/v1/live",
    permission: "status.read",
    summary:
      "The console's picture of the service, twice a second and at each change; a page that does not take it is dropped",
    query: Type.Object({}, { additionalProperties: false }),
    async serve({ socket, principal }) {
      const leave = feed.join(socket, principal);
      await new Promise((resolve) => socket.once("close", resolve));
      leave();
    },
  };
}
