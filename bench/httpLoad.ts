/*
 * The client of the benchmarks over HTTP, in a process of its own: `node bench/httpLoad.ts URL
 * CONNECTIONS REQUESTS TOKEN`, and a body of JSON where it is to be a POST.
 * Connections that stay open, one request at a time on each, by hand on a socket: what it costs is
 * taken from the server's core where there are few. Prints the seconds from the first request, with
 * all connections open, to the last answer.
 */
import { connect, type Socket } from "node:net";

const [url = "", connections = "", requests = "", token = "", body] = process.argv.slice(2);
const { hostname, port, pathname, search } = new URL(url);
const content =
  body === undefined
    ? ""
    : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
const request = Buffer.from(
  `${body === undefined ? "GET" : "POST"} ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\n` +
    `Authorization: Bearer ${token}\r\n${content}\r\n${body ?? ""}`,
);
let unsent = Number(requests);
let unanswered = Number(requests);
let begin = 0;

/** Length of the first answer in `bytes`, or NaN when its head is not whole. */
function answerLength(bytes: Buffer): number {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return Number.NaN;
  const head = bytes.toString("latin1", 0, headEnd);
  if (!/^HTTP\/1\.1 20[01] /.test(head)) throw new Error(head);
  return headEnd + 4 + Number(/content-length: (\d+)/i.exec(head)![1]);
}

function ask(socket: Socket): void {
  if (unsent-- > 0) socket.write(request);
  else socket.destroy();
}

const sockets: Socket[] = [];
for (let i = 0; i < Number(connections); i++) {
  const socket = connect(Number(port), hostname);
  let received = Buffer.alloc(0);
  socket.on("connect", () => {
    socket.setNoDelay(true);
    if (sockets.push(socket) < Number(connections)) return;
    begin = performance.now();
    sockets.forEach(ask);
  });
  socket.on("data", (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    if (!(received.length >= answerLength(received))) return;
    received = Buffer.alloc(0);
    if (--unanswered === 0) console.log((performance.now() - begin) / 1000);
    ask(socket);
  });
}
