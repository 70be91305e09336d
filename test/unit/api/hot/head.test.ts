import * as fc from "fast-check";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plainBytes, readHotHead, readHotPost } from "../../../../src/api/hot/head.ts";

/*
 * Two readers of one head are one too many, unless the first reads nothing that the second would read
 * otherwise. node's own parser is the second, and here the judge.
 */

interface Read {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

/** What node made of the last head; null while it made nothing. */
let read: Read | null = null;
const server = createServer((request, response) => {
  read = { method: request.method!, url: request.url!, headers: request.headers };
  response.end();
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

async function readByNode(head: string): Promise<Read | null> {
  read = null;
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(head, "latin1"));
    socket.on("error", () => {}).on("close", () => resolve());
    socket.resume();
  });
  return read;
}

const GOOD = [
  "Host: localhost:7450",
  `Authorization: Bearer sph_${"A".repeat(43)}`,
  "User-Agent: curl/8.5.0",
  "Accept: */*",
  "Accept-Encoding: gzip, deflate, br",
  "Connection: keep-alive",
  "Accept-Language: *",
  "Sec-Fetch-Mode: cors",
];

const headOf = (first: string, fields: readonly string[]): string =>
  `${[first, ...fields].join("\r\n")}\r\n\r\n`;

test("the heads of curl, fetch, requests and Go are read", () => {
  for (const fields of [
    [GOOD[0]!, GOOD[1]!, GOOD[2]!, GOOD[3]!],
    ["host: localhost", "connection: keep-alive", ...GOOD.slice(1, 5), ...GOOD.slice(6)],
    [GOOD[0]!, "User-Agent: python-requests/2.31", GOOD[4]!, GOOD[3]!, GOOD[5]!, GOOD[1]!],
    [GOOD[0]!, "User-Agent: Go-http-client/1.1", GOOD[1]!, "Accept-Encoding: gzip"],
  ]) {
    const head = Buffer.from(headOf("GET /v1/random?bytes=64 HTTP/1.1", fields));
    expect(readHotHead(head)).toMatchObject({ bytes: 64 });
  }
});

test.each([
  ["a first line of another version", "GET /v1/random HTTP/1.0", GOOD],
  ["another method", "HEAD /v1/random HTTP/1.1", GOOD],
  ["no host", "GET /v1/random HTTP/1.1", GOOD.slice(1)],
  ["no token", "GET /v1/random HTTP/1.1", [GOOD[0]!]],
  ["a header twice", "GET /v1/random HTTP/1.1", [...GOOD, "accept: */*"]],
  ["a cookie", "GET /v1/random HTTP/1.1", [...GOOD, "Cookie: a=b"]],
  ["a body", "GET /v1/random HTTP/1.1", [...GOOD, "Content-Length: 3"]],
  ["chunks", "GET /v1/random HTTP/1.1", [...GOOD, "Transfer-Encoding: chunked"]],
  ["an upgrade", "GET /v1/random HTTP/1.1", [...GOOD, "Upgrade: websocket"]],
  ["an expectation", "GET /v1/random HTTP/1.1", [...GOOD, "Expect: 100-continue"]],
  ["a folded line", "GET /v1/random HTTP/1.1", [...GOOD, " folded"]],
  ["an empty value", "GET /v1/random HTTP/1.1", [...GOOD, "Pragma:"]],
  ["a NUL", "GET /v1/random HTTP/1.1", [...GOOD, "Pragma: \0"]],
  ["a bare line feed", "GET /v1/random HTTP/1.1", [...GOOD, "Pragma: a\nHost: b"]],
  ["a bare carriage return", "GET /v1/random HTTP/1.1", [...GOOD, "Pragma: a\rHost: b"]],
  ["a blank before the colon", "GET /v1/random HTTP/1.1", [...GOOD, "Pragma : a"]],
  ["letters beyond ASCII", "GET /v1/random HTTP/1.1", [...GOOD, "Pragma: \xe9"]],
  ["a long head", "GET /v1/random HTTP/1.1", [...GOOD, `Pragma: ${"a".repeat(2048)}`]],
])("%s is not read", (_, first, fields) => {
  expect(readHotHead(Buffer.from(headOf(first, fields), "latin1"))).toBeNull();
});

test("half a head, two heads and what follows one are not read", () => {
  const head = headOf("GET /v1/random HTTP/1.1", GOOD);
  expect(readHotHead(Buffer.from(head))).not.toBeNull();
  for (let length = 0; length < head.length; length++)
    expect(readHotHead(Buffer.from(head.slice(0, length)))).toBeNull();
  expect(readHotHead(Buffer.from(head + head))).toBeNull();
  expect(readHotHead(Buffer.from(`${head}x`))).toBeNull();
});

const FIELD = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...GOOD) },
  fc
    .tuple(
      fc.constantFrom("Accept", "Host", "Pragma", "Connection", "User-Agent", "X-A", "Cookie"),
      fc.constantFrom(":", ": ", ":  ", " : ", ":\t"),
      fc.string({ maxLength: 6, unit: fc.constantFrom(...'a ,\t\r\n\0:\x7f\xe9"=*/'.split("")) }),
    )
    .map((parts) => parts.join("")),
);
const FIRST = fc.oneof(
  { weight: 3, arbitrary: fc.constant("GET /v1/random?bytes=32 HTTP/1.1") },
  fc
    .tuple(
      fc.constantFrom("GET", "get", "POST", " GET", "GET "),
      fc.constantFrom("/v1/random", "/v1/random?bytes=7", "/v1/random#a", "//v1/random"),
      fc.constantFrom("HTTP/1.1", "HTTP/1.0", "HTTP/1.1 ", "http/1.1", "HTTP/1.1\r"),
    )
    .map((parts) => parts.join(" ")),
);

test("whatever it reads, node reads the same", { timeout: 60_000 }, async () => {
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(FIRST, fc.uniqueArray(FIELD, { maxLength: 9 }), async (first, fields) => {
      const head = headOf(first, fields);
      const hot = readHotHead(Buffer.from(head, "latin1"));
      if (hot === null) return;
      taken++;
      const theirs = await readByNode(head);
      expect(theirs?.method).toBe("GET");
      expect(plainBytes(theirs!.url)).toBe(hot.bytes);
      expect(theirs!.headers).toEqual(hot.headers);
    }),
    { numRuns: 3000 },
  );
  expect(taken).toBeGreaterThan(50);
});

const POSTED = ["Content-Type: application/json", "Content-Length: 2", "content-length:2"];

test.each([
  ["no type", [...GOOD, POSTED[1]!]],
  ["another type", [...GOOD, POSTED[1]!, "Content-Type: text/plain"]],
  ["a character set", [...GOOD, POSTED[1]!, "Content-Type: application/json; charset=utf-8"]],
  ["no length", [...GOOD, POSTED[0]!]],
  ["no body", [...GOOD, POSTED[0]!, "Content-Length: 0"]],
  ["a length with a sign", [...GOOD, POSTED[0]!, "Content-Length: +2"]],
  ["a length with a zero in front", [...GOOD, POSTED[0]!, "Content-Length: 02"]],
  ["two lengths", [...GOOD, ...POSTED]],
  ["two lengths in one", [...GOOD, POSTED[0]!, "Content-Length: 2, 2"]],
  ["chunks", [...GOOD, POSTED[0]!, "Transfer-Encoding: chunked"]],
  ["chunks and a length", [...GOOD, POSTED[0]!, POSTED[1]!, "Transfer-Encoding: chunked"]],
  ["a coding", [...GOOD, POSTED[0]!, POSTED[1]!, "Content-Encoding: gzip"]],
  ["an expectation", [...GOOD, POSTED[0]!, POSTED[1]!, "Expect: 100-continue"]],
])("a body with %s is not read", (_, fields) => {
  const head = headOf("POST /v1/keys/generate HTTP/1.1", fields);
  expect(readHotPost(Buffer.from(`${head}{}`))).toBeNull();
});

test("of a request with a body whatever it reads, node reads the same", async () => {
  let taken = 0;
  const first = fc.oneof(
    { weight: 3, arbitrary: fc.constant("POST /v1/keys/generate HTTP/1.1") },
    FIRST,
  );
  const field = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...POSTED) },
    { weight: 4, arbitrary: fc.constantFrom(...GOOD) },
    FIELD,
  );
  const rest = fc.constantFrom("", "{", "{}", "{}x");
  await fc.assert(
    fc.asyncProperty(
      first,
      fc.uniqueArray(field, { maxLength: 9 }),
      rest,
      async (line, fields, body) => {
        const head = headOf(line, fields);
        const hot = readHotPost(Buffer.from(head + body, "latin1"));
        if (hot === null) return;
        taken++;
        expect([hot.headBytes, hot.bodyBytes]).toEqual([head.length, 2]);
        const theirs = await readByNode(`${head}{}`);
        expect(theirs).toEqual({ method: "POST", url: hot.url, headers: hot.headers });
      },
    ),
    { numRuns: 6000 },
  );
  expect(taken).toBeGreaterThan(50);
}, 60_000);

test("the bytes that are asked for are those that the framework reads, or it is asked", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9+x&=.-]{0,8}$/), (text) => {
      const bytes = plainBytes(`/v1/random?bytes=${text}`);
      if (bytes !== null) expect([/^[1-9]\d*$/.test(text), Number(text)]).toEqual([true, bytes]);
      else expect(/^[1-9]\d*$/.test(text) && Number(text) <= 65_536).toBe(false);
    }),
  );
});
