import { request, type ClientRequest, type IncomingHttpHeaders, type Server } from "node:http";
import { Duplex } from "node:stream";

/** One end of a connection. What is written is copied, as a socket does: the writer may overwrite it. */
class End extends Duplex {
  other!: End;
  #taken: (() => void) | null = null;

  override _read(): void {
    const taken = this.#taken;
    this.#taken = null;
    taken?.();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.other.destroyed) return;
    if (this.other.push(Buffer.from(chunk))) done();
    else this.other.#taken = done;
  }

  override _final(done: () => void): void {
    this.other.push(null);
    done();
  }

  /** An end that is gone hangs up on the other. */
  override _destroy(_error: Error | null, done: () => void): void {
    done();
    this.other.destroy();
  }
}

/** A connection to the service that is no socket: both ends in this process, in order, without time. */
export function connect(server: Server): Duplex {
  const near = new End();
  const far = new End();
  near.other = far;
  far.other = near;
  near.on("error", () => {});
  far.on("error", () => {});
  server.emit("connection", far);
  return near;
}

export interface Answer {
  /** 0: the connection ended before a status came. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False when the connection was cut before the body's end. */
  readonly complete: boolean;
}

export interface Call {
  readonly answer: Promise<Answer>;
  /** Bytes of the body that have come so far. */
  received(): number;
  hangUp(): void;
}

export interface CallTerms {
  readonly method?: string;
  readonly path: string;
  readonly token: string;
  readonly accept?: string;
  readonly body?: object;
  /** Waits between two chunks of the body; absent: reads as fast as it comes. */
  readonly pause?: () => Promise<void>;
}

/** One request on a connection of its own, with Node's own HTTP client. */
export function call(server: Server, terms: CallTerms): Call {
  const { method = "GET", path, token, accept = "*/*", body, pause } = terms;
  const connection = connect(server);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const chunks: Buffer[] = [];
  let received = 0;
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const outgoing: ClientRequest = request({
    method,
    path,
    createConnection: () => connection,
    headers: {
      host: "localhost",
      authorization: `Bearer ${token}`,
      accept,
      ...(text === undefined ? {} : { "content-type": "application/json" }),
    },
  });
  let over = false;
  outgoing.on("error", () => {
    over = true;
    resolve({ status: 0, headers: {}, body: Buffer.alloc(0), complete: false });
  });
  outgoing.on("response", (response) => {
    const finish = (): void => {
      if (over) return;
      over = true;
      const { statusCode = 0, headers, complete } = response;
      resolve({ status: statusCode, headers, body: Buffer.concat(chunks), complete });
      connection.destroy();
    };
    response.on("error", () => {});
    response.on("close", finish);
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      received += chunk.length;
      if (!pause) return;
      response.pause();
      void pause().then(() => response.resume());
    });
  });
  outgoing.end(text);
  return { answer: promise, received: () => received, hangUp: () => outgoing.destroy() };
}

/** Sends the beginning of a request, up to `bytes` of its head, and hangs up. */
export function tornRequest(server: Server, path: string, token: string, bytes: number): void {
  const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n\r\n`;
  const connection = connect(server);
  connection.resume();
  connection.write(head.slice(0, bytes));
  setImmediate(() => connection.destroy());
}
