/*
 * Clients that ask at a given rate, in a process of their own: `node bench/pacedLoad.ts URL TOKEN
 * SECONDS RATE`; with a rate of 0 each asks again as soon as it is answered. What is due goes out every
 * millisecond, and its latency counts from then, so that a request that had to wait for a connection is
 * not forgiven. Prints JSON.
 */
import { connect, type Socket } from "node:net";

const CONNECTIONS = 32;
const PACE_MILLISECONDS = 1;

const [url = "", token = "", secondsText = "", rateText = ""] = process.argv.slice(2);
const [seconds, rate] = [Number(secondsText), Number(rateText)];
const { hostname, port, pathname, search } = new URL(url);
const request = Buffer.from(
  `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
);

/** What the benches read. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Milliseconds: number;
  readonly p99Milliseconds: number;
}

/** Room for what no service here answers: an array that grew would stop this process to be copied. */
const MOST_PER_SECOND = 200_000;
const latencies = new Float64Array(MOST_PER_SECOND * seconds);
let answered = 0;
const idle: Socket[] = [];
/** When each of those that wait for a connection was due, in turn; empty again most of the time. */
let due: number[] = [];
let asked = 0;
let begin = 0;
let planned = 0;

/** Whether `bytes` hold a whole answer. */
function isWhole(bytes: Buffer): boolean {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return false;
  const head = bytes.toString("latin1", 0, headEnd);
  if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(head);
  return bytes.length >= headEnd + 4 + Number(/content-length: (\d+)/i.exec(head)![1]);
}

function send(): void {
  if (rate === 0) while (due.length - asked < idle.length) due.push(performance.now());
  while (asked < due.length && idle.length > 0) ask(idle.pop()!, due[asked++]!);
  if (asked < due.length) return;
  due = [];
  asked = 0;
}

function ask(socket: Socket, dueAt: number): void {
  let received: Buffer = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    if (!isWhole(received)) return;
    socket.off("data", take);
    latencies[answered++] = performance.now() - dueAt;
    idle.push(socket);
    send();
  };
  socket.on("data", take);
  socket.write(request);
}

function pace(): void {
  const now = performance.now();
  if (now - begin >= seconds * 1000) {
    const sorted = latencies.subarray(0, answered).sort();
    const at = (share: number): number => sorted[Math.floor(share * (answered - 1))] ?? NaN;
    const result: LoadResult = {
      requestsPerSecond: (answered / (now - begin)) * 1000,
      p50Milliseconds: at(0.5),
      p99Milliseconds: at(0.99),
    };
    console.log(JSON.stringify(result));
    process.exit(0);
  }
  if (rate > 0) for (; (planned / rate) * 1000 <= now - begin; planned++) due.push(now);
  send();
}

let connected = 0;
for (let index = 0; index < CONNECTIONS; index++) {
  const socket = connect(Number(port), hostname, () => {
    socket.setNoDelay(true);
    idle.push(socket);
    if (++connected < CONNECTIONS) return;
    begin = performance.now();
    setInterval(pace, PACE_MILLISECONDS);
  });
}
