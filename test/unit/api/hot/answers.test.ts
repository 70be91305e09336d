import { expect, test, vi } from "vitest";
import { refuse } from "../../../../src/port/errors.ts";
import type { ClientUse } from "../../../../src/port/principal.ts";
import { buildHouse, type House } from "../house.ts";
import { open } from "./open.ts";

/*
 * The route in front of the framework against the framework's own: what a client, the quota, the
 * metrics and the log see of a request must be the same.
 */

interface Case {
  readonly what: string;
  readonly hot: boolean;
  readonly url?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly rawHead?: string;
  readonly token?: "client" | "auditor" | "none" | "wrong" | "poor" | "hasty";
  readonly prepare?: (house: House) => void;
}

const CASES: readonly Case[] = [
  { what: "nothing asked", hot: true, url: "/v1/random" },
  { what: "a byte", hot: true, url: "/v1/random?bytes=1" },
  { what: "the most", hot: true, url: "/v1/random?bytes=65536" },
  { what: "leading zeros", hot: false, url: "/v1/random?bytes=0032" },
  { what: "any type", hot: true, headers: { accept: "*/*" } },
  { what: "octets", hot: true, headers: { accept: "application/octet-stream" } },
  { what: "a connection that is to stay", hot: true, headers: { connection: "Keep-Alive" } },
  { what: "a connection that is not", hot: false, headers: { connection: "close" } },
  { what: "a page of our own", hot: true, headers: { origin: "http://127.0.0.1" } },
  { what: "a header of no meaning here", hot: false, headers: { "x-anything": "1" } },
  {
    what: "split",
    hot: true,
    url: "/v1/random?bytes=40000",
    prepare: (h) => (h.supply.split = true),
  },
  { what: "late", hot: true, prepare: (h) => (h.supply.delayMilliseconds = 5) },
  {
    what: "refused",
    hot: true,
    prepare: (h) => (h.supply.refusal = refuse("unmet", "no", { unmet: ["sources"] })),
  },
  {
    what: "to come again",
    hot: true,
    prepare: (h) => (h.supply.refusal = refuse("pool_exhausted", "no", { retryAfterSeconds: 7 })),
  },
  {
    what: "a defect",
    hot: true,
    prepare: (h) =>
      vi.spyOn(h.supply, "draw").mockImplementation(() => {
        throw new Error("x");
      }),
  },
  {
    what: "a late defect",
    hot: true,
    prepare: (h) => vi.spyOn(h.supply, "draw").mockRejectedValue(new Error("x")),
  },
  { what: "over the quota of bytes", hot: true, url: "/v1/random?bytes=3000", token: "poor" },
  { what: "over the quota of requests", hot: true, token: "hasty" },
  { what: "too many bytes", hot: false, url: "/v1/random?bytes=65537" },
  { what: "no bytes", hot: false, url: "/v1/random?bytes=0" },
  { what: "an empty number", hot: false, url: "/v1/random?bytes=" },
  { what: "a sign", hot: false, url: "/v1/random?bytes=%2B1" },
  { what: "words", hot: false, url: "/v1/random?bytes=all" },
  { what: "twice", hot: false, url: "/v1/random?bytes=1&bytes=2" },
  { what: "another parameter", hot: false, url: "/v1/random?bytes=1&x=2" },
  { what: "a requirement", hot: false, url: "/v1/random?bytes=1&strength=256" },
  { what: "as text", hot: false, url: "/v1/random?format=hex" },
  { what: "JSON", hot: false, headers: { accept: "application/json" } },
  { what: "a picture", hot: false, headers: { accept: "image/png" } },
  { what: "HEAD", hot: false, method: "HEAD" },
  { what: "POST", hot: false, method: "POST" },
  { what: "no token", hot: false, token: "none" },
  { what: "a wrong token", hot: false, token: "wrong" },
  { what: "another role", hot: false, token: "auditor" },
  { what: "a foreign host", hot: false, headers: { host: "elsewhere.example" } },
  { what: "a foreign page", hot: false, headers: { origin: "http://elsewhere.example" } },
  { what: "two hosts", hot: false, rawHead: "Host: 127.0.0.1\r\n" },
  { what: "a body", hot: false, headers: { "content-length": "2" }, rawHead: "" },
];

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly dated: boolean;
  readonly body: string;
  readonly draws: number;
  readonly answered: House["answered"];
  readonly log: readonly string[];
  readonly uses: readonly ClientUse[];
  readonly framework: number;
}

/** What may differ: the time, and which request of its start it was; not that all name the same. */
function named(): (text: string) => string {
  const ids = new Map<string, string>();
  return (text) =>
    text.replaceAll(/r-[0-9a-f]{12}-[0-9a-z]+/g, (id) => {
      if (!ids.has(id)) ids.set(id, `ID${ids.size}`);
      return ids.get(id)!;
    });
}

async function see(given: Case, isHot: boolean): Promise<Seen> {
  const house = await buildHouse();
  // Nobody is let in there, so the framework gets everything.
  if (!isHot) house.app.hot = { ...house.app.hot, identify: () => null };
  const framework = vi.spyOn(house.app, "routing");
  const poor = await house.issue(["client"], { requestsPerSecond: 5, bytesPerSecond: 1 });
  const hasty = await house.issue(["client"], { requestsPerSecond: 0.001, bytesPerSecond: null });
  const tokens = { ...house.tokens, none: "", wrong: "sph_wrong", poor, hasty };
  const token = tokens[given.token ?? "client"];
  if (given.token === "poor" || given.token === "hasty") {
    const { authorization } = { authorization: `Bearer ${token}` };
    await house.app.inject({ url: "/v1/random?bytes=9", headers: { authorization } });
  }
  house.answered.length = 0;
  house.log.length = 0;
  const before = house.supply.requests.length;
  given.prepare?.(house);
  const headers: Record<string, string> = {
    host: "127.0.0.1",
    ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
    ...given.headers,
  };
  const head = [
    `${given.method ?? "GET"} ${given.url ?? "/v1/random"} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ].join("\r\n");
  const { doors, connection } = await open(house);
  const body = "content-length" in headers ? "{}" : "";
  const answer = await connection.ask(`${head}\r\n${given.rawHead ?? ""}\r\n`, body);
  // A HEAD is neither counted nor logged.
  if (given.method !== "HEAD")
    await vi.waitFor(() => expect(house.answered.length + house.log.length).toBeGreaterThan(0));
  await doors.close();
  vi.restoreAllMocks();
  const without = named();
  connection.socket.destroy();
  expect(connection.faults).toEqual([]);
  const { status = 0, headers: answered = new Map<string, string>(), body: content } = answer ?? {};
  return {
    status,
    headers: Object.fromEntries([...answered].filter(([name]) => name !== "date")),
    dated: Math.abs(Date.parse(answered.get("date")!) - Date.now()) < 60_000,
    body: without(content?.toString("latin1") ?? ""),
    draws: house.supply.requests.length - before,
    answered: house.answered,
    log: house.log.map((line) =>
      without(line)
        .replaceAll(/"atMilliseconds":\d+/g, "")
        .replaceAll(/"frames":\[.*\]/g, ""),
    ),
    uses: house.access.quotas.uses().map((use) => ({ ...use, client: null })),
    framework: framework.mock.calls.length,
  };
}

test.each(CASES)("$what", async (given) => {
  const [own, theirs] = await Promise.all([see(given, true), see(given, false)]);
  expect(theirs.framework).toBe(1);
  expect(own.framework).toBe(given.hot ? 0 : 1);
  expect({ ...own, framework: 1 }).toEqual(theirs);
});
