import { once } from "node:events";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";
import { connect, createServer } from "node:net";
import { connect as tlsConnect, type ConnectionOptions } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { isLoopback, listen, type Listening } from "../../../src/api/listen.ts";
import type { TlsFiles } from "../../../src/api/tlsContext.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { UNLIMITED } from "../access/memory.ts";
import { buildHouse, type HouseOptions } from "./house.ts";

const clock = systemClock();
const openDoors: Listening[] = [];
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "springhouse-listen-"));
});
afterEach(async () => {
  for (const doors of openDoors.splice(0)) await doors.close();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

type Options = Omit<Parameters<typeof listen>[1], "clock">;

async function open(options: Options, houseOptions: HouseOptions = {}) {
  const house = await buildHouse(houseOptions);
  const doors = await listen(house.app, { clock, ...options });
  openDoors.push(doors);
  return { house, doors, port: doors.address?.port ?? 0 };
}

const LOCAL = { host: "127.0.0.1", port: 0 };

function ask(options: RequestOptions & { readonly socketPath?: string }, secure = false) {
  return new Promise<{ status: number; body: string; peer: string | null }>((resolve, reject) => {
    const send = secure ? httpsRequest : httpRequest;
    const request = send({ agent: false, ...options }, (response) => {
      const socket = response.socket as {
        getPeerCertificate?: () => { subject?: { CN?: unknown } };
      };
      const peer = socket.getPeerCertificate?.().subject?.CN;
      let body = "";
      response.on("data", (chunk: Buffer) => {
        body += chunk.toString("latin1");
      });
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body,
          peer: typeof peer === "string" ? peer : null,
        }),
      );
    });
    request.on("error", reject).end();
  });
}

describe("addresses", () => {
  test.each(["127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost", "LOCALHOST"])(
    "%s is this machine's alone",
    (host) => expect(isLoopback(host)).toBe(true),
  );
  test.each([
    "0.0.0.0",
    "::",
    "192.168.0.1",
    "128.0.0.1",
    "localhost.example",
    "::ffff:10.0.0.1",
    "",
  ])("%s is not", (host) => expect(isLoopback(host)).toBe(false));

  test("beyond loopback nothing is opened without TLS", async () => {
    const house = await buildHouse();
    const attempt = listen(house.app, { clock, address: { host: "0.0.0.0", port: 0 } });
    await expect(attempt).rejects.toMatchObject({ code: "listen_insecure" });
  });
});

describe("the Unix socket", () => {
  const path = (): string => join(directory, `s${Math.trunc(performance.now() * 1000)}`);

  test("is open beside TCP, with mode 0600, and needs a token all the same", async () => {
    const socketPath = path();
    const { house, port } = await open({ address: LOCAL, socketPath });
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600);
    const url = "/v1/random?bytes=8&format=hex";
    expect((await ask({ socketPath, path: url })).status).toBe(401);
    const headers = house.bearer("client");
    expect((await ask({ socketPath, path: url, headers })).body).toHaveLength(16);
    expect((await ask({ port, path: url, headers })).body).toHaveLength(16);
  });

  test("a stale one is replaced, a living one is left alone", async () => {
    const socketPath = path();
    const script = `require("net").createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, "SIGKILL"))`;
    expect(() => execFileSync(process.execPath, ["-e", script], { stdio: "ignore" })).toThrow();
    expect((await stat(socketPath)).isSocket()).toBe(true);
    await open({ address: null, socketPath });
    expect((await ask({ socketPath, path: "/healthz" })).status).toBe(200);
    const house = await buildHouse();
    await expect(listen(house.app, { clock, address: null, socketPath })).rejects.toMatchObject({
      code: "state_in_use",
    });
    expect((await ask({ socketPath, path: "/healthz" })).status).toBe(200);
  });

  test("a path that is too long is refused, not cut off", async () => {
    const house = await buildHouse();
    const socketPath = join(directory, "l".repeat(107 - directory.length));
    await expect(listen(house.app, { clock, address: null, socketPath })).rejects.toMatchObject({
      code: "listen_failed",
      message: expect.stringContaining("108 bytes"),
    });
    await open({ address: null, socketPath: socketPath.slice(0, -1) });
  });

  test("nothing stays open where one of the two cannot be opened", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const socketPath = path();
    const house = await buildHouse();
    const attempt = listen(house.app, { clock, address: { host: "127.0.0.1", port }, socketPath });
    await expect(attempt).rejects.toMatchObject({
      code: "listen_failed",
      message: expect.stringMatching(/127\.0\.0\.1:\d+ \(EADDRINUSE\)/),
    });
    await expect(stat(socketPath)).rejects.toMatchObject({ code: "ENOENT" });
    taken.close();
  });
});

test("what is not HTTP is told so, and echoes nothing", async () => {
  const { port } = await open({ address: LOCAL });
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("close", () => resolve(text));
    socket.write("secret rubbish\r\n\r\n");
  });
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain("application/problem+json");
  expect(answer).not.toContain("rubbish");
});

test("an upgrade that is no WebSocket goes on as plain HTTP", async () => {
  const { house, port } = await open({ address: LOCAL });
  const headers = { ...house.bearer("client"), connection: "Upgrade", upgrade: "h2c" };
  expect((await ask({ port, path: "/v1/random", headers })).status).toBe(200);
});

describe("TLS", () => {
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): string =>
    execFileSync("openssl", args, { cwd: directory, stdio: "pipe" }).toString();

  /** A key and a certificate of `name`, signed by the authority `by`, or by itself. */
  async function certify(name: string, subject: string, extension: string, by?: string) {
    await writeFile(file(`${name}.ext`), extension);
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`);
    openssl("req", "-new", "-key", `${name}.key`, "-subj", `/CN=${subject}`, "-out", `${name}.csr`);
    const signer = by ? ["-CA", `${by}.crt`, "-CAkey", `${by}.key`] : ["-signkey", `${name}.key`];
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      ...signer,
      "-days",
      "2",
      "-set_serial",
      "7",
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.crt`,
    );
  }

  const pem = (name: string): string => readFileSync(file(name), "utf8");
  const tlsOf = (name: string, more: Partial<TlsFiles> = {}): TlsFiles => ({
    certificate: pem(`${name}.crt`),
    key: pem(`${name}.key`),
    ...more,
  });
  const withCertificate = (name: string) => ({ cert: pem(`${name}.crt`), key: pem(`${name}.key`) });

  beforeAll(async () => {
    const server = "subjectAltName=DNS:localhost,IP:127.0.0.1";
    await certify("server", "first", server);
    await certify("renewed", "second", server);
    await certify("authority", "authority", "basicConstraints=critical,CA:TRUE");
    await certify("client", "robot", "subjectAltName=DNS:robot.example", "authority");
    await certify("stranger", "robot", "subjectAltName=DNS:robot.example");
    await certify("nobody", "nobody", "subjectAltName=DNS:nobody.example", "authority");
  }, 60_000);

  /** TLS 1.3 tells a client only after its first write, so it may see the reset alone. */
  const REFUSED = /certificate required|unknown ca|hang up|ECONNRESET|EPIPE/i;

  const rules = [
    {
      name: "robot",
      roles: ["client"] as const,
      quota: UNLIMITED,
      subjectAltName: "DNS:robot.example",
    },
  ];
  const trust = { rejectUnauthorized: false, host: "127.0.0.1", path: "/v1/random" };

  test("listens beyond loopback, and takes new files without a restart", async () => {
    const { house, doors, port } = await open({
      address: { host: "0.0.0.0", port: 0 },
      tls: tlsOf("server"),
    });
    const headers = house.bearer("client");
    const first = await ask({ ...trust, port, headers }, true);
    expect([first.status, first.peer]).toEqual([200, "first"]);
    doors.reloadTls(tlsOf("renewed"));
    expect((await ask({ ...trust, port, headers }, true)).peer).toBe("second");
    expect(() => doors.reloadTls({ certificate: "rubbish", key: "rubbish" })).toThrow();
    expect((await ask({ ...trust, port, headers }, true)).peer).toBe("second");
    await expect(ask({ port, path: "/healthz" })).rejects.toThrow(/hang up|ECONNRESET/);
  });

  test("a client certificate of the authority is a principal; no other is", async () => {
    const tls = tlsOf("server", { clientAuthority: pem("authority.crt") });
    const { house, port } = await open({ address: LOCAL, tls }, { certificates: rules });
    const status = async (name: string | null, headers = {}) =>
      (await ask({ ...trust, port, headers, ...(name ? withCertificate(name) : {}) }, true)).status;
    expect(await status("client")).toBe(200);
    expect(house.supply.requests.at(-1)).toMatchObject({ principal: "certificate:robot" });
    // The same names, signed by itself.
    expect(await status("stranger")).toBe(401);
    expect(await status("nobody")).toBe(401);
    expect(await status(null)).toBe(401);
    expect(await status(null, house.bearer("client"))).toBe(200);
    // A bad token is not made good by the certificate beside it.
    expect(await status("client", { authorization: "Bearer sph_no" })).toBe(401);
    const forbidden = { ...trust, ...withCertificate("client"), port, path: "/v1/tokens" };
    expect((await ask(forbidden, true)).status).toBe(403);
  });

  test("another authority ends what the old one vouched for, resumed sessions included", async () => {
    const tls = tlsOf("server", { clientAuthority: pem("authority.crt") });
    const { doors, house, port } = await open({ address: LOCAL, tls }, { certificates: rules });
    const dial = (more: ConnectionOptions) =>
      tlsConnect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...more });
    const request = (path: string, more = "") =>
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
    const [robot, stranger] = [dial(withCertificate("client")), dial({})];
    for (const socket of [robot, stranger]) socket.on("error", () => {});
    let session: Buffer | undefined;
    robot.on("session", (ticket) => (session = ticket));
    robot.write(request("/v1/stream"));
    const authorization = `Authorization: ${house.bearer("client").authorization}\r\n`;
    stranger.write(request("/v1/stream", authorization));
    await Promise.all([once(robot, "data"), once(stranger, "data")]);
    // The same again changes nothing.
    doors.reloadTls(tls);
    await once(robot, "data");
    doors.reloadTls(tlsOf("server", { clientAuthority: pem("stranger.crt") }));
    robot.resume();
    await once(robot, "close");
    await once(stranger, "data");
    stranger.destroy();
    const resumed = dial({ ...withCertificate("client"), session });
    resumed.on("error", () => {});
    resumed.write(request("/v1/random"));
    const [answer] = (await once(resumed, "data")) as [Buffer];
    expect(answer.toString("latin1")).toMatch(/^HTTP\/1.1 401 /);
    resumed.destroy();
  });

  test("where one is required, nobody comes in without", async () => {
    const clientAuthority = pem("authority.crt");
    const tls = tlsOf("server", { clientAuthority, requireClientCertificate: true });
    const { house, port } = await open({ address: LOCAL, tls }, { certificates: rules });
    const headers = house.bearer("client");
    await expect(ask({ ...trust, port, headers }, true)).rejects.toThrow(REFUSED);
    await expect(
      ask({ ...trust, port, headers, ...withCertificate("stranger") }, true),
    ).rejects.toThrow(REFUSED);
    expect((await ask({ ...trust, port, ...withCertificate("client") }, true)).status).toBe(200);
  });
});
