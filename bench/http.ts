import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import {
  makeState,
  removeState,
  type Running,
  startSpringhouse,
  until,
} from "../test/support/springhouse.ts";

/*
 * Over HTTP, against a bare node:http server that answers crypto.randomBytes(32), in the same run:
 * server CPU a request of GET /v1/random?bytes=32 (CPU and not time, so that other work on the
 * machine matters less), resident memory over a million of them, and the time to be ready.
 */

const BARE = `
const { createServer } = require("node:http");
const { randomBytes } = require("node:crypto");
createServer((_request, response) => response.end(randomBytes(32)))
  .listen(0, "127.0.0.1", function () { console.log(this.address().port); });
`;
const BIN = new URL("../bin/springhouse", import.meta.url).pathname;
const LOAD = new URL("httpLoad.ts", import.meta.url).pathname;
const CPU_ROUNDS = 9;
const CPU_REQUESTS = 20_000;
const MEMORY_SAMPLES = 10;
const MEMORY_REQUESTS = 100_000;
const STARTS = 5;

interface Server {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** User and system time of a process so far, in microseconds (clock ticks are 10 ms). */
function cpuMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

function load({ url, token }: Server, requests: number): void {
  execFileSync(process.execPath, [LOAD, url, String(requests), token], { stdio: "inherit" });
}

/** Microseconds of server CPU a request. */
function cost(server: Server): number {
  const before = cpuMicroseconds(server.pid);
  load(server, CPU_REQUESTS);
  return (cpuMicroseconds(server.pid) - before) / CPU_REQUESTS;
}

function compareCpu(ours: Server, bare: Server): void {
  for (const server of [ours, bare]) load(server, CPU_REQUESTS);
  const rounds = Array.from({ length: CPU_ROUNDS }, () => [cost(ours), cost(bare)] as const);
  const of = (index: 0 | 1): string => median(rounds.map((round) => round[index])).toFixed(1);
  const ratio = median(rounds.map(([a, b]) => b / a));
  console.log(`http: ${of(0)} us CPU a request, bare node:http ${of(1)} us (medians)`);
  console.log(`http: bare / ours, median ${ratio.toFixed(2)} (goal: at least 0.5)`);
}

/** A full collection, by the inspector, so that garbage not yet collected is not taken for a leak. */
async function collectGarbage(log: string): Promise<void> {
  // The launcher's own node may have announced an inspector before.
  const socket = new WebSocket([...log.matchAll(/ws:\/\/\S+/g)].at(-1)![0]);
  await new Promise((resolve) => socket.addEventListener("open", resolve));
  const done = new Promise((resolve) => socket.addEventListener("message", resolve));
  socket.send(JSON.stringify({ id: 1, method: "HeapProfiler.collectGarbage" }));
  await done;
  socket.close();
}

async function watchMemory(): Promise<void> {
  const service = await startSpringhouse({
    environment: { NODE_OPTIONS: "--inspect=127.0.0.1:0" },
  });
  try {
    const server = asServer(service);
    const most: number[] = [];
    const collected: number[] = [];
    for (let i = 1; i <= MEMORY_SAMPLES; i++) {
      load(server, MEMORY_REQUESTS);
      most.push(residentMegabytes(server.pid));
      if (i % (MEMORY_SAMPLES / 2) !== 0) continue;
      await collectGarbage(service.log());
      collected.push(residentMegabytes(server.pid));
    }
    const text = (values: readonly number[]) => values.map((one) => one.toFixed(0)).join(" ");
    const [half, end] = collected;
    console.log(`memory: ${text(most)} MB resident after each ${MEMORY_REQUESTS} requests`);
    console.log(
      `memory: at most ${Math.max(...most).toFixed(0)} MB (goal: < 256); after a collection at ` +
        `half and end ${text(collected)} MB, ${((end! / half! - 1) * 100).toFixed(1)} % (goal: < 5)`,
    );
  } finally {
    await service.stop();
  }
}

/** Milliseconds from spawn to the first 200 of /readyz, on a state directory that is new. */
async function timeToReady(): Promise<number> {
  const state = await makeState();
  const begin = performance.now();
  const child = spawn(BIN, ["serve", "--state", state, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  const gone = new Promise((resolve) => child.once("exit", resolve));
  try {
    let log = "";
    const listening = new Promise<string>((resolve) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        const url = /"url":"(http:[^"]+)"/.exec(log)?.[1];
        if (url !== undefined) resolve(url);
      });
    });
    const url = await Promise.race([listening, gone.then(() => Promise.reject(new Error(log)))]);
    await until("readiness", async () => (await fetch(`${url}/readyz`)).ok);
    return performance.now() - begin;
  } finally {
    child.kill();
    await gone;
    await removeState(state);
  }
}

/** Beside a node that does nothing. The first start is the one that compiles. */
async function timeStarts(): Promise<void> {
  const first = await timeToReady();
  const ready: number[] = [];
  const nothing: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    ready.push(await timeToReady());
    const begin = performance.now();
    execFileSync(process.execPath, ["-e", "0"]);
    nothing.push(performance.now() - begin);
  }
  console.log(
    `start: ready after ${median(ready).toFixed(0)} ms (goal: < 1000), the first ${first.toFixed(0)} ms, ` +
      `a node that does nothing ${median(nothing).toFixed(0)} ms (medians of ${STARTS})`,
  );
}

const asServer = ({ child, url, authorization }: Running): Server => ({
  pid: child.pid!,
  url: `${url}/v1/random?bytes=32`,
  token: authorization.authorization.slice("Bearer ".length),
});

export async function run(): Promise<void> {
  await timeStarts();
  const service = await startSpringhouse();
  const bare = spawn(process.execPath, ["-e", BARE], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    let port = "";
    bare.stdout.on("data", (text) => (port += text));
    await until("the bare server", () => port !== "");
    const url = `http://127.0.0.1:${port.trim()}/`;
    const ours = asServer(service);
    compareCpu(ours, { pid: bare.pid!, url, token: "" });
  } finally {
    bare.kill();
    await service.stop();
  }
  await watchMemory();
}

if (import.meta.main) await run();
