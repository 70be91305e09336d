import { once } from "node:events";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectPlain } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { makeCertificate, type PemPair } from "../../support/certificates.ts";
import { until } from "../../support/springhouse.ts";
import { UNLIMITED } from "../access/memory.ts";
import { BOOT, openRig, type Rig } from "./rig.ts";

let folder = "";
let server: PemPair;
let renewed: PemPair;
let authority: PemPair;
let robot: PemPair;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "springhouse-outlet-"));
  server = makeCertificate(folder, "first", null);
  renewed = makeCertificate(folder, "second", null);
  authority = makeCertificate(folder, "authority", null);
  robot = makeCertificate(folder, "robot", authority);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const filesOf = ({ certificate, key }: PemPair) => ({ certificate, key });
const certificates = [
  { name: "robot", roles: ["client"] as const, quota: UNLIMITED, subject: "robot" },
];
const identity = () => ({ cert: robot.certificate, key: robot.key });

async function dial(rig: Rig, options: ConnectionOptions = {}) {
  const socket = connect({
    port: rig.port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
    ...options,
  });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  await once(socket, "secureConnect");
  return { socket, text: () => text };
}

const nameOf = (socket: TLSSocket): string =>
  new X509Certificate(socket.getPeerCertificate().raw).subject;

const request = (path: string, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;

test("an outlet does the handshake, as node's HTTPS server does it, and answers by itself", async () => {
  const rig = await openRig({ tls: filesOf(server) });
  const token = await rig.house.issue(["client"]);
  const { socket, text } = await dial(rig, { ALPNProtocols: ["h2", "http/1.1"] });
  expect([nameOf(socket), socket.alpnProtocol]).toEqual(["CN=first", "http/1.1"]);
  socket.write(rig.headOf(token, "/v1/random?bytes=32"));
  await until("an answer", () => text().includes(`springhouse-seed: s-${BOOT}-`));
  // And passes on what it does not.
  socket.write(rig.headOf(token, "/v1/random?bytes=8&format=hex"));
  await until("the house's answer", () => text().includes("springhouse-seed: s-0123456789abcdef-"));
  await expect(dial(rig, { ALPNProtocols: ["h2"] })).rejects.toThrow();
});

test("new files are served by the thread that is there, and by the one after it", async () => {
  const rig = await openRig({ tls: filesOf(server) });
  rig.listening.reloadTls(filesOf(renewed));
  rig.outlets.reloadTls(filesOf(renewed));
  await until("the new one", async () => nameOf((await dial(rig)).socket) === "CN=second");
  await rig.terminate();
  await rig.answering();
  expect(nameOf((await dial(rig)).socket)).toBe("CN=second");
});

test("a client certificate is the house's to judge, and to end when it is revoked", async () => {
  let revoked = "";
  let changed = (): void => {};
  const rig = await openRig({
    tls: { ...filesOf(server), clientAuthority: authority.certificate },
    revoked: {
      isRevoked: (fingerprint) => fingerprint === revoked,
      onChange: (listener) => (changed = listener),
    },
    house: { certificates },
  });
  const streaming = await dial(rig, identity());
  const waiting = await dial(rig, identity());
  streaming.socket.write(request("/v1/stream"));
  waiting.socket.write(request("/v1/random"));
  await until("both to be served", () => streaming.text() !== "" && waiting.text() !== "");
  expect(waiting.text()).toMatch(/^HTTP\/1\.1 200 /);
  expect(rig.house.supply.requests.at(-1)).toMatchObject({ principal: "certificate:robot" });
  const ended = Promise.all([once(streaming.socket, "close"), once(waiting.socket, "close")]);
  revoked = new X509Certificate(robot.certificate).fingerprint256;
  changed();
  await ended;
  await until("the stream to end", () => rig.house.supply.streamsOpen === 0);
  const late = await dial(rig, identity());
  // Not with a token either: whoever shows a revoked certificate is not talked to.
  late.socket.write(rig.headOf(await rig.house.issue(["client"]), "/v1/random?bytes=32"));
  if (!late.socket.closed) await once(late.socket, "close");
  expect(late.text()).toBe("");
  // A token counts as before, with no certificate.
  const plain = await dial(rig);
  plain.socket.write(rig.headOf(await rig.house.issue(["client"]), "/v1/random?bytes=32"));
  await until("an answer", () => plain.text().includes(`s-${BOOT}-`));
});

test("another authority ends what the old one vouched for", async () => {
  const tls = { ...filesOf(server), clientAuthority: authority.certificate };
  const rig = await openRig({ tls, house: { certificates } });
  const streaming = await dial(rig, identity());
  streaming.socket.write(request("/v1/stream"));
  await once(streaming.socket, "data");
  const ended = once(streaming.socket, "close");
  const next = { ...tls, clientAuthority: renewed.certificate };
  rig.listening.reloadTls(next);
  rig.outlets.reloadTls(next);
  await ended;
  const late = await dial(rig, identity());
  late.socket.write(request("/v1/random"));
  await until("a refusal", () => late.text().startsWith("HTTP/1.1 401 "));
});

test("clients with a certificate that break off at any moment take no thread with them", async () => {
  const tls = { ...filesOf(server), clientAuthority: authority.certificate };
  const rig = await openRig({ tls, house: { certificates } });
  for (let round = 0; round < 12; round++) {
    const raw = connectPlain(rig.port, "127.0.0.1");
    const { socket } = await dial(rig, { ...identity(), socket: raw });
    if (round % 3 > 0) socket.write(request("/v1/stream"));
    if (round % 3 > 1) await once(socket, "data");
    raw.resetAndDestroy();
  }
  await until("the streams to end", () => rig.house.supply.streamsOpen === 0);
  expect(rig.outlets.snapshot()).toMatchObject({ answering: 2, lostTotal: 0 });
});
