import { execFile, execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";
import {
  type Running,
  startSpringhouse,
  type StartOptions,
  until,
} from "../test/support/springhouse.ts";

/** A server under load, and what it takes of the machine. */
export interface Server {
  readonly pid: number;
  /** Without a path. */
  readonly url: string;
  readonly token: string;
}

export interface Load {
  readonly path: string;
  readonly connections: number;
  readonly requests: number;
  /** Sent as JSON by POST. */
  readonly body?: object;
}

const LOAD = new URL("httpLoad.ts", import.meta.url).pathname;

/** Requests, as fast as they are answered, by a client in a process of its own; their seconds. */
export function load({ url, token }: Server, { path, connections, requests, body }: Load): number {
  const args = [LOAD, url + path, String(connections), String(requests), token];
  if (body !== undefined) args.push(JSON.stringify(body));
  const stdio = ["ignore", "pipe", "inherit"] as const;
  return Number(execFileSync(process.execPath, args, { stdio: [...stdio] }));
}

/** The same by several processes at once; requests a second of all. */
export async function loads(server: Server, work: Load, processes: number): Promise<number> {
  const { path, connections, requests } = work;
  const args = [LOAD, server.url + path, String(connections), String(requests), server.token];
  const run = promisify(execFile);
  const begun = performance.now();
  await Promise.all(Array.from({ length: processes }, () => run(process.execPath, args)));
  return (processes * requests * 1000) / (performance.now() - begun);
}

/** What a request took. */
export interface RequestCost {
  /** Of all clients together: the run's seconds by its requests. */
  readonly seconds: number;
  /** Processor time of the server. */
  readonly cpuMicroseconds: number;
  /** How often one of its threads went to sleep, or had to let another on. */
  readonly switches: number;
}

export function requestCost(server: Server, work: Load): RequestCost {
  const before = spent(server);
  const seconds = load(server, work) / work.requests;
  return { seconds, ...spentSince(server, before, work.requests) };
}

type Spent = Omit<RequestCost, "seconds">;

/** Of all threads so far. */
export const spent = ({ pid }: Server): Spent => ({
  cpuMicroseconds: cpuMicroseconds(pid),
  switches: switches(pid),
});

/** A request, of so many. */
export function spentSince(server: Server, before: Spent, requests: number): Spent {
  const now = spent(server);
  return {
    cpuMicroseconds: (now.cpuMicroseconds - before.cpuMicroseconds) / requests,
    switches: (now.switches - before.switches) / requests,
  };
}

/** A sum over the threads of a process, none of which ends. */
function overThreads(pid: number, file: string, read: (text: string) => number): number {
  const figures = readdirSync(`/proc/${pid}/task`).map((thread) =>
    read(readFileSync(`/proc/${pid}/task/${thread}/${file}`, "utf8")),
  );
  return figures.reduce((sum, one) => sum + one, 0);
}

/** /proc/PID/stat would have it in ticks of 10 ms. */
const cpuMicroseconds = (pid: number): number =>
  overThreads(pid, "schedstat", (text) => Number(text.split(" ")[0])) / 1000;

const switches = (pid: number): number =>
  overThreads(pid, "status", (text) =>
    [...text.matchAll(/ctxt_switches:\s+(\d+)/g)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    ),
  );

/** In MB of 2^20 bytes. */
export function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

export const serverOf = ({ child, url, authorization }: Running): Server => ({
  pid: child.pid!,
  url,
  token: authorization.authorization.slice("Bearer ".length),
});

/** Runs the service, with its admin's token, and stops it whatever happens. */
export async function withService<T>(
  work: (server: Server, service: Running) => T | Promise<T>,
  options: StartOptions = {},
): Promise<T> {
  const service = await startSpringhouse(options);
  try {
    return await work(serverOf(service), service);
  } finally {
    await service.stop();
  }
}

const BARE = `
const { createServer } = require("node:http");
const { randomBytes } = require("node:crypto");
createServer((_request, response) => response.end(randomBytes(32)))
  .listen(0, "127.0.0.1", function () { console.log(this.address().port); });
`;

/** A bare node:http server that answers crypto.randomBytes(32) to everything. */
export async function withBareServer<T>(work: (server: Server) => T | Promise<T>): Promise<T> {
  const bare = spawn(process.execPath, ["-e", BARE], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    let port = "";
    bare.stdout.on("data", (text) => (port += text));
    await until("the bare server", () => port.endsWith("\n"));
    return await work({ pid: bare.pid!, url: `http://127.0.0.1:${port.trim()}`, token: "" });
  } finally {
    bare.kill();
  }
}

/** To start a service with whose garbage is to be collected. */
export const INSPECTED: StartOptions = {
  environment: { NODE_OPTIONS: "--inspect=127.0.0.1:0" },
};

/** A full collection, by the inspector, so that garbage not yet collected is not taken for a leak. */
export async function collectGarbage(service: Running): Promise<void> {
  // The launcher's own node may have announced an inspector before.
  const socket = new WebSocket([...service.log().matchAll(/ws:\/\/\S+/g)].at(-1)![0]);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const done = new Promise((resolve) => socket.addEventListener("message", resolve));
  socket.send(JSON.stringify({ id: 1, method: "HeapProfiler.collectGarbage" }));
  await done;
  socket.close();
}
