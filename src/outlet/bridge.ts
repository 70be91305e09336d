import type { Socket } from "node:net";
import type { ConduitMessage, Peer } from "./protocol.ts";

export type TellConduit = (message: ConduitMessage, transfer?: readonly ArrayBuffer[]) => void;

/** A copy of its own memory, which a message can take along. */
export function portable(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(chunk);
}

/** An outlet's ends of the connections that the house answers: bytes as they are, both ways. */
export class Bridges {
  readonly #tell: TellConduit;
  readonly #sockets = new Map<number, Socket>();
  #count = 0;

  constructor(tell: TellConduit) {
    this.#tell = tell;
  }

  /** @param socket paused, with what was read of it and not answered in front again */
  open(socket: Socket, peer: Peer): void {
    const tell = this.#tell;
    const conduit = ++this.#count;
    this.#sockets.set(conduit, socket);
    tell({ conduit, open: peer });
    socket.on("data", (chunk: Buffer) => {
      socket.pause();
      const copy = portable(chunk);
      // It may hold a token.
      chunk.fill(0);
      tell({ conduit, chunk: copy }, [copy.buffer]);
    });
    socket.on("end", () => tell({ conduit, end: true }));
    // What the client breaks off is its own business; "close" follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#sockets.delete(conduit)) tell({ conduit, closed: true });
    });
    socket.resume();
  }

  told(message: ConduitMessage): void {
    const { conduit } = message;
    const socket = this.#sockets.get(conduit);
    if (socket === undefined) return;
    if ("chunk" in message) {
      const { chunk } = message;
      socket.write(chunk, () => {
        chunk.fill(0);
        this.#tell({ conduit, taken: true });
      });
    } else if ("taken" in message) {
      socket.resume();
    } else if ("end" in message) {
      socket.end();
    } else if ("closed" in message) {
      this.#sockets.delete(conduit);
      socket.destroy();
    }
  }
}
