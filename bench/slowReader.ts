/*
 * Clients that read a stream more slowly than it could come, in a process of their own: `node
 * bench/slowReader.ts URL TOKEN BYTES`. Each reads its share at its pace and leaves what is beyond it
 * in the sockets. Ends when all have theirs.
 */
import { connect, type Socket } from "node:net";

const CLIENTS = 64;
const BYTES_PER_SECOND = 2 ** 21;
const TICK_MILLISECONDS = 20;

const [url = "", token = "", bytes = ""] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const share = Math.ceil(Number(bytes) / CLIENTS);

const allowances = new Map<Socket, number>();
for (let i = 0; i < CLIENTS; i++) {
  const socket = connect(Number(port), hostname, () =>
    socket.write(
      `GET /v1/stream HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    ),
  );
  allowances.set(socket, 0);
  let isFirst = true;
  let read = 0;
  socket.on("data", (chunk) => {
    if (isFirst && !chunk.toString("latin1", 0, 13).startsWith("HTTP/1.1 200 "))
      throw new Error(chunk.toString("latin1"));
    isFirst = false;
    read += chunk.length;
    const left = allowances.get(socket)! - chunk.length;
    allowances.set(socket, left);
    if (left <= 0) socket.pause();
    if (read < share) return;
    allowances.delete(socket);
    socket.destroy();
  });
  socket.on("close", () => {
    if (read < share) throw new Error("a stream ended before its client had its share");
  });
}

const tick = setInterval(() => {
  if (allowances.size === 0) clearInterval(tick);
  for (const [socket, left] of allowances) {
    const next = left + (BYTES_PER_SECOND * TICK_MILLISECONDS) / 1000;
    allowances.set(socket, next);
    if (next > 0) socket.resume();
  }
}, TICK_MILLISECONDS);
