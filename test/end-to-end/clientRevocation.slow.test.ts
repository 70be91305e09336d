import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { request as overSocket } from "node:http";
import { Agent, request } from "node:https";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeCertificate } from "../support/certificates.ts";
import { ownDirectory } from "../support/ceremony.ts";
import { type Running, startSpringhouse, until } from "../support/springhouse.ts";

interface Issued {
  readonly serial: string;
  readonly pem: string;
}

/** Over the Unix socket, which asks for no certificate. */
function call<Answer>(service: Running, method: string, path: string, body?: object) {
  return new Promise<Answer>((resolve, reject) => {
    const socketPath = join(service.state, "springhouse.sock");
    const headers = { ...service.authorization, "content-type": "application/json" };
    overSocket({ socketPath, method, path, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text || "null") as Answer);
        else reject(new Error(text));
      });
    })
      .on("error", reject)
      .end(body && JSON.stringify(body));
  });
}

/** A stock client, for as long as it is let in. */
function sClient(service: Running, folder: string, name: string, more: readonly string[] = []) {
  const { port } = new URL(service.url);
  const identity = ["-cert", `${name}.pem`, "-key", `${name}.key`, "-CAfile", "authority.pem"];
  const connection = ["s_client", "-quiet", "-no_ign_eof", "-connect", `127.0.0.1:${port}`];
  const child = spawn("openssl", [...connection, ...identity, ...more], { cwd: folder });
  onTestFinished(() => void child.kill());
  let [bytes, head] = [0, ""];
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (head.length < 200) head += chunk.toString("latin1");
  });
  // It is refused while it writes.
  child.stdin.on("error", () => {});
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const ask = (path: string) =>
    child.stdin.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  return { child, ended, ask, bytes: () => bytes, head: () => head };
}

test("a client certificate of the house's authority that is revoked is refused at once: open connections, new ones, resumed ones", async () => {
  const [state, folder] = [await ownDirectory(), await ownDirectory()];
  const first = await startSpringhouse({ state });
  onTestFinished(() => first.kill());
  const passphrase = "a passphrase of some length";
  const slot = { kind: "passphrase", name: "first", passphrase };
  await call(first, "POST", "/v1/seal/initialise", slot);
  const house = await call<Issued>(first, "POST", "/v1/certificates/authority", { name: "House" });
  await writeFile(join(folder, "house.pem"), house.pem);
  const certified = async (name: string): Promise<Issued> => {
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const output = ["-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", "/CN=x"];
    execFileSync("openssl", ["req", "-new", ...curve, ...output], { cwd: folder, stdio: "pipe" });
    const text = execFileSync("cat", [join(folder, `${name}.csr`)]).toString();
    const order = { subject: name, purpose: "client", request: text };
    const issued = await call<Issued>(first, "POST", "/v1/certificates", order);
    await writeFile(join(folder, `${name}.pem`), issued.pem);
    return issued;
  };
  const robot = await certified("robot");
  await certified("other");
  await first.stop();

  const own = makeCertificate(folder, "authority", null);
  const configuration = `
tls:
  certificate: ${own.certificatePath}
  key: ${own.keyPath}
  clientAuthority: ${join(folder, "house.pem")}
clientCertificates:
  - { subject: robot, name: robot, roles: [client] }
  - { subject: other, name: other, roles: [client] }
`;
  const start = async () => {
    const running = await startSpringhouse({ state, configuration });
    onTestFinished(() => running.kill());
    return running;
  };
  const second = await start();
  const session = join(folder, "session");
  const [streaming, waiting, bystander] = [
    sClient(second, folder, "robot", ["-sess_out", session]),
    sClient(second, folder, "robot"),
    sClient(second, folder, "other"),
  ];
  streaming.ask("/v1/stream");
  waiting.ask("/v1/random");
  bystander.ask("/v1/stream");
  await until("all of them are served", () =>
    [streaming, waiting, bystander].every((client) => client.bytes() > 100),
  );
  expect(waiting.head()).toContain("200 OK");
  await until("a session to resume", () => existsSync(session));

  const revoke = { reason: "keyCompromise" };
  const before = performance.now();
  await call(second, "POST", `/v1/certificates/${robot.serial}/revoke`, revoke);
  const answered = performance.now() - before;
  const late = sClient(second, folder, "robot");
  const resumed = sClient(second, folder, "robot", ["-sess_in", session]);
  for (const client of [late, resumed]) client.ask("/v1/random");
  await until("both are gone", () =>
    [streaming, waiting].every(({ child }) => child.exitCode !== null),
  );
  const gone = performance.now() - before - answered;
  await Promise.all([late.ended, resumed.ended]);
  expect([late.bytes(), resumed.bytes()]).toEqual([0, 0]);
  // The push of a revocation is promised within two seconds; a busy machine starts processes slowly.
  expect(gone).toBeLessThan(2000);
  const got = bystander.bytes();
  await until("the other goes on", () => bystander.bytes() > got);
  bystander.child.kill();

  const status = (service: Running, name: string) =>
    new Promise<number | string>((resolve) => {
      const agent = new Agent({ maxCachedSessions: 0, ca: own.certificate });
      const pem = (file: string) => execFileSync("cat", [join(folder, file)]);
      const identity = { cert: pem(`${name}.pem`), key: pem(`${name}.key`) };
      request(`${service.url}/v1/random`, { agent, ...identity }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", ({ code }: NodeJS.ErrnoException) => resolve(code ?? "unknown"))
        .end();
    });
  expect(await status(second, "robot")).toMatch(/ECONNRESET|EPIPE/);
  expect(await status(second, "other")).toBe(200);
  await second.kill();

  const third = await start();
  expect(await status(third, "robot")).toMatch(/ECONNRESET|EPIPE/);
  expect(await status(third, "other")).toBe(200);
  await third.stop();
});
