import type { Socket } from "node:net";
import { HttpDate } from "./answer.ts";
import { type ConnectionTimes, HotConnection } from "./connection.ts";
import { HEADERS_TIMEOUT_MILLISECONDS, KEEP_ALIVE_MILLISECONDS } from "./limits.ts";
import type { HotPorts } from "./ports.ts";

/** The connections of one listener that have only asked for bytes so far. */
export class HotConnections {
  readonly #open = new Set<HotConnection>();
  readonly #serve: (socket: Socket) => void;

  /**
   * @param passOn takes a connection that is paused, and that it resumes
   * @param times as long as node gives a head, and a connection between two requests
   */
  constructor(
    ports: HotPorts,
    passOn: (socket: Socket) => void,
    times: ConnectionTimes = {
      headMilliseconds: HEADERS_TIMEOUT_MILLISECONDS,
      keepAliveMilliseconds: KEEP_ALIVE_MILLISECONDS,
    },
  ) {
    const date = new HttpDate(ports.clock);
    const left = (connection: HotConnection): void => {
      this.#open.delete(connection);
    };
    this.#serve = (socket) => {
      this.#open.add(new HotConnection(socket, { ports, date, times, passOn, left }));
    };
  }

  serve(socket: Socket): void {
    this.#serve(socket);
  }

  closeIdle(): void {
    for (const connection of this.#open) if (connection.isIdle) connection.destroy();
  }
}
