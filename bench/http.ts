import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { startSpringhouse, until } from "../test/support/springhouse.ts";

/*
 * Server CPU a request of GET /v1/random?bytes=32, against a bare node:http server that answers
 * crypto.randomBytes(32); both driven by wrk (Debian), interleaved in one run. CPU and not time, so
 * that other work on the machine matters less.
 */

const BARE = `
const { createServer } = require("node:http");
const { randomBytes } = require("node:crypto");
createServer((_request, response) => response.end(randomBytes(32)))
  .listen(0, "127.0.0.1", function () { console.log(this.address().port); });
`;
const ROUNDS = 5;
const SECONDS = 3;

/** User and system time of a process so far, in microseconds (clock ticks are 10 ms). */
function cpuMicroseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024;
}

function load(url: string, header: string): number {
  const args = ["-t1", "-c32", `-d${SECONDS}s`, "-H", header, url];
  const out = execFileSync("wrk", args, { encoding: "utf8" });
  if (out.includes("Non-2xx")) throw new Error(out);
  return Number(/(\d+) requests in/.exec(out)![1]);
}

export async function run(): Promise<void> {
  const service = await startSpringhouse();
  const bare = spawn(process.execPath, ["-e", BARE], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    let port = "";
    bare.stdout.on("data", (text) => (port += text));
    await until("the bare server", () => port !== "");
    const ratios: number[] = [];
    let requests = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const costs = [
        { pid: service.child.pid!, url: `${service.url}/v1/random?bytes=32` },
        { pid: bare.pid!, url: `http://127.0.0.1:${port.trim()}/` },
      ].map(({ pid, url }) => {
        const before = cpuMicroseconds(pid);
        const answered = load(url, `Authorization: ${service.authorization.authorization}`);
        requests += answered;
        return (cpuMicroseconds(pid) - before) / answered;
      });
      ratios.push(costs[1]! / costs[0]!);
      const [ours, theirs] = costs.map((cost) => cost.toFixed(1));
      console.log(`http: ${ours} us CPU a request, bare node:http ${theirs} us`);
    }
    const median = ratios.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
    console.log(`http: bare / ours, median ${median.toFixed(2)} (goal: at least 0.5)`);
    const resident = residentMegabytes(service.child.pid!).toFixed(0);
    console.log(`memory: ${resident} MB resident after ${requests} requests to both (goal: < 256)`);
  } finally {
    bare.kill();
    await service.stop();
  }
}
