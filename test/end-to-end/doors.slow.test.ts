import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { Agent, get as getSecurely } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { OutputStory } from "../../src/port/lineage.ts";
import type { ServiceSnapshot } from "../../src/port/snapshot.ts";
import { makeCertificate, type PemPair } from "../support/certificates.ts";
import { startEmulator } from "../support/emulator.ts";
import {
  type Running,
  springhouse,
  type StartOptions,
  startSpringhouse,
  until,
} from "../support/springhouse.ts";

async function start(options: StartOptions): Promise<Running> {
  const service = await startSpringhouse(options);
  onTestFinished(async () => void (await service.stop()));
  return service;
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "springhouse-doors-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Refused {
  readonly code: string;
  readonly detail: string;
  readonly unmet?: readonly string[];
}

test("a quota of the configuration holds, and Retry-After keeps its word", async () => {
  // One request in four seconds: far longer than two requests take on any machine.
  const service = await start({ configuration: "quota: { requestsPerSecond: 0.25 }" });
  const environment = { SPRINGHOUSE_URL: service.url, SPRINGHOUSE_STATE: service.state };
  const makeToken = async (...args: string[]): Promise<string> => {
    const command = ["token", "create", ...args, "--role", "client"];
    // The quota is for programs that draw: it does not bind the local admin.
    const { code, stdout, stderr } = await springhouse(command, environment);
    expect(code, stderr).toBe(0);
    return stdout.toString().trim();
  };
  const draw = (token: string, bytes: number): Promise<Response> =>
    fetch(`${service.url}/v1/random?bytes=${bytes}`, {
      headers: { authorization: `Bearer ${token}` },
    });
  const expectRefused = async (response: Response): Promise<number> => {
    expect(response.status).toBe(429);
    expect(await response.json()).toMatchObject({ code: "over_quota" });
    return Number(response.headers.get("retry-after"));
  };

  const token = await makeToken("configured");
  expect((await draw(token, 8)).status).toBe(200);
  const seconds = await expectRefused(await draw(token, 8));
  expect(seconds).toBeGreaterThanOrEqual(1);
  expect(seconds).toBeLessThanOrEqual(4);
  await sleep(seconds * 1000 + 5);
  expect((await draw(token, 8)).status).toBe(200);

  // A token's own takes the place of the configured one; bytes are counted as requests are.
  const own = ["--requests-per-second", "unlimited", "--bytes-per-second", "64"];
  const other = await makeToken("own", ...own);
  const refused = await until("a refusal", async () => {
    const response = await draw(other, 64);
    return response.status === 200 ? undefined : response;
  });
  await sleep((await expectRefused(refused)) * 1000 + 5);
  expect((await draw(other, 64)).status).toBe(200);
}, 60_000);

/** A service with TLS, certificates of its authority, and one that an authority of its own signed. */
async function startWithCertificates(required: boolean) {
  const folder = await makeFolder();
  const authority = makeCertificate(folder, "authority", null);
  const own = makeCertificate(folder, "service", authority);
  const client = makeCertificate(folder, "client", authority);
  const unknown = makeCertificate(folder, "unknown", authority);
  const foreignFolder = await makeFolder();
  const stranger = makeCertificate(foreignFolder, "authority", null);
  // The same name as the one that is let in.
  const foreign = makeCertificate(foreignFolder, "client", stranger);
  const service = await start({
    configuration: `
tls:
  certificate: ${own.certificatePath}
  key: ${own.keyPath}
  clientAuthority: ${authority.certificatePath}
  requireClientCertificate: ${required}
clientCertificates: [{ subject: client, name: the client, roles: [client] }]
`,
  });
  /** @returns the status, or the code of the error that the handshake ended with */
  const ask = (who: PemPair | null, path: string, headers = {}): Promise<number | string> =>
    new Promise((resolve) => {
      const identity = who ? { cert: who.certificate, key: who.key } : {};
      const agent = new Agent({ maxCachedSessions: 0 });
      const options = { agent, ca: authority.certificate, headers, ...identity };
      getSecurely(`${service.url}${path}`, options, (response) => {
        response.resume().once("end", () => agent.destroy());
        resolve(response.statusCode ?? 0);
      }).on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  return { service, client, unknown, foreign, ask };
}

test("a client certificate gives its role and no other; a foreign one is nobody's", async () => {
  const { service, client, unknown, foreign, ask } = await startWithCertificates(false);
  expect(await ask(client, "/v1/random")).toBe(200);
  expect(await ask(client, "/v1/status")).toBe(200);
  expect(await ask(client, "/v1/sources")).toBe(403);
  expect(await ask(client, "/v1/lineage")).toBe(403);
  for (const nobody of [foreign, unknown, null]) expect(await ask(nobody, "/v1/random")).toBe(401);
  // Beside a certificate that is nobody's a token counts as ever.
  expect(await ask(foreign, "/v1/sources", service.authorization)).toBe(200);
}, 60_000);

test("where certificates are demanded, who has none or a foreign one does not come to speak", async () => {
  const { service, client, unknown, foreign, ask } = await startWithCertificates(true);
  expect(await ask(client, "/v1/random")).toBe(200);
  expect(await ask(unknown, "/v1/random")).toBe(401);
  for (const nobody of [foreign, null]) {
    // An alert of TLS, or a reset where the alert is overtaken.
    const answer = await ask(nobody, "/v1/random", service.authorization);
    expect(answer).toMatch(/^(ERR_SSL_|ECONNRESET|EPIPE)/);
  }
}, 60_000);

test("beyond loopback without TLS nothing is opened", async () => {
  const folder = await makeFolder();
  const state = join(folder, "state");
  const { code, stderr } = await springhouse([
    ..."serve --listen 0.0.0.0:0 --state".split(" "),
    state,
  ]);
  expect(code).toBe(2);
  expect(stderr).toContain("listen_insecure");
  expect(stderr).not.toContain('"kind":"listening"');
  // Neither a database nor a socket nor a token.
  expect(await readdir(folder)).toEqual([]);
}, 60_000);

type DoorName = "http" | "stream" | "websocket" | "keys";
const DOORS: readonly DoorName[] = ["http", "stream", "websocket", "keys"];

/** Bytes and the output that they are of, or why there are none. */
type Reply =
  | { readonly output: string; readonly refused: null }
  | { readonly output: null; readonly refused: Refused };

async function knock({ url, authorization }: Running, door: DoorName): Promise<Reply> {
  const signal = AbortSignal.timeout(30_000); // no request hangs
  if (door === "websocket") {
    const address = `${url.replace("http", "ws")}/v1/stream?bytes=16`;
    const socket = new WebSocket(address, { headers: authorization });
    let bytes = 0;
    socket.on("message", (data: Buffer) => (bytes += data.length));
    const [code, reason] = (await once(socket, "close", { signal })) as [number, Buffer];
    if (code !== 1000) {
      expect([code, bytes]).toEqual([1013, 0]);
      return { output: null, refused: { code: reason.toString(), detail: reason.toString() } };
    }
    expect(bytes).toBe(16);
    // Frames name no output: it is the first of the door's instance.
    const response = await fetch(`${url}/v1/status`, { headers: authorization });
    const { instances } = (await response.json()) as ServiceSnapshot;
    const { seed } = instances.find(({ id }) => id === "websocket")!;
    return { output: `${seed}.1`, refused: null };
  }
  const response =
    door === "keys"
      ? await fetch(`${url}/v1/keys/generate`, {
          method: "POST",
          headers: { ...authorization, "content-type": "application/json" },
          body: '{"type":"aes-128"}',
          signal,
        })
      : await fetch(`${url}/v1/${door === "http" ? "random" : "stream"}?bytes=16`, {
          headers: authorization,
          signal,
        });
  if (response.status !== 200) {
    expect(response.status).toBe(503);
    return { output: null, refused: (await response.json()) as Refused };
  }
  const body = await response.arrayBuffer();
  if (door !== "keys") expect(body.byteLength).toBe(16);
  return { output: response.headers.get("springhouse-output")!, refused: null };
}

/** Knocks until the door opens. @returns every refusal until then, and the story of the first bytes */
async function openDoor(service: Running, door: DoorName) {
  const refusals: Refused[] = [];
  const output = await until(
    `bytes from ${door}, after ${JSON.stringify(refusals)}`,
    async () => {
      const reply = await knock(service, door);
      if (reply.refused) refusals.push(reply.refused);
      return reply.output ?? undefined;
    },
    60_000,
  );
  const response = await fetch(`${service.url}/v1/outputs/${output}`, {
    headers: service.authorization,
  });
  expect(response.status, `${door}: ${output}`).toBe(200);
  return { refusals, story: (await response.json()) as OutputStory };
}

test("from a cold start each door gives credited noise down to its windows, or names what is missing", async () => {
  // It sends nothing until every door was tried in vain.
  const emulator = await startEmulator({ family: "truerngpro", rate: 50_000, silent: true });
  onTestFinished(() => emulator.close());
  const service = await start({
    unready: true,
    configuration: `
sources:
  - id: trng
    kind: serial-truerngpro
    path: ${emulator.path}
    raw: { evidence: "the emulator's generator, unwhitened" }
    assessed: { entropy: 4, evidence: "the emulator's own figure" }
    samplesPerSecond: 50000
`,
  });
  for (const door of DOORS) {
    const { refused } = await knock(service, door);
    expect(refused?.code, door).toBe("not_ready");
    // A close frame has room for the code alone.
    if (door !== "websocket") expect(refused?.unmet, door).toContain("quorum");
  }
  expect((await fetch(`${service.url}/readyz`)).status).toBe(503);
  const opened = DOORS.map((door) => openDoor(service, door));
  await emulator.command("noise");
  for (const { refusals, story } of await Promise.all(opened)) {
    for (const { code, detail } of refusals) {
      expect(["not_ready", "pool_exhausted", "unmet"]).toContain(code);
      expect(detail).not.toBe("");
    }
    const { seed, blocks, windows } = story;
    expect(seed).toMatchObject({ shape: "RBG2(NP)", kind: "instantiate", parent: null });
    expect(seed.creditedBits).toBeGreaterThanOrEqual(256);
    expect(seed.credits.map(({ source }) => source)).toEqual(["trng"]);
    expect(blocks.map(({ id }) => id)).toEqual(expect.arrayContaining([...seed.blocks]));
    const credited = blocks.filter((block) => block.credited);
    expect(credited.length).toBeGreaterThan(0);
    const known = new Map(windows.map((window) => [window.id, window]));
    for (const block of blocks) {
      expect(block.windows.length).toBeGreaterThan(0);
      for (const id of block.windows)
        expect(known.get(id)).toMatchObject({ source: block.source, verdict: "passed" });
    }
  }
}, 120_000);

test("from a cold start the embedded default names the parent of every seed", async () => {
  const service = await start({ unready: true });
  for (const { refusals, story } of await Promise.all(
    DOORS.map((door) => openDoor(service, door)),
  )) {
    for (const { code } of refusals) expect(["not_ready", "unmet"]).toContain(code);
    expect(story.seed).toMatchObject({ shape: "RBGC", creditedBits: 0, credits: [] });
    expect(story.seed.parent).toMatchObject({ securityStrength: 256 });
    expect(story.windows.every(({ verdict }) => verdict === "passed")).toBe(true);
  }
}, 60_000);

/** 64 MiB, of which a stream has to leave room for others between any two chunks. */
const STREAM_BYTES = 2 ** 26;

// A write that the socket takes at once resolves without a turn of the event loop: a fast reader would
// keep everybody else waiting until the next seed's record, 16 MiB later.
test.each(["http", "ws"])(
  "a stream over %s leaves the other doors their turns",
  async (scheme) => {
    const service = await start({});
    const address = `${service.url.replace("http", scheme)}/v1/stream?bytes=${STREAM_BYTES}`;
    // A process of its own, which reads as fast as it can.
    const reader = `
      const options = { headers: { authorization: process.env.AUTHORIZATION } };
      if (${scheme === "ws"}) new (require("ws").WebSocket)("${address}", options).on("message", () => {});
      else require("http").get("${address}", options, (response) => response.resume());`;
    const child = spawn(process.execPath, ["-e", reader], {
      cwd: new URL("../..", import.meta.url),
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, AUTHORIZATION: service.authorization.authorization },
    });
    onTestFinished(() => void child.kill());
    const instance = scheme === "ws" ? "websocket" : "stream";
    const isStreaming = async (): Promise<boolean> => {
      const response = await fetch(`${service.url}/v1/status`, { headers: service.authorization });
      const { instances } = (await response.json()) as ServiceSnapshot;
      return instances.find(({ id }) => id === instance)!.requestsSinceSeed > 0;
    };
    await until("the stream's begin", isStreaming);
    let answered = 0;
    while (child.exitCode === null) {
      const response = await fetch(`${service.url}/v1/random?bytes=16`, {
        headers: service.authorization,
      });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
      answered++;
    }
    expect(child.exitCode).toBe(0);
    // One in every MiB of the stream is little to ask, whatever the machine.
    expect(answered).toBeGreaterThanOrEqual(STREAM_BYTES / 2 ** 20);
  },
  60_000,
);
