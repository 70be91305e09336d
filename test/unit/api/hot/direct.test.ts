import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Listening } from "../../../../src/api/listen.ts";
import { refuse } from "../../../../src/port/errors.ts";
import type { ApiPorts } from "../../../../src/api/ports.ts";
import type { KeyRoom } from "../../../../src/key/managed/keyRoom.ts";
import type { RawConnection } from "../../../support/rawHttp.ts";
import { buildHouse, bytesOf, type House } from "../house.ts";
import { open } from "./open.ts";

/*
 * What is asked of keys in front of the framework against the framework's own: what a client, the quota,
 * the metrics and the log see of a request must be the same.
 */

interface Case {
  readonly what: string;
  readonly hot: boolean;
  /** With KEY for the key's id. */
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Buffer;
  readonly token?: "client" | "auditor" | "none" | "wrong" | "poor" | "hasty";
  readonly parts?: (request: Buffer) => readonly Buffer[];
  readonly prepare?: (house: House, managed: KeyRoom, key: string) => unknown;
  readonly ports?: Partial<ApiPorts>;
}

const MILK = Buffer.from("milk").toString("base64");
const ENCRYPT = JSON.stringify({ plaintext: MILK });
const GENERATE = { url: "/v1/keys/generate", body: '{"type":"aes-256"}' } as const;
const halves = (request: Buffer): Buffer[] => [request.subarray(0, -7), request.subarray(-7)];

const keysThat = (generate: ApiPorts["keys"]["generate"]): Partial<ApiPorts> => ({
  keys: { seedBytes: () => 32, generate },
});

const HOT: readonly Omit<Case, "hot">[] = [
  { what: "encrypt" },
  { what: "encrypt with a context", body: `{"plaintext":"${MILK}","context":{"t":"7"}}` },
  { what: "any type", headers: { accept: "*/*" } },
  { what: "JSON", headers: { accept: "application/json" } },
  { what: "what is not authentic", url: "/v1/keys/KEY/decrypt", body: `{"ciphertext":"${MILK}"}` },
  { what: "a data key", url: "/v1/keys/KEY/data-key", body: "{}" },
  { what: "another usage", url: "/v1/keys/KEY/mac", body: `{"message":"${MILK}"}` },
  { what: "no such key", url: "/v1/keys/k-0123456789abcdef-9/encrypt" },
  {
    what: "a suspended key",
    prepare: (_house, managed, key) =>
      managed.service.transit(
        key,
        {
          transition: "suspend",
          version: 1,
          reason: null,
          occurredMilliseconds: null,
          approval: null,
        },
        { id: "test", anyKey: true },
      ),
  },
  { what: "nothing in the body", body: "{}" },
  { what: "no JSON", body: "{" },
  { what: "a number", body: "7" },
  { what: "null", body: "null" },
  { what: "a list", body: "[]" },
  { what: "white space", body: "  " },
  { what: "a byte order mark", body: `\ufeff${ENCRYPT}` },
  { what: "no UTF-8", body: Buffer.concat([Buffer.from('{"plaintext":"'), Buffer.of(0xff, 0xfe)]) },
  { what: "a prototype", body: `{"plaintext":"${MILK}","__proto__":{"x":1}}` },
  { what: "half a surrogate pair", body: `{"plaintext":"${MILK}","context":{"a":"\\ud83d"}}` },
  { what: "another field", body: `{"plaintext":"${MILK}","more":1}` },
  { what: "another type", body: '{"plaintext":7}' },
  { what: "no base64", body: '{"plaintext":"mil_"}' },
  { what: "too short a text", body: '{"plaintext":""}' },
  { what: "as much as one message", body: JSON.stringify({ plaintext: "A".repeat(87_384) }) },
  { what: "more than one message", body: JSON.stringify({ plaintext: "A".repeat(87_388) }) },
  { what: "a body at the limit", body: `{"plaintext":"${MILK}"${" ".repeat(131_072 - 24)}}` },
  { what: "a body in two parts", parts: halves },
  {
    what: "a body byte by byte",
    parts: (all) => Array.from(all, (_, at) => all.subarray(at, at + 1)),
  },
  { what: "over the quota of requests", token: "hasty" },
  { what: "over the quota of bytes", url: "/v1/keys/KEY/data-key", body: "{}", token: "poor" },
  {
    what: "a defect",
    prepare: (_house, managed) =>
      vi.spyOn(managed.operations, "encrypt").mockImplementation(() => {
        throw new Error("x");
      }),
  },
  {
    what: "a late defect",
    prepare: (_house, managed) =>
      vi.spyOn(managed.operations, "encrypt").mockRejectedValue(new Error("x")),
  },
  {
    what: "a late answer",
    prepare: (_house, managed) =>
      vi
        .spyOn(managed.operations, "encrypt")
        .mockImplementation(() => new Promise((_resolve, reject) => setTimeout(reject, 20))),
  },
  { what: "a key", ...GENERATE },
  { what: "keys", ...GENERATE, body: '{"type":"aes-256","count":3}' },
  { what: "too many keys", ...GENERATE, body: '{"type":"aes-256","count":101}' },
  { what: "a key of no type", ...GENERATE, body: '{"type":"x"}' },
  {
    what: "no key",
    ...GENERATE,
    ports: keysThat(async () => refuse("unmet", "no", { unmet: ["sources"] })),
  },
  {
    what: "no key now",
    ...GENERATE,
    ports: keysThat(async () => refuse("busy", "no", { retryAfterSeconds: 7 })),
  },
  {
    what: "a key's defect",
    ...GENERATE,
    ports: keysThat(async () => {
      throw new Error("x");
    }),
  },
];

const COLD: readonly Omit<Case, "hot">[] = [
  { what: "a character set", headers: { "content-type": "application/json; charset=utf-8" } },
  { what: "a form", headers: { "content-type": "application/x-www-form-urlencoded" } },
  { what: "no type", headers: { "content-type": undefined } },
  { what: "no body", body: "" },
  { what: "a picture", headers: { accept: "image/png" } },
  { what: "too large a body", body: " ".repeat(131_073) },
  { what: "too large an order", ...GENERATE, body: " ".repeat(16_385) },
  { what: "a query", url: "/v1/keys/KEY/encrypt?x=1" },
  { what: "a slash", url: "/v1/keys/KEY/encrypt/" },
  { what: "no id", url: "/v1/keys/encrypt" },
  { what: "half an id", url: "/v1/keys/k-01/encrypt" },
  { what: "another path", url: "/v2/keys/KEY/encrypt" },
  { what: "an escape", url: "/v1/keys/KEY/%65ncrypt" },
  { what: "DELETE", method: "DELETE" },
  { what: "no token", token: "none" },
  { what: "a wrong token", token: "wrong" },
  { what: "another role", token: "auditor" },
  { what: "a foreign host", headers: { host: "elsewhere.example" } },
  { what: "a foreign page", headers: { origin: "http://elsewhere.example" } },
  { what: "an unknown header", headers: { "if-match": '"1"' } },
];

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly closed: boolean;
  readonly answered: House["answered"];
  readonly log: readonly string[];
  readonly uses: readonly object[];
  readonly operations: object;
  readonly framework: number;
}

/** What may differ: names, nonces, the time; not which are the same. */
function named(): (text: string) => string {
  const names = new Map<string, string>();
  return (text) =>
    text
      .replaceAll(/[rk]-[0-9a-f]{12,16}-[0-9a-z]+/g, (id) => {
        if (!names.has(id)) names.set(id, `NAME${names.size}`);
        return names.get(id)!;
      })
      .replaceAll(/"(ciphertext|plaintext)":"[^"]*"/g, ({ length }) => `${length} characters`)
      .replaceAll(/"output":"[^"]*"/g, "output")
      .replaceAll(/"atMilliseconds":\d+/g, "")
      .replaceAll(/"frames":\[.*\]/g, "");
}

async function see(given: Case, isHot: boolean): Promise<Seen> {
  const house = await buildHouse(given.ports ? { ports: given.ports } : {});
  const created = await house.app.inject({
    method: "POST",
    url: "/v1/keys",
    headers: house.bearer("client"),
    payload: { type: "aes-256" },
  });
  const { id } = created.json<{ id: string }>();
  const { managed } = house;
  // Nobody is let in there, so the framework gets everything.
  if (!isHot) house.app.hot = { ...house.app.hot, route: () => null };
  const framework = vi.spyOn(house.app, "routing");
  const poor = await house.issue(["client"], { requestsPerSecond: 50, bytesPerSecond: 1 });
  const hasty = await house.issue(["client"], { requestsPerSecond: 0.001, bytesPerSecond: null });
  const tokens = { ...house.tokens, client: house.tokens.admin, none: "", wrong: "sph_wrong" };
  const token = { ...tokens, poor, hasty }[given.token ?? "client"];
  if (given.token === "poor" || given.token === "hasty")
    await house.app.inject({
      url: "/v1/random?bytes=9",
      headers: { authorization: `Bearer ${token}` },
    });
  house.answered.length = 0;
  house.log.length = 0;
  await given.prepare?.(house, managed, id);
  const body = Buffer.from(given.body ?? ENCRYPT);
  const headers: Record<string, string | undefined> = {
    host: "127.0.0.1",
    ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
    "content-type": "application/json",
    "content-length": String(body.length),
    ...given.headers,
  };
  const url = (given.url ?? "/v1/keys/KEY/encrypt").replace("KEY", id);
  const head = [
    `${given.method ?? "POST"} ${url} HTTP/1.1`,
    ...Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}: ${value}`],
    ),
  ].join("\r\n");
  const { doors, connection } = await open(house);
  const answer = connection.expect();
  const parts = given.parts?.(body) ?? [body];
  connection.socket.write(`${head}\r\n\r\n`);
  for (const part of parts) {
    if (parts.length > 1) await new Promise((resolve) => setTimeout(resolve, 2));
    connection.socket.write(part);
  }
  const {
    status = 0,
    headers: answered = new Map<string, string>(),
    body: content,
  } = (await answer) ?? {};
  const closed = await Promise.race([
    connection.closed.then(() => true),
    new Promise<false>((resolve) => setTimeout(() => resolve(false), 50)),
  ]);
  connection.socket.destroy();
  await doors.close();
  const without = named();
  const seen = {
    status,
    headers: Object.fromEntries([...answered].filter(([name]) => name !== "date")),
    body: without(content?.toString("utf8") ?? ""),
    closed,
    answered: house.answered,
    log: house.log.map(without),
    uses: house.access.quotas.uses().map((use) => ({ ...use, client: null })),
    operations: managed.tally.figures().operations,
    framework: framework.mock.calls.length,
  };
  vi.restoreAllMocks();
  expect(connection.faults).toEqual([]);
  return seen;
}

test.each([
  ...HOT.map((one) => ({ ...one, hot: true })),
  ...COLD.map((one) => ({ ...one, hot: false })),
])("$what", async (given: Case) => {
  const own = await see(given, true);
  const theirs = await see(given, false);
  expect(theirs.framework).toBe(1);
  expect(own.framework).toBe(given.hot ? 0 : 1);
  expect({ ...own, framework: 1 }).toEqual(theirs);
});

describe("a connection", () => {
  let house: House;
  let doors: Listening;
  let connection: RawConnection;
  let signal: AbortSignal | undefined;
  let finish: (() => void) | undefined;

  beforeEach(async () => {
    const generate: ApiPorts["keys"]["generate"] = (_order, _principal, gone) => {
      const given = gone?.();
      signal = given;
      return new Promise((resolve, reject) => {
        given?.addEventListener("abort", () => reject(given.reason as Error));
        finish = () => {
          const key = { type: "aes-256", format: "raw", key: "AA", output: "s-0-1.1", seed: "s-0" };
          resolve({ keys: [key], pending: [] });
        };
      });
    };
    signal = finish = undefined;
    house = await buildHouse({ ports: keysThat(generate) });
    ({ doors, connection } = await open(house));
  });
  afterEach(async () => {
    connection.socket.destroy();
    vi.restoreAllMocks();
    await doors.close();
  });

  const common = (): string =>
    `Host: localhost\r\nAuthorization: Bearer ${house.tokens.client}\r\n`;
  const order = (): string => {
    const { url, body } = GENERATE;
    return (
      `POST ${url} HTTP/1.1\r\n${common()}Content-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`
    );
  };
  const draw = (bytes: number): string =>
    `GET /v1/random?bytes=${bytes} HTTP/1.1\r\n${common()}\r\n`;

  test("carries orders and draws in turn, and none of them reaches the framework", async () => {
    const framework = vi.spyOn(house.app, "routing");
    for (let i = 1; i < 4; i++) {
      const answer = connection.ask(order());
      await vi.waitFor(() => expect(finish).toBeDefined());
      finish!();
      finish = undefined;
      expect((await answer)?.status).toBe(200);
      const drawn = await connection.ask(draw(i));
      const output = drawn!.headers.get("springhouse-output")!;
      expect(drawn!.body).toEqual(Buffer.from(bytesOf(output, i)));
    }
    expect(framework).not.toHaveBeenCalled();
  });

  test("answers in the order of the requests, though the second comes while the first waits", async () => {
    const first = connection.ask(order());
    await vi.waitFor(() => expect(finish).toBeDefined());
    const second = connection.ask(draw(5));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(house.supply.requests).toHaveLength(0);
    finish!();
    expect((await first)?.headers.get("content-type")).toBe("application/json");
    expect((await second)?.body).toHaveLength(5);
    expect(connection.faults).toEqual([]);
  });

  test("whose client goes away ends what is made for it, in silence", async () => {
    connection.socket.write(order());
    await vi.waitFor(() => expect(signal).toBeDefined());
    connection.socket.resetAndDestroy();
    await vi.waitFor(() => expect(signal!.aborted).toBe(true));
    expect(house.answered).toEqual([]);
    expect(house.log.filter((line) => line.includes("defect"))).toEqual([]);
  });

  test("that was half closed still gets its answer", async () => {
    const answer = connection.expect();
    connection.socket.end(order());
    await vi.waitFor(() => expect(finish).toBeDefined());
    finish!();
    expect((await answer)?.status).toBe(200);
    await connection.closed;
  });

  test("is not closed at a stop before its answer", async () => {
    const answer = connection.ask(order());
    await vi.waitFor(() => expect(finish).toBeDefined());
    const closing = doors.close();
    await new Promise((resolve) => setTimeout(resolve, 100));
    finish!();
    expect((await answer)?.status).toBe(200);
    await closing;
  });

  test("is refused with the very next request once its token is revoked", async () => {
    const { id } = house.access.tokens.list().find(({ roles }) => roles.includes("client"))!;
    const first = connection.ask(order());
    await vi.waitFor(() => expect(finish).toBeDefined());
    finish!();
    await first;
    await house.access.tokens.revoke(id, "test");
    expect((await connection.ask(order()))?.status).toBe(401);
  });
});
