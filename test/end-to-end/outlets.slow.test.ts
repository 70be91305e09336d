import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request, type RequestOptions } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { KeptEvent } from "../../src/port/event.ts";
import type { LineageLine } from "../../src/port/service.ts";
import type { ServiceSnapshot } from "../../src/port/snapshot.ts";
import { makeCertificate } from "../support/certificates.ts";
import { RawConnection } from "../support/rawHttp.ts";
import {
  makeState,
  removeState,
  type Running,
  springhouse,
  startSpringhouse,
  type StartOptions,
  until,
} from "../support/springhouse.ts";

async function start(options: StartOptions = {}): Promise<Running> {
  const service = await startSpringhouse({ configuration: "outlets: 3\n", ...options });
  onTestFinished(() => service.kill());
  await until("all outlets to answer", async () => {
    const { outlets } = await status(service);
    return outlets.answering === outlets.configured;
  });
  return service;
}

/** Through the Unix socket, which is the main thread's alone. */
function call(service: Running, method: string, path: string, body?: object): Promise<string> {
  const options: RequestOptions = {
    socketPath: join(service.state, "springhouse.sock"),
    agent: false,
    method,
    path,
    headers: { ...service.authorization, ...(body && { "content-type": "application/json" }) },
  };
  return new Promise((resolve, reject) => {
    request(options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () =>
        (response.statusCode ?? 500) < 300 ? resolve(text) : reject(new Error(text)),
      );
    })
      .on("error", reject)
      .end(body && JSON.stringify(body));
  });
}

const status = async (service: Running) =>
  JSON.parse(await call(service, "GET", "/v1/status")) as ServiceSnapshot;

const lineage = async (service: Running): Promise<LineageLine[]> =>
  (await call(service, "GET", "/v1/lineage"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as LineageLine);

function dial({ url }: Running): RawConnection {
  const connection = new RawConnection({ port: Number(new URL(url).port), host: "127.0.0.1" });
  onTestFinished(() => void connection.socket.destroy());
  return connection;
}

const headOf = (authorization: string, path: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n\r\n`;

async function newToken(service: Running, quota?: object) {
  const order = { name: "one", roles: ["client"], ...quota };
  return JSON.parse(await call(service, "POST", "/v1/tokens", order)) as {
    readonly id: string;
    readonly token: string;
  };
}

/** Which instance a seed is of. */
async function instances(service: Running): Promise<Map<string, string>> {
  const seeds = (await lineage(service)).filter((line) => line.record === "seed");
  return new Map(seeds.map(({ id, instance }) => [id, instance]));
}

/** Connections, each with one draw, until every thread has given an answer to some. */
async function dialAll(service: Running, authorization: string, threads = 3) {
  const dialled: { connection: RawConnection; instance: string }[] = [];
  await until("every thread to answer", async () => {
    const drawn = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const connection = dial(service);
        const answer = await connection.ask(headOf(authorization, "/v1/random?bytes=32"));
        return { connection, seed: answer!.headers.get("springhouse-seed")! };
      }),
    );
    const known = await instances(service);
    for (const { connection, seed } of drawn)
      dialled.push({ connection, instance: known.get(seed)! });
    return new Set(dialled.map(({ instance }) => instance)).size === threads;
  });
  return dialled;
}

test("three threads on one address: lineage, quotas and metrics count each answer once", async () => {
  const service = await start();
  const { id, token } = await newToken(service);
  const authorization = `Bearer ${token}`;
  const dialled = await dialAll(service, authorization);
  expect(new Set(dialled.map(({ instance }) => instance))).toEqual(
    new Set(["http", "http-2", "http-3"]),
  );
  let asked = dialled.length;
  for (const { connection } of dialled)
    for (let draws = 0; draws < 20; draws++, asked++)
      expect((await connection.ask(headOf(authorization, "/v1/random?bytes=32")))?.status).toBe(
        200,
      );
  const counted = async () => {
    const counts = (await lineage(service)).filter((line) => line.record === "count");
    const mine = counts.filter(({ principal }) => principal === id);
    return [
      mine.reduce((sum, { requests }) => sum + requests, 0),
      mine.reduce((sum, { bytes }) => sum + bytes, 0),
    ];
  };
  await until("the counts to be written", async () => (await counted())[0] === asked);
  expect(await counted()).toEqual([asked, 32 * asked]);
  const metrics = await call(service, "GET", "/metrics");
  const value = (pattern: RegExp): number => Number(pattern.exec(metrics)?.[1]);
  expect(value(/^springhouse_outlets (\d+)$/m)).toBe(3);
  const uses = metrics.split("\n").filter((line) => line.includes(`"${id}"`));
  expect(uses.some((line) => line.endsWith(` ${asked}`))).toBe(true);
  expect(uses.some((line) => line.endsWith(` ${32 * asked}`))).toBe(true);
  expect(await service.stop()).toBe(0);
}, 120_000);

test("a token that is revoked is let in by no thread any more, on no connection", async () => {
  const service = await start();
  const { id, token } = await newToken(service);
  const dialled = await dialAll(service, `Bearer ${token}`);
  await call(service, "DELETE", `/v1/tokens/${id}`);
  const answers = await Promise.all(
    dialled.map(({ connection }) =>
      connection.ask(headOf(`Bearer ${token}`, "/v1/random?bytes=32")),
    ),
  );
  expect(new Set(answers.map((answer) => answer?.status))).toEqual(new Set([401]));
}, 120_000);

test("a generation that changes reseeds every thread's instance before its next output", async () => {
  const folder = mkdtempSync(join(tmpdir(), "springhouse-outlets-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "generation");
  writeFileSync(file, "1");
  const service = await start({
    configuration: `outlets: 3\nconstruction: { generationFile: ${file} }\n`,
  });
  const { authorization } = service.authorization;
  const dialled = await dialAll(service, authorization);
  writeFileSync(file, "2");
  await until("the change", async () => {
    const text = await call(service, "GET", "/v1/events?since=0&limit=1000");
    const { events } = JSON.parse(text) as { events: KeptEvent[] };
    return events.some(({ kind }) => kind === "generation_change");
  });
  const text = await call(service, "GET", "/v1/events?since=0&limit=1000");
  const { events } = JSON.parse(text) as { events: KeptEvent[] };
  const { atMilliseconds } = events.find(({ kind }) => kind === "generation_change")!;
  const seeds = new Map(
    (await lineage(service)).flatMap((line) => (line.record === "seed" ? [[line.id, line]] : [])),
  );
  const before = new Set(
    [...seeds.values()].filter((seed) => seed.atMilliseconds < atMilliseconds).map(({ id }) => id),
  );
  for (const { connection } of dialled) {
    // The parent's own tests begin anew too, so that there may be nothing for a moment.
    const answer = await until("bytes", async () => {
      const answered = await connection.ask(headOf(authorization, "/v1/random?bytes=32"));
      expect([200, 503]).toContain(answered?.status);
      return answered?.status === 200 && answered;
    });
    expect(before.has(answer.headers.get("springhouse-seed")!)).toBe(false);
  }
}, 120_000);

test("it stops in time and with 0, whatever is open: streams, WebSockets, half a request, an upload", async () => {
  const service = await start();
  const { authorization } = service.authorization;
  const open = await dialAll(service, authorization);
  const streams = Array.from({ length: 9 }, () => dial(service).socket);
  for (const socket of streams) {
    socket.removeAllListeners("data");
    socket.write(headOf(authorization, "/v1/stream"));
    // Some of them never read.
    socket.pause();
  }
  const sockets = Array.from({ length: 6 }, () => {
    const url = `${service.url.replace("http", "ws")}/v1/stream`;
    const socket = new WebSocket(url, { headers: { authorization } });
    socket.on("error", () => {});
    return { socket, ended: once(socket, "close") };
  });
  await Promise.all(sockets.map(({ socket }) => once(socket, "message")));
  for (let half = 0; half < 6; half++) dial(service).socket.write("GET /v1/rand");
  for (let upload = 0; upload < 6; upload++)
    dial(service).socket.write(
      `POST /v1/tokens HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"na',
    );
  const begun = performance.now();
  const code = await service.stop();
  expect(code).toBe(0);
  // Of the five that are promised; what a busy machine adds is not the service's.
  expect(performance.now() - begun).toBeLessThan(8000);
  for (const { ended } of sockets) expect([1001, 1006]).toContain((await ended)[0]);
  for (const { connection } of open) await connection.closed;
}, 120_000);

test("a port is one service's: a second is refused, whichever of them has outlets", async () => {
  for (const [first, second] of [
    [1, 2],
    [2, 1],
    [2, 2],
  ]) {
    const service = await start({ configuration: `outlets: ${first}\n` });
    const state = await makeState();
    onTestFinished(() => removeState(state));
    const config = join(state, "springhouse.yaml");
    writeFileSync(config, `outlets: ${second}\n`);
    const { host } = new URL(service.url);
    const late = await springhouse([
      "serve",
      "--state",
      state,
      "--config",
      config,
      "--listen",
      host,
    ]);
    expect(late.code).not.toBe(0);
    expect(late.stderr).toMatch(/EADDRINUSE|listen_failed/);
    const answer = await dial(service).ask(
      headOf(service.authorization.authorization, "/v1/random?bytes=32"),
    );
    expect(answer?.status).toBe(200);
    expect(await service.stop()).toBe(0);
  }
}, 180_000);

test("on IPv6, too", async () => {
  const state = await makeState();
  onTestFinished(() => removeState(state));
  const service = await start({ state, configuration: "outlets: 2\n", listen: "[::1]:0" });
  expect((await status(service)).outlets).toEqual({ configured: 2, answering: 2, lostTotal: 0 });
  expect(await service.stop()).toBe(0);
}, 60_000);

test("TLS files that are read again are every thread's; a broken one changes nothing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "springhouse-outlets-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const pair = makeCertificate(folder, "first", null);
  const service = await start({
    configuration: `outlets: 3\ntls: { certificate: ${pair.certificatePath}, key: ${pair.keyPath} }\n`,
  });
  const port = Number(new URL(service.url).port);
  const names = async (): Promise<Set<string>> => {
    const seen = new Set<string>();
    for (let dialled = 0; dialled < 24; dialled++) {
      const socket = tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false });
      socket.on("error", () => {});
      await once(socket, "secureConnect");
      seen.add(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    }
    return seen;
  };
  expect(await names()).toEqual(new Set(["first"]));
  const second = makeCertificate(folder, "second", null);
  writeFileSync(pair.certificatePath, second.certificate);
  writeFileSync(pair.keyPath, second.key);
  service.child.kill("SIGHUP");
  await until("the new one everywhere", async () => {
    const seen = await names();
    return seen.size === 1 && seen.has("second");
  });
  writeFileSync(pair.certificatePath, "rubbish");
  service.child.kill("SIGHUP");
  await until("the refusal", () => service.log().includes("configuration_refused"));
  expect(await names()).toEqual(new Set(["second"]));
  expect(await service.stop()).toBe(0);
}, 120_000);

test("clients that read no stream cost no memory, in whichever thread they are", async () => {
  const service = await start();
  const { authorization } = service.authorization;
  const rss = (): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${service.child.pid}/status`, "utf8"))![1]);
  const port = Number(new URL(service.url).port);
  const sockets = Array.from({ length: 12 }, () => {
    const socket = connect(port, "127.0.0.1").pause();
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    socket.write(headOf(authorization, "/v1/stream"));
    return socket;
  });
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const before = rss();
  await new Promise((resolve) => setTimeout(resolve, 6000));
  // Kilobytes. Twelve streams that went on would make hundreds of megabytes in that time.
  expect(rss() - before).toBeLessThan(40_000);
  for (const socket of sockets) socket.destroy();
  expect(await service.stop()).toBe(0);
}, 120_000);
