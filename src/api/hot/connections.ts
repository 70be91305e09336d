import type { Socket } from "node:net";
import { HttpDate } from "./answer.ts";
import { type ConnectionTerms, type ConnectionTimes, HotConnection } from "./connection.ts";
import { HEADERS_TIMEOUT_MILLISECONDS, KEEP_ALIVE_MILLISECONDS } from "./limits.ts";
import type { HotPorts } from "./ports.ts";

/** The connections of one listener on which nothing but whole requests of hot routes came so far. */
export class HotConnections {
  readonly #open = new Set<HotConnection>();
  readonly #terms: ConnectionTerms;

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
    const left = (connection: HotConnection): void => void this.#open.delete(connection);
    this.#terms = { ports, date, times, passOn, left };
  }

  serve(socket: Socket): void {
    this.#open.add(new HotConnection(socket, this.#terms));
  }

  closeIdle(): void {
    for (const connection of this.#open) if (connection.isIdle) connection.destroy();
  }
}
