import { execFileSync } from "node:child_process";
import { median, quotients, type Ratio, ratioOf, rounds } from "./ratio.ts";
import { requestCost, load, type Server, withBareServer, withService } from "./server.ts";

/*
 * GET /v1/random?bytes=32 with token, quota, lineage and metrics, against a bare node:http server that
 * answers crypto.randomBytes(32): server CPU a request (CPU and not time, so that other work on the
 * machine matters less). And what a program that wants 32 bytes waits for them, over a connection that
 * it keeps, against starting `openssl rand 32`.
 */

const PATH = "/v1/random?bytes=32";
const CONNECTIONS = [1, 32, 256];
const ROUNDS = 9;
const REQUESTS = 20_000;
const PROCESSES = 50;

/** A client's token whose quota is looked at with each request, and is never used up. */
async function limited({ pid, url, token }: Server): Promise<Server> {
  const quota = { requestsPerSecond: 1_000_000, bytesPerSecond: 1_000_000_000 };
  const answer = await fetch(`${url}/v1/tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "bench", roles: ["client"], quota }),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  const created = (await answer.json()) as { readonly token: string };
  return { pid, url, token: created.token };
}

function compareCpu(ours: Server, bare: Server): Ratio[] {
  return CONNECTIONS.map((connections) => {
    const work = { path: PATH, connections, requests: REQUESTS };
    for (const server of [ours, bare]) load(server, work);
    const own: number[] = [];
    const theirs: number[] = [];
    for (let round = rounds(ROUNDS); round > 0; round--) {
      own.push(requestCost(ours, work).cpuMicroseconds);
      theirs.push(requestCost(bare, work).cpuMicroseconds);
    }
    const named = connections === 1 ? "1 connection" : `${connections} connections`;
    const figure = `${median(own).toFixed(1)} us CPU a request; theirs ${median(theirs).toFixed(1)} us`;
    const what = `GET ${PATH}, ${named}`;
    const naming = { what, baseline: "server CPU of bare node:http", goal: 0.85, figure };
    return ratioOf(naming, quotients(theirs, own));
  });
}

/** Milliseconds for each of some 32 bytes, one after the other. */
function compareProcess(ours: Server): Ratio {
  const own: number[] = [];
  const theirs: number[] = [];
  for (let round = rounds(ROUNDS); round > 0; round--) {
    const seconds = load(ours, { path: PATH, connections: 1, requests: REQUESTS / 10 });
    own.push((seconds * 1000) / (REQUESTS / 10));
    const begin = performance.now();
    for (let i = 0; i < PROCESSES; i++) execFileSync("openssl", ["rand", "32"]);
    theirs.push((performance.now() - begin) / PROCESSES);
  }
  const figure = `${(median(own) * 1000).toFixed(0)} us each; theirs ${median(theirs).toFixed(1)} ms`;
  const what = "32 bytes at a time, 1 connection";
  const baseline = "a process `openssl rand 32` each";
  return ratioOf({ what, baseline, goal: null, figure }, quotients(theirs, own));
}

export function run(): Promise<readonly Ratio[]> {
  return withService(async (admin) => {
    const ours = await limited(admin);
    const beside = await withBareServer((bare) => compareCpu(ours, bare));
    return [...beside, compareProcess(ours)];
  });
}
