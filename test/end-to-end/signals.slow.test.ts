import { once } from "node:events";
import { rename, stat, writeFile } from "node:fs/promises";
import { get, type IncomingMessage } from "node:http";
import { Agent, get as getSecurely } from "node:https";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { SpringhouseClient } from "../../src/client/client.ts";
import { makeCertificate, type PemPair } from "../support/certificates.ts";
import {
  makeState,
  removeState,
  type Running,
  type StartOptions,
  startSpringhouse,
  until,
} from "../support/springhouse.ts";

/** What the service promises from SIGTERM to its end, whoever is connected. */
const STOP_MILLISECONDS = 5000;

async function makeStateForTest(): Promise<string> {
  const state = await makeState();
  onTestFinished(() => removeState(state));
  return state;
}

/** The state directory outlives the process, so that what is left in it can be seen. */
async function start(options: StartOptions & { readonly state: string }): Promise<Running> {
  const service = await startSpringhouse(options);
  onTestFinished(async () => void (await service.stop()));
  return service;
}

/** A connection that keeps its own side open whatever it is told. Resolves with the first it hears. */
function stubbornPeer(url: string, said: string, hears: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const peer = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  onTestFinished(() => void peer.destroy());
  peer.on("error", () => {});
  return new Promise((resolve, reject) => {
    let heard = "";
    peer.once("close", () => reject(new Error(`closed after ${heard}`)));
    peer.on("data", (chunk) => {
      heard += chunk.toString("latin1");
      if (heard.includes(hears)) resolve(peer);
    });
    peer.once("connect", () => {
      peer.write(said);
      if (hears === "") resolve(peer);
    });
  });
}

const head = (line: string, more: Readonly<Record<string, string>>): string =>
  `${line} HTTP/1.1\r\nHost: localhost\r\n${Object.entries(more)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")}\r\n`;

const upgrade = (path: string, more: Readonly<Record<string, string>>): string =>
  head(`GET ${path}`, {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    ...more,
  });

const KEY_REQUEST = '{"type":"aes-256"}';

/**
 * A request that the service has in hand: its head is read, as the 100 says, and its body is not
 * there before `finish`, which resolves with the whole answer.
 */
async function askSlowly({ url, authorization }: Running) {
  const peer = await stubbornPeer(
    url,
    head("POST /v1/keys/generate", {
      Authorization: authorization.authorization,
      "Content-Type": "application/json",
      "Content-Length": String(KEY_REQUEST.length),
      Expect: "100-continue",
    }),
    " 100 ",
  );
  let answer = "";
  peer.on("data", (chunk) => (answer += chunk.toString("latin1")));
  return {
    peer,
    async finish(): Promise<string> {
      peer.write(KEY_REQUEST);
      return await until("an answer", () => (answer.endsWith("}") ? answer : undefined), 5000);
    },
  };
}

async function stopTimed(service: Running): Promise<{ code: number | null; tookMs: number }> {
  const began = performance.now();
  const code = await service.stop();
  return { code, tookMs: performance.now() - began };
}

test("SIGTERM answers what is in hand, ends streams so that none looks complete, and exits with 0", async () => {
  const state = await makeStateForTest();
  const service = await start({ state });
  const { url, authorization } = service;

  const stream = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/v1/stream`, { headers: authorization, agent: false }, resolve).on("error", reject);
  });
  const streamEnd = new Promise<string>((resolve) => {
    stream.once("end", () => resolve("a clean end"));
    stream.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
  });
  await once(stream, "data");
  stream.resume();

  const sockets = ["/v1/stream", "/v1/events?since=0"].map((path) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}${path}`, { headers: authorization });
    onTestFinished(() => socket.terminate());
    socket.on("error", () => {});
    return {
      heard: once(socket, "message"),
      closed: new Promise<number>((resolve) => socket.once("close", resolve)),
    };
  });
  await Promise.all(sockets.map(({ heard }) => heard));

  const asked = await askSlowly(service);
  const stopped = stopTimed(service);
  expect(await streamEnd).toBe("ECONNRESET");
  expect(stream.complete).toBe(false);
  const [streamCode, eventsCode] = await Promise.all(sockets.map(({ closed }) => closed));
  // 1001 going away or 1013 try again later; 1000 would say that all of it was sent.
  expect([1001, 1013]).toContain(streamCode);
  expect(eventsCode).toBe(1001);
  const answer = await asked.finish();
  asked.peer.destroy();
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);

  const { code, tookMs } = await stopped;
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(STOP_MILLISECONDS);
  await expect(stat(join(state, "springhouse.sock"))).rejects.toMatchObject({ code: "ENOENT" });

  // What was answered last is on the disk.
  const output = /springhouse-output: (\S+)/.exec(answer)![1]!;
  const again = await start({ state });
  const story = await fetch(`${again.url}/v1/outputs/${output}`, { headers: authorization });
  expect(story.status).toBe(200);
  expect(await story.json()).toMatchObject({ output: { purpose: "key:aes-256" } });
}, 60_000);

test("SIGTERM does not wait for peers that say no goodbye", async () => {
  const state = await makeStateForTest();
  const service = await start({ state });
  const { url, authorization } = service;
  const Authorization = authorization.authorization;
  await Promise.all([
    // A WebSocket that reads, and answers no close frame.
    stubbornPeer(url, upgrade("/v1/events?since=0", { Authorization }), "service_started"),
    // One that was refused, and was told that the connection ends.
    stubbornPeer(url, upgrade("/v1/events", {}), " 401 "),
    // An answer that was read to its end on a connection that is said to close.
    stubbornPeer(url, head("GET /healthz", { Connection: "close" }), " 200 "),
    // Keep-alive, idle.
    stubbornPeer(url, head("GET /healthz", {}), " 200 "),
    // A request whose body never comes.
    askSlowly(service),
    // Half a head, and nothing at all.
    stubbornPeer(url, "GET /healthz HT", ""),
    stubbornPeer(url, "", ""),
    // Two that take all they can get.
    ...[0, 1].map(() => stubbornPeer(url, head("GET /v1/stream", { Authorization }), " 200 ")),
  ]);
  const { code, tookMs } = await stopTimed(service);
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(STOP_MILLISECONDS);
  await expect(stat(join(state, "springhouse.sock"))).rejects.toMatchObject({ code: "ENOENT" });
}, 60_000);

test("SIGTERM does not wait for a connection whose request in hand was answered", async () => {
  const state = await makeStateForTest();
  const service = await start({ state });
  const asked = await askSlowly(service);
  const stopped = stopTimed(service);
  await until("no more listening", () =>
    fetch(service.url).then(
      () => false,
      () => true,
    ),
  );
  expect(await asked.finish()).toMatch(/^HTTP\/1\.1 200 /);
  const { code, tookMs } = await stopped;
  expect(code).toBe(0);
  // Those who say no goodbye have 3.5 s.
  expect(tookMs).toBeLessThan(3000);
}, 60_000);

test("SIGTERM does not wait for a database that another program holds", async () => {
  const state = await makeStateForTest();
  const service = await start({ state });
  const other = new DatabaseSync(join(state, "springhouse.db"), { timeout: 5_000 });
  onTestFinished(() => other.close());
  other.exec("BEGIN IMMEDIATE");
  const drawn = await fetch(`${service.url}/v1/random`, { headers: service.authorization });
  expect(drawn.status).toBe(200);
  const { code, tookMs } = await stopTimed(service);
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(STOP_MILLISECONDS);
  console.log(`given up after ${tookMs.toFixed(0)} ms`);
  expect(service.log()).toContain("does not take what is left to keep");
}, 60_000);

/** On two cores as many take one thread longer than a stop may. */
const PAIRS = 250;

test("SIGTERM does not wait for a rotation behind the pairs of clients that have gone", async () => {
  const state = await makeStateForTest();
  const service = await start({ state });
  const { url, authorization } = service;
  const client = new SpringhouseClient({ url, token: authorization.authorization.slice(7) });
  await client.seal.initialise({
    kind: "passphrase",
    name: "first",
    passphrase: "correct horse battery",
  });
  const policy = { rotation: { maximumOperations: 1 } };
  const { id } = await client.managedKeys.create({ type: "ed25519", policy });
  let made = 0;
  const asked = Array.from({ length: PAIRS }, async () => {
    const headers = { ...authorization, "content-type": "application/json" };
    const body = JSON.stringify({ type: "ml-dsa-87" });
    const path = `${url}/v1/keys/generate`;
    const { status } = await fetch(path, { method: "POST", headers, body });
    if (status === 200) made++;
  });
  const answered = Promise.allSettled(asked);
  await until("the first of them", () => made > 0);
  // Its one operation, after which it is to be rotated.
  await client.managedKeys.sign(id, Buffer.from("milk"));
  const { code, tookMs } = await stopTimed(service);
  await answered;
  expect(code).toBe(0);
  expect(tookMs).toBeLessThan(STOP_MILLISECONDS);
  expect(service.log()).not.toContain("database_given_up");
  expect(service.log()).not.toContain('"kind":"defect"');
}, 60_000);

interface Seen {
  readonly status: number;
  /** SHA-256 of the service's certificate. */
  readonly fingerprint: string;
}

interface ReloadedEvent {
  readonly kind: string;
}

/** A service with TLS that knows client certificates, and what a client sees of it. */
async function startWithTls() {
  const state = await makeStateForTest();
  const authority = makeCertificate(state, "authority", null);
  const files = makeCertificate(state, "service", authority);
  const alice = makeCertificate(state, "alice", authority);
  const bob = makeCertificate(state, "bob", authority);
  const configuration = (client: string, more = ""): string => `
tls:
  certificate: ${files.certificatePath}
  key: ${files.keyPath}
  clientAuthority: ${authority.certificatePath}
clientCertificates: [{ subject: ${client}, name: ${client}, roles: [client] }]
construction: { parentOutputBytes: 16384 }
${more}
`;
  const service = await start({ state, configuration: configuration("alice") });

  function draw(
    who: PemPair | { readonly authorization: string },
    agent?: Agent,
    path = "/v1/random?bytes=16",
  ): Promise<Seen & { readonly body: string }> {
    const own = agent ?? new Agent({ maxCachedSessions: 0 });
    const identity = "key" in who ? { cert: who.certificate, key: who.key } : {};
    const headers = "authorization" in who ? { authorization: who.authorization } : {};
    return new Promise((resolve, reject) => {
      const options = { agent: own, ca: authority.certificate, headers, ...identity };
      getSecurely(`${service.url}${path}`, options, (response) => {
        const { fingerprint256 } = (response.socket as TLSSocket).getPeerCertificate();
        let body = "";
        response.setEncoding("latin1").on("data", (text: string) => (body += text));
        response.once("end", () => {
          if (!agent) own.destroy();
          resolve({ status: response.statusCode ?? 0, fingerprint: fingerprint256, body });
        });
      }).on("error", reject);
    });
  }

  const events = async (kind: string): Promise<number> => {
    const path = "/v1/events?since=0&limit=1000";
    const { body } = await draw(service.authorization, undefined, path);
    const kept = (JSON.parse(body) as { events: ReloadedEvent[] }).events;
    return kept.filter((event) => event.kind === kind).length;
  };

  return {
    service,
    state,
    authority,
    files,
    alice,
    bob,
    configuration,
    draw,
    events,
    /** Writes the file, sends the signal, and waits for the event: also where nothing is logged. */
    async reload(text: string): Promise<void> {
      const before = await events("configuration_reloaded");
      await writeFile(join(state, "springhouse.yaml"), text);
      service.child.kill("SIGHUP");
      await until(
        `a reload in:\n${service.log()}`,
        async () => (await events("configuration_reloaded")) > before,
      );
    },
    /** The same with a file that has faults. @returns those that are logged */
    async reloadInVain(text: string | null): Promise<string> {
      const from = service.log().length;
      if (text !== null) await writeFile(join(state, "springhouse.yaml"), text);
      service.child.kill("SIGHUP");
      const line = await until("the faults in the log", () =>
        service
          .log()
          .slice(from)
          .split("\n")
          .find((text) => text.endsWith("}") && text.includes("the configuration stays as it was")),
      );
      return (JSON.parse(line) as { faults: string[] }).faults.join("\n");
    },
  };
}

test("SIGHUP changes the log level", async () => {
  const { service, configuration, draw, events, reload } = await startWithTls();
  // Every reseed is an event; it is logged for debugging alone.
  const reseeds = async (): Promise<void> => {
    const before = await events("reseed");
    await until("a reseed", async () => {
      expect((await draw(service.authorization, undefined, "/v1/random?bytes=16384")).status).toBe(
        200,
      );
      return (await events("reseed")) > before;
    });
  };
  const logged = (): boolean => service.log().includes('"kind":"reseed"');
  await reseeds();
  expect(logged()).toBe(false);
  await reload(configuration("alice", "log: { level: debug }"));
  await reseeds();
  await until("a reseed in the log", logged);
  await reload(configuration("alice", "log: { level: error }"));
  const length = service.log().length;
  await reseeds();
  await reload(configuration("alice", "log: { level: error }"));
  expect(service.log().slice(length)).toBe("");
  // Nothing is lost of what it says otherwise: the line comes after those that would have come before.
  await reload(configuration("alice", "log: { level: info }"));
  await until("the reload in the log", () =>
    service.log().slice(length).includes('"kind":"configuration_reloaded"'),
  );
  expect(service.log().slice(length)).not.toContain('"kind":"reseed"');
}, 60_000);

test("SIGHUP renews the TLS certificate for new connections, and leaves open ones alone", async () => {
  const { service, state, authority, files, configuration, draw, reload } = await startWithTls();
  const agent = new Agent({ keepAlive: true, maxSockets: 1, maxCachedSessions: 0 });
  onTestFinished(() => agent.destroy());
  const before = await draw(service.authorization, agent);
  expect(before.status).toBe(200);
  const endsInDays = async (): Promise<number> => {
    const { body } = await draw(service.authorization, undefined, "/metrics");
    const name = 'springhouse_tls_certificate_not_after_timestamp_seconds{file="certificate"}';
    const line = body.split("\n").find((one) => one.startsWith(name))!;
    return (Number(line.split(" ")[1]) - Date.now() / 1000) / 86_400;
  };
  expect(await endsInDays()).toBeCloseTo(2, 1);
  const renewed = makeCertificate(state, "renewed", authority, 30);
  await rename(renewed.keyPath, files.keyPath);
  await rename(renewed.certificatePath, files.certificatePath);
  // Not before it is told.
  expect((await draw(service.authorization)).fingerprint).toBe(before.fingerprint);
  expect(await endsInDays()).toBeCloseTo(2, 1);
  await reload(configuration("alice"));
  expect(await endsInDays()).toBeCloseTo(30, 1);
  const after = await draw(service.authorization);
  expect(after.status).toBe(200);
  expect(after.fingerprint).not.toBe(before.fingerprint);
  expect(await draw(service.authorization, agent)).toMatchObject({
    status: 200,
    fingerprint: before.fingerprint,
  });
}, 60_000);

test("SIGHUP replaces the rules for client certificates, on open connections too", async () => {
  const { alice, bob, configuration, draw, reload } = await startWithTls();
  const agents = [alice, bob].map(({ certificate, key }) => {
    const options = { keepAlive: true, maxSockets: 1, cert: certificate, key };
    const agent = new Agent(options);
    onTestFinished(() => agent.destroy());
    return agent;
  });
  const statuses = (agent: (index: number) => Agent | undefined) =>
    Promise.all([alice, bob].map(async (who, index) => (await draw(who, agent(index))).status));
  const kept = (index: number): Agent => agents[index]!;
  const made = (): undefined => undefined;
  expect(await statuses(kept)).toEqual([200, 401]);
  expect(await statuses(made)).toEqual([200, 401]);
  await reload(configuration("bob"));
  expect(await statuses(kept)).toEqual([401, 200]);
  expect(await statuses(made)).toEqual([401, 200]);
}, 60_000);

test("SIGHUP with a broken file changes nothing, says every fault, and the service goes on", async () => {
  const { service, alice, bob, files, configuration, draw, events, reload, reloadInVain } =
    await startWithTls();
  const holds = async (): Promise<void> => {
    expect((await draw(alice)).status).toBe(200);
    expect((await draw(bob)).status).toBe(401);
    expect((await draw(service.authorization)).fingerprint).toBe(fingerprint);
    expect(await events("configuration_reloaded")).toBe(0);
  };
  const { fingerprint } = await draw(service.authorization);
  const { certificate } = files;

  // Bob would come in, were it taken in parts.
  const faults = await reloadInVain(configuration("bob", "log: { level: shout }\nlistn: x"));
  expect(faults).toContain("log.level");
  expect(faults).toContain("listn");
  await holds();
  expect(await reloadInVain("tls: [")).not.toBe("");
  await holds();
  // A file that is right, and names a certificate that is not.
  await writeFile(files.certificatePath, "no certificate");
  expect(await reloadInVain(configuration("bob", "log: { level: debug }"))).toContain(
    "tls.certificate",
  );
  await holds();
  await writeFile(files.certificatePath, certificate);
  await reload(configuration("bob"));
  expect((await draw(bob)).status).toBe(200);
  expect((await draw(alice)).status).toBe(401);
  expect(service.child.exitCode).toBe(null);
}, 60_000);
