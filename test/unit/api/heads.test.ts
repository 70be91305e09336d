import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listRoutes } from "../../../src/api/app.ts";
import { listen, type Listening } from "../../../src/api/listen.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { buildHouse, type House } from "./house.ts";

/*
 * Heads that two readers would take differently, which is how one request is smuggled behind
 * another: each is refused, draws nothing, and its connection is closed, so that what follows on it
 * is never taken for a request.
 */

let house: House;
let doors: Listening;

beforeAll(async () => {
  house = await buildHouse();
  doors = await listen(house.app, {
    clock: systemClock(),
    address: { host: "127.0.0.1", port: 0 },
  });
});
afterAll(() => doors.close());

/** Everything that came until the connection was closed. */
function exchange(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(doors.address!.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve(answer));
    socket.write(text, "latin1");
  });
}

const AUTHORIZATION = "Authorization: Bearer TOKEN\r\n";
const HIDDEN = `GET /v1/random HTTP/1.1\r\nHost: localhost\r\n${AUTHORIZATION}\r\n`;

test.each([
  ["two lengths", `Content-Length: 5\r\nContent-Length: 6\r\n`],
  ["a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"],
  ["chunks under another name", "Transfer-Encoding: xchunked\r\n"],
  ["chunks that are not last", "Transfer-Encoding: chunked, identity\r\n"],
  ["a length with a sign", "Content-Length: +5\r\n"],
  ["a length in hexadecimal", "Content-Length: 0x5\r\n"],
  ["a length below 0", "Content-Length: -1\r\n"],
  ["a blank before the colon", "Content-Length : 5\r\n"],
  ["a bare line feed", "X: 1\nY: 2\r\n"],
  ["a bare carriage return", "X: 1\rY: 2\r\n"],
  ["a NUL", "X: 1\0\r\n"],
  ["a line without a colon", "nonsense\r\n"],
  ["a head above the limit", `X: ${"x".repeat(20_000)}\r\n`],
])("%s: 400, and what follows is no request", async (_, line) => {
  house.supply.requests.length = 0;
  const token = house.tokens.admin;
  const head = `POST /v1/keys/generate HTTP/1.1\r\nHost: localhost\r\n${AUTHORIZATION}`;
  const text = `${head}Content-Type: application/json\r\n${line}\r\n${HIDDEN}`;
  const answer = await exchange(text.replaceAll("TOKEN", token));
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(answer).toContain("application/problem+json");
  expect(answer).not.toContain(token);
  expect(house.supply.requests).toEqual([]);
});

test.each([
  ["no Host", ""],
  ["two Hosts", "Host: localhost\r\nHost: localhost\r\n"],
  ["two Hosts of different names", "Host: localhost\r\nHOST: evil.example\r\n"],
  ["an empty Host", "Host: \r\n"],
  ["two tokens", "Host: localhost\r\nauthorization: Bearer sph_no\r\n"],
])("%s: refused, and nothing is drawn", async (_, line) => {
  house.supply.requests.length = 0;
  const authorization = AUTHORIZATION.replace("TOKEN", house.tokens.admin);
  const answer = await exchange(
    `GET /v1/random HTTP/1.1\r\n${line}${authorization}Connection: close\r\n\r\n`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
  expect(house.supply.requests).toEqual([]);
});

test("a type without a body is answered on every route: nobody waits for what was not sent", async () => {
  const routes = (await listRoutes(house.app)).filter(({ method }) => method !== "GET");
  expect(routes.length).toBeGreaterThan(40);
  const answers = routes.map(async ({ method, path }) => {
    const head = `${method} ${path.replaceAll(/:[a-zA-Z]+/g, "x")} HTTP/1.1\r\nHost: localhost\r\n`;
    const authorization = AUTHORIZATION.replace("TOKEN", house.tokens.admin);
    const answer = await exchange(
      `${head}${authorization}Content-Type: application/json\r\nConnection: close\r\n\r\n`,
    );
    return `${method} ${path}: ${/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? "nothing"}`;
  });
  for (const answer of await Promise.all(answers)) expect(answer).toMatch(/: [245]\d\d$/);
});
