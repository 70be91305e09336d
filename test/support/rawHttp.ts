import { connect, type NetConnectOpts, type Socket } from "node:net";

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

interface Expected {
  /** A HEAD: the answer has a head alone, whatever its Content-Length says. */
  readonly headOnly: boolean;
  readonly settle: (answer: Answer | null) => void;
}

const BLANK = Buffer.from("\r\n\r\n");
const LINE = Buffer.from("\r\n");

/**
 * One HTTP/1.1 connection that pipelines, for tests that must see every byte: fetch would hide one
 * too many, or an answer that nobody asked for. Answers come in the order of the requests.
 */
export class RawConnection {
  readonly socket: Socket;
  /** What should never be seen: bytes that are no answer, or one that nobody asked for. */
  readonly faults: string[] = [];
  readonly opened: Promise<void>;
  readonly closed: Promise<void>;
  readonly #expected: Expected[] = [];
  #received: Buffer = Buffer.alloc(0);

  constructor(options: NetConnectOpts) {
    this.socket = connect({ ...options, noDelay: true } as NetConnectOpts);
    this.socket.on("error", () => {});
    this.opened = new Promise((resolve, reject) => {
      this.socket.once("connect", resolve);
      this.socket.once("close", () => reject(new Error("not connected")));
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) =>
      this.socket.once("close", () => {
        for (const { settle } of this.#expected.splice(0)) settle(null);
        resolve();
      }),
    );
    this.socket.on("data", (chunk: Buffer) => {
      this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
      this.#read();
    });
  }

  /** @returns the answer; null when the connection closed before it was whole */
  ask(head: string, body = ""): Promise<Answer | null> {
    this.socket.write(head + body, "latin1");
    return this.expect(head.startsWith("HEAD "));
  }

  /** For a request that the caller writes to `socket` by itself. */
  expect(headOnly = false): Promise<Answer | null> {
    return new Promise((settle) => {
      if (this.socket.destroyed) settle(null);
      else this.#expected.push({ headOnly, settle });
    });
  }

  #read(): void {
    let at = 0;
    while (at < this.#received.length) {
      const expected = this.#expected[0];
      const parsed = parseAnswer(this.#received, at, expected?.headOnly ?? false);
      if (parsed === null) break;
      if (typeof parsed === "string" || !expected) {
        this.faults.push(typeof parsed === "string" ? parsed : "an answer that nobody asked for");
        this.socket.destroy();
        return;
      }
      this.#expected.shift();
      at = parsed.end;
      expected.settle(parsed.answer);
    }
    this.#received = this.#received.subarray(at);
  }
}

/** Null: not whole yet. A text: this is no answer, and why. */
function parseAnswer(
  bytes: Buffer,
  from: number,
  headOnly: boolean,
): { readonly answer: Answer; readonly end: number } | string | null {
  const headEnd = bytes.indexOf(BLANK, from);
  if (headEnd < 0) return null;
  const [first = "", ...lines] = bytes.toString("latin1", from, headEnd).split("\r\n");
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1];
  if (status === undefined) return `no status line: ${JSON.stringify(first.slice(0, 60))}`;
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    if (colon < 1) return `no header line: ${JSON.stringify(line.slice(0, 60))}`;
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const bodyStart = headEnd + BLANK.length;
  const answer = (body: Buffer, end: number) => ({
    answer: { status: Number(status), headers, body },
    end,
  });
  if (headOnly || status === "204") return answer(Buffer.alloc(0), bodyStart);
  if (headers.get("transfer-encoding") === "chunked") {
    const chunked = parseChunks(bytes, bodyStart);
    return chunked === null || typeof chunked === "string"
      ? chunked
      : answer(chunked.body, chunked.end);
  }
  const length = headers.get("content-length");
  if (length === undefined || !/^\d+$/.test(length)) return "no Content-Length";
  const end = bodyStart + Number(length);
  return end > bytes.length ? null : answer(Buffer.from(bytes.subarray(bodyStart, end)), end);
}

function parseChunks(
  bytes: Buffer,
  from: number,
): { readonly body: Buffer; readonly end: number } | string | null {
  const chunks: Buffer[] = [];
  for (let at = from; ;) {
    const lineEnd = bytes.indexOf(LINE, at);
    if (lineEnd < 0) return null;
    const size = bytes.toString("latin1", at, lineEnd);
    if (!/^[0-9a-f]+$/i.test(size)) return `no chunk size: ${JSON.stringify(size.slice(0, 60))}`;
    const start = lineEnd + LINE.length;
    const end = start + Number.parseInt(size, 16);
    if (end + LINE.length > bytes.length) return null;
    if (bytes.toString("latin1", end, end + LINE.length) !== "\r\n")
      return "a chunk without its end";
    if (end === start) return { body: Buffer.concat(chunks), end: end + LINE.length };
    chunks.push(bytes.subarray(start, end));
    at = end + LINE.length;
  }
}
