import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { type Running, startSpringhouse, until } from "../test/support/springhouse.ts";

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

function watchMemory(server: Server): void {
  const samples = Array.from({ length: MEMORY_SAMPLES }, () => {
    load(server, MEMORY_REQUESTS);
    return residentMegabytes(server.pid);
  });
  const last = samples.at(-1)!;
  const growth = last / samples[MEMORY_SAMPLES / 2 - 1]! - 1;
  console.log(`memory: MB resident after each ${MEMORY_REQUESTS} requests`);
  console.log(`memory: ${samples.map((megabytes) => megabytes.toFixed(0)).join(" ")}`);
  console.log(
    `memory: at most ${Math.max(...samples).toFixed(0)} MB (goal: < 256), ` +
      `last half ${(growth * 100).toFixed(1)} % (goal: < 5)`,
  );
}

/** Milliseconds from spawn to the first 200 of /readyz, and those of a node that does nothing. */
async function timeStarts(): Promise<void> {
  const ready: number[] = [];
  const nothing: number[] = [];
  for (let i = 0; i < STARTS; i++) {
    let begin = performance.now();
    const service = await startSpringhouse();
    ready.push(performance.now() - begin);
    await service.stop();
    begin = performance.now();
    execFileSync(process.execPath, ["-e", "0"]);
    nothing.push(performance.now() - begin);
  }
  console.log(
    `start: ready after ${median(ready).toFixed(0)} ms (goal: < 1000), ` +
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
    watchMemory(ours);
  } finally {
    bare.kill();
    await service.stop();
  }
}

if (import.meta.main) await run();
