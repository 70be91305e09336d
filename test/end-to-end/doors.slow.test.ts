import { mkdtemp, readdir, rm } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import type { OutputStory } from "../../src/port/lineage.ts";
import { makeCertificate, type PemPair } from "../support/certificates.ts";
import { type Running, springhouse, startSpringhouse } from "../support/springhouse.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "springhouse-doors-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function start(configuration = "", unready = false): Promise<Running> {
  const service = await startSpringhouse({ configuration, unready });
  onTestFinished(async () => expect(await service.stop()).toBe(0));
  return service;
}

test("the configured quota: 429, and after Retry-After it goes on", async () => {
  const { url, authorization } = await start(
    "quota: { requestsPerSecond: 1, bytesPerSecond: 64 }\n",
  );
  const order = { name: "program", roles: ["client"] };
  const made = await fetch(`${url}/v1/tokens`, {
    method: "POST",
    headers: { ...authorization, "content-type": "application/json" },
    body: JSON.stringify(order),
  });
  const { token } = (await made.json()) as { token: string };
  const headers = { authorization: `Bearer ${token}` };
  const ask = (bytes: number) => fetch(`${url}/v1/random?bytes=${bytes}`, { headers });
  // More than a second's worth is given, and paid for by waiting.
  expect((await ask(128)).status).toBe(200);
  const refused = await ask(32);
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
    429,
    "over_quota",
  ]);
  for (let attempt = 0; ; attempt++) {
    const answer = await ask(32);
    if (answer.status === 200) break;
    expect(answer.status).toBe(429);
    const seconds = Number(answer.headers.get("retry-after"));
    expect(seconds).toBeGreaterThanOrEqual(1);
    // The second time it may be the requests that are used up, by the asking.
    expect(attempt).toBeLessThan(3);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
});

test("a client certificate has its rule's roles and no others; a stranger's has none", async () => {
  const authority = makeCertificate(folder, "authority", null);
  const elsewhere = makeCertificate(folder, "elsewhere", null);
  const server = makeCertificate(folder, "server", authority);
  const robot = makeCertificate(folder, "robot", authority);
  const unknown = makeCertificate(folder, "unknown", authority);
  const impostor = makeCertificate(await mkdtemp(join(folder, "other-")), "robot", elsewhere);
  const { url } = await start(
    [
      `tls: { certificate: ${server.certificatePath}, key: ${server.keyPath}, clientAuthority: ${authority.certificatePath} }`,
      "clientCertificates: [{ name: robot, subject: robot, roles: [client] }]",
      "",
    ].join("\n"),
  );
  const status = (path: string, pair: PemPair | null): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const identity = pair ? { cert: pair.certificate, key: pair.key } : {};
      request(
        `${url}${path}`,
        { ca: authority.certificate, agent: false, ...identity },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      )
        .on("error", reject)
        .end();
    });
  expect(await status("/v1/random", robot)).toBe(200);
  expect(await status("/v1/tokens", robot)).toBe(403);
  for (const nobody of [unknown, impostor, null])
    expect(await status("/v1/random", nobody)).toBe(401);
});

test("beyond loopback without TLS nothing opens: exit 2, and a remedy", async () => {
  const state = join(folder, "never");
  const { code, stderr, stdout } = await springhouse([
    "serve",
    "--state",
    state,
    "--listen",
    "0.0.0.0:0",
  ]);
  expect(code).toBe(2);
  expect(stdout).toHaveLength(0);
  expect(stderr).toContain("listen_insecure");
  expect(stderr).toContain("tls.certificate");
  expect(await readdir(folder)).not.toContain("never");
});

/** The first answer of one door, retried from the first instant on, with its output's id. */
type FirstAnswer = (service: Running) => Promise<string | null>;

const proofOf = async (answer: Response): Promise<string | null> => {
  if (answer.status === 200) {
    const reader = answer.body!.getReader();
    await reader.read();
    await reader.cancel();
    return answer.headers.get("springhouse-output");
  }
  expect(answer.status).toBe(503);
  expect(["not_ready", "unmet"]).toContain(((await answer.json()) as { code: string }).code);
  return null;
};

const DOORS: Readonly<Record<string, FirstAnswer>> = {
  http: async ({ url, authorization }) =>
    proofOf(await fetch(`${url}/v1/random`, { headers: authorization })),
  stream: async ({ url, authorization }) =>
    proofOf(await fetch(`${url}/v1/stream?bytes=100000`, { headers: authorization })),
  keys: async ({ url, authorization }) =>
    proofOf(
      await fetch(`${url}/v1/keys/generate`, {
        method: "POST",
        headers: { ...authorization, "content-type": "application/json" },
        body: JSON.stringify({ type: "aes-256" }),
      }),
    ),
};

/** A credited source that needs half a second before its first sample. */
const COLD = `
sources:
  - id: slow
    kind: program
    command: [sh, -c, "sleep 0.5; exec cat /dev/urandom"]
    samplesPerSecond: 50000
    raw: { evidence: "stands in for a device" }
    assessed: { entropy: 4, evidence: "stands in for a device" }
`;

test.each(Object.keys(DOORS))(
  "a cold start: the first answer of %s names the noise that it was born from",
  async (door) => {
    const service = await start(COLD, true);
    let id: string | null = null;
    for (let attempt = 0; id === null; attempt++) {
      expect(attempt, "answered at all").toBeLessThan(2000);
      id = await DOORS[door]!(service);
    }
    const answer = await fetch(`${service.url}/v1/outputs/${id.split(", ")[0]!}`, {
      headers: service.authorization,
    });
    expect(answer.status).toBe(200);
    const { seed, blocks, windows, output } = (await answer.json()) as OutputStory;
    expect(seed).toMatchObject({ shape: "RBG2(NP)", kind: "instantiate", parent: null });
    // SP 800-90A 8.6.7 and 10.1: 3/2 of the security strength of 256 bits.
    expect(seed.creditedBits).toBeGreaterThanOrEqual(384);
    expect(seed.credits.map(({ source }) => source)).toEqual(["slow"]);
    const credited = blocks.filter((block) => seed.blocks.includes(block.id));
    expect(credited).toHaveLength(seed.blocks.length);
    const stories = new Map(windows.map((window) => [window.id, window]));
    for (const block of credited) {
      expect(block).toMatchObject({ source: "slow", credited: true });
      for (const window of block.windows)
        expect(stories.get(window)).toMatchObject({ source: "slow", verdict: "passed" });
    }
    if (door === "keys") expect(output?.door).toBe("keys");
  },
);

test("a cold start: a WebSocket's first frame comes after the first seed, and is in the books", async () => {
  const service = await start(COLD, true);
  const address = `${service.url.replace("http", "ws")}/v1/stream?bytes=64`;
  for (let attempt = 0; ; attempt++) {
    expect(attempt, "answered at all").toBeLessThan(2000);
    const socket = new WebSocket(address, { headers: service.authorization });
    const frames: Buffer[] = [];
    socket.on("message", (data: Buffer) => frames.push(data));
    socket.on("error", () => {});
    const code = await new Promise<number>((resolve) => socket.once("close", resolve));
    if (code !== 1000) {
      expect(code).toBe(1013);
      expect(frames).toEqual([]);
      continue;
    }
    expect(Buffer.concat(frames)).toHaveLength(64);
    break;
  }
  const status = (await (
    await fetch(`${service.url}/v1/status`, { headers: service.authorization })
  ).json()) as { instances: { id: string; seed: string | null; outputBytesSinceSeed: number }[] };
  const websocket = status.instances.find(({ id }) => id === "websocket");
  expect(websocket?.seed).toMatch(/^s-/);
  expect(websocket?.outputBytesSinceSeed).toBe(64);
});
