import type { WebSocket } from "ws";
import type { KeptEvent } from "../port/event.ts";
import type { Principal } from "../port/principal.ts";
import type { Context } from "./context.ts";
import { EVENTS_SOCKET_QUERY, type EventsSocketQuery } from "./events.ts";
import { socketSink } from "./sink.ts";
import type { SocketDoor } from "./upgrade.ts";

const PAGE = 500;
/** About a megabyte of events; who is further behind can come back with `since`. */
const MAXIMUM_WAITING = 2048;

/** WebSocket `/v1/events`: one JSON object a text frame, in order, without gaps or repetitions. */
export function eventsSocket(context: Context): SocketDoor {
  return {
    path: "/v1/events",
    permission: "events.read",
    summary: "Live events, one JSON object a frame; with `since`, those that were kept first",
    query: EVENTS_SOCKET_QUERY,
    serve: ({ socket, principal, query }) =>
      serve(context, socket, principal, (query as EventsSocketQuery).since),
  };
}

async function serve(
  context: Context,
  socket: WebSocket,
  principal: Principal,
  since: number | undefined,
): Promise<void> {
  const { events, clock, access } = context.ports;
  const sink = socketSink(clock, context.stallMilliseconds, socket);
  const waiting: KeptEvent[] = [];
  let wake = (): void => {};
  let overrun = false;
  // Subscribed before the past is read, so that nothing falls between the two.
  const unsubscribe = events.subscribe((event) => {
    if (waiting.length < MAXIMUM_WAITING) waiting.push(event);
    else overrun = true;
    wake();
  });
  const woken = (): void => wake();
  sink.gone.addEventListener("abort", woken);
  try {
    let last = since ?? 0;
    const send = async (event: KeptEvent): Promise<boolean> => {
      if (event.sequence <= last) return true;
      if (!access.isActive(principal)) {
        socket.close(1008, "unauthenticated");
        return false;
      }
      last = event.sequence;
      return sink.write(JSON.stringify(event));
    };
    if (since !== undefined) {
      for (;;) {
        const page = await events.since(last, PAGE);
        for (const event of page) if (!(await send(event))) return;
        if (page.length < PAGE) break;
      }
    }
    while (!sink.gone.aborted) {
      const event = waiting.shift();
      if (event) {
        if (!(await send(event))) return;
      } else if (overrun) {
        socket.close(1013, "too slow; come back with since");
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    unsubscribe();
    sink.gone.removeEventListener("abort", woken);
  }
}
