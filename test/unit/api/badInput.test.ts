import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { listRoutes } from "../../../src/api/app.ts";
import type { RouteRow } from "../../../src/api/route.ts";
import { ERRORS, type ErrorCode } from "../../../src/port/errors.ts";
import { buildHouse, type House } from "./house.ts";

/*
 * Bad input on every route there is, from the OpenAPI document: a route that is added is tried as
 * well. Each gets its status with `code` and `remedy`, and nothing is drawn, opened or done.
 */

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: "query" | "path";
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
}

interface Route extends RouteRow {
  readonly operation: Operation;
  readonly body: Schema | null;
}

let house: House;
let routes: readonly Route[];
let keysMade = 0;

beforeAll(async () => {
  house = await buildHouse({
    ports: {
      keys: {
        seedBytes: () => 32,
        async generate() {
          keysMade++;
          throw new Error("a key was made of bad input");
        },
      },
    },
  });
  const { paths } = (await house.app.inject({ url: "/openapi.json" })).json();
  routes = (await listRoutes(house.app)).map((row) => {
    const operation = paths[row.path][row.method.toLowerCase()] as Operation;
    const body = operation.requestBody?.content["application/json"]?.schema ?? null;
    return { ...row, operation, body };
  });
});
afterAll(() => house.app.close());

beforeEach(() => {
  house.supply.requests.length = 0;
  house.sources.acts.length = 0;
});

/** A path that is right, and a body that is, so that only what is tried is at fault. */
const pathOf = ({ path }: RouteRow): string =>
  path
    .replace("/outputs/{id}", "/outputs/s-0123456789abcdef-1.1")
    .replace("/tokens/{id}", "/tokens/token-0123456789abcdef")
    .replace("/keys/{id}", "/keys/k-0123456789abcdef-1")
    .replace(/\/(intents|destructions)\/\{id\}/, "/$1/in-0123456789abcdef-1")
    .replace("/backups/{id}", "/backups/bk-0123456789abcdef-1")
    .replace("/certificates/{id}", "/certificates/0123456789abcdef0123456789abcdef")
    .replace("{sae}", "token-0123456789abcdef")
    .replace("/leaves/{id}", "/leaves/lf-0123456789abcdef-1")
    .replace("{id}", "rng-1")
    .replace("{name}", "base.css")
    .replace("{*}", "0/000.p/1");
const BODIES: Readonly<Record<string, object>> = {
  "/v1/random/receipted": { bytes: 32 },
  "/v1/keys/generate": { type: "aes-256" },
  "/v1/keys": { type: "aes-256" },
  "/v1/keys/import": { type: "hmac-256", material: "AAAA" },
  "/v1/keys/{id}/rotate": {},
  "/v1/keys/{id}/policy": { policy: { processSuspended: false } },
  "/v1/keys/{id}/activate": {},
  "/v1/keys/{id}/suspend": {},
  "/v1/keys/{id}/restore": {},
  "/v1/keys/{id}/deactivate": {},
  "/v1/keys/{id}/compromise": {},
  "/v1/keys/{id}/destroy": {},
  "/v1/keys/{id}/process": {},
  "/v1/keys/{id}/encrypt": { plaintext: "AAAA" },
  "/v1/keys/{id}/decrypt": { ciphertext: "AAAA" },
  "/v1/keys/{id}/rewrap": { ciphertext: "AAAA" },
  "/v1/keys/{id}/data-key": {},
  "/v1/keys/{id}/mac": { message: "AAAA" },
  "/v1/keys/{id}/verify-mac": { message: "AAAA", mac: "AAAA" },
  "/v1/keys/{id}/sign": { message: "AAAA" },
  "/v1/keys/{id}/verify": { message: "AAAA", signature: "AAAA" },
  "/v1/keys/{id}/derive": { peer: "AAAA" },
  "/v1/keys/{id}/wrap": { key: "AAAA" },
  "/v1/keys/{id}/unwrap": { wrapped: "AAAA" },
  "/v1/keys/{id}/encapsulate": {},
  "/v1/keys/{id}/decapsulate": { ciphertext: "AAAA" },
  "/v1/keys/recipient": { scheme: "age", recipient: "age1qqqq" },
  "/v1/keys/{id}/export": {
    scheme: "age",
    recipient: "age1qqqq",
    intent: "in-0123456789abcdef-1",
  },
  "/api/v1/keys/{sae}/enc_keys": {},
  "/api/v1/keys/{sae}/dec_keys": { key_IDs: [{ key_ID: "00000000-0000-4000-8000-000000000000" }] },
  "/v1/certificates/authority": { name: "House CA" },
  "/v1/certificates": { subject: "milk", purpose: "client", request: "none" },
  "/v1/certificates/{id}/revoke": { reason: "superseded" },
  "/v1/sources/{id}/test": {},
  "/v1/sources/{id}/reset": { reason: "tried" },
  "/v1/sources/{id}/restarts": {},
  "/v1/recall": { source: "rng-1", from: 0, to: 1 },
  "/v1/drills": { source: "rng-1" },
  "/v1/log/rotate-key": { reason: "tried" },
  "/v1/tokens": { name: "tried", roles: ["client"] },
  "/v1/seal/initialise": { kind: "passphrase", name: "tried", passphrase: "twelve of them" },
  "/v1/seal/open": { passphrase: "twelve of them" },
  "/v1/seal/close": { reason: "tried" },
  "/v1/seal/rotate": { reason: "tried" },
  "/v1/seal/slots": { kind: "key-file", name: "tried", place: "credential" },
  "/v1/intents": { command: { op: "key.destroy", key: "k-0123456789abcdef-1", version: 1 } },
  "/v1/intents/{id}/approvals": { signature: "-----BEGIN SSH SIGNATURE-----" },
  "/v1/intents/{id}/withdraw": {},
  "/v1/intents/{id}/execute": {},
  "/v1/custodians/bootstrap": { custodians: [{ person: "ada", publicKey: "ssh-ed25519 AAAA" }] },
  "/v1/destructions/{id}/cancel": {},
  "/v1/backups": {},
  "/v1/backups/{id}/drill": {},
  "/v1/session": { token: "sph_tried" },
};

/** As a page of this service has it, which alone may sign in. */
const OWN_PAGE = { origin: "http://localhost:80" };

async function ask(
  { method, path, body }: Route,
  url: string,
  payload?: string,
  type = "application/json",
) {
  const sent = payload ?? (body ? JSON.stringify(BODIES[path]) : undefined);
  return house.app.inject({
    method: method as "GET",
    url,
    headers: {
      ...house.bearer("admin"),
      ...OWN_PAGE,
      ...(sent === undefined ? {} : { "content-type": type }),
    },
    ...(sent === undefined ? {} : { payload: sent }),
  });
}

async function expectRefused(
  answer: Awaited<ReturnType<typeof ask>>,
  statuses: readonly number[],
  what: string,
): Promise<void> {
  expect(statuses, `${what}: ${answer.statusCode} ${answer.payload.slice(0, 200)}`).toContain(
    answer.statusCode,
  );
  expect(answer.headers["content-type"], what).toContain("application/problem+json");
  const { code, remedy, detail, request_id: id } = answer.json();
  expect(ERRORS[code as ErrorCode]?.status, what).toBe(answer.statusCode);
  for (const text of [remedy, detail, id]) expect(text, what).not.toBe("");
  expect(house.supply.requests, what).toEqual([]);
  expect(house.sources.acts, what).toEqual([]);
  expect([house.sources.open, keysMade], what).toEqual([0, 0]);
}

/** Texts that the schema of a parameter does not allow. */
function badTexts(schema: Schema): string[] {
  if (schema.anyOf) return ["", "nonsense", `${String(schema.anyOf[0]!.const)} `];
  if (schema.pattern !== undefined) return ["A_b!", "x".repeat(190)];
  if (schema.type === "boolean") return ["", "1", "TRUE", "yes", "true "];
  const numbers = ["", "x", "0x1", "1e1", "+1", " 1", "01", "NaN", "Infinity", "1,5"];
  if (schema.type === "integer") numbers.push("1.5");
  if (schema.minimum !== undefined) numbers.push(String(schema.minimum - 1));
  if (schema.maximum !== undefined) numbers.push(String(schema.maximum + 1));
  return numbers;
}

/** Values that the schema of a field of a body does not allow. */
function badValues(schema: Schema): unknown[] {
  if (schema.anyOf) return ["nonsense", 7, null, {}, []];
  const wrong: unknown[] = [null, {}];
  if (schema.type === "string")
    wrong.push(
      7,
      "",
      "a\nb",
      "a\u001b[2J",
      // The same without an escape character, and half of a surrogate pair.
      "a\u009b2J",
      "\ud800",
      // Text that is shown from the right to the left.
      ...(schema.pattern?.includes("Bidi_Control") ? ["a\u202eb"] : []),
      "x".repeat((schema.maxLength ?? 1000) + 1),
    );
  if (schema.type === "boolean") wrong.push("true", 1);
  if (schema.type === "array")
    wrong.push(
      ...(schema.minItems === 0 ? [] : [[]]),
      ["nonsense"],
      ["client", "client"],
      "client",
    );
  if (schema.type === "object") wrong.push([], { more: 1 });
  if (schema.type === "integer" || schema.type === "number") {
    wrong.push("1", true);
    if (schema.type === "integer") wrong.push(1.5);
    if (schema.minimum !== undefined) wrong.push(schema.minimum - 1);
    if (schema.maximum !== undefined) wrong.push(schema.maximum + 1);
  }
  return wrong;
}

describe("parameters", () => {
  test("every value that a parameter does not allow is 400, and says which", async () => {
    let tried = 0;
    for (const route of routes)
      for (const { name, in: where, schema } of route.operation.parameters ?? [])
        for (const text of badTexts(schema)) {
          const encoded = encodeURIComponent(text);
          const url =
            where === "query"
              ? `${pathOf(route)}?${name}=${encoded}`
              : route.path.replace(`{${name}}`, encoded);
          const what = `${route.method} ${url}`;
          const answer = await ask(route, url);
          // `/v1/sources/` without an id is another path.
          await expectRefused(answer, where === "query" ? [400] : [400, 404], what);
          if (where === "query") expect(answer.json().detail, what).toContain(name);
          tried++;
        }
    expect(tried).toBeGreaterThan(100);
  });

  test("one that is missing, unknown, or given twice is 400", async () => {
    for (const route of routes) {
      const url = pathOf(route);
      await expectRefused(await ask(route, `${url}?zzz=1`), [400], `unknown: ${url}`);
      await expectRefused(await ask(route, `${url}?__proto__=1`), [400], `inherited: ${url}`);
      await expectRefused(await ask(route, `${url}?%zz=1`), [400], `encoding: ${url}`);
      for (const { name, in: where, required } of route.operation.parameters ?? []) {
        if (where !== "query") continue;
        const twice = `${url}?${name}=1&${name}=1`;
        await expectRefused(await ask(route, twice), [400], twice);
        if (required) await expectRefused(await ask(route, url), [400], `missing: ${name}`);
      }
    }
  });
});

describe("bodies", () => {
  const posts = () =>
    routes
      .filter((route) => route.body !== null)
      .map((route) => ({
        route,
        body: route.body!,
        good: BODIES[route.path]!,
        url: pathOf(route),
      }));

  test("there is a good one for each route that takes one", () => {
    expect(posts().map(({ route }) => route.path)).toEqual(Object.keys(BODIES));
  });

  test("every value that a field does not allow is 400, and so is one too many or too few", async () => {
    let tried = 0;
    for (const { route, body, good, url } of posts()) {
      const send = async (payload: unknown, what: string): Promise<void> => {
        await expectRefused(await ask(route, url, JSON.stringify(payload)), [400], what);
        tried++;
      };
      for (const [name, schema] of Object.entries(body.properties ?? {}))
        for (const value of badValues(schema))
          await send({ ...good, [name]: value }, `${url} ${name}=${JSON.stringify(value)}`);
      for (const name of body.required ?? [])
        await send({ ...good, [name]: undefined }, `${url} without ${name}`);
      await send({ ...good, more: 1 }, `${url} with more`);
      for (const value of [[], "text", 7, true]) await send(value, `${url} ${String(value)}`);
    }
    expect(tried).toBeGreaterThan(80);
  });

  test("at the limit a body is read, above it is 413, and of another type it is 415", async () => {
    for (const { route, url } of posts()) {
      const of = (bytes: number): string => `{"more":"${"x".repeat(bytes - 11)}"}`;
      const limit = route.bodyLimitBytes;
      expect(of(limit)).toHaveLength(limit);
      await expectRefused(await ask(route, url, of(limit)), [400], `${url} at it`);
      await expectRefused(await ask(route, url, of(limit + 1)), [413], `${url} above`);
      for (const type of ["text/plain", "application/xml", "application/x-www-form-urlencoded"])
        await expectRefused(await ask(route, url, "a=b", type), [415], `${url} ${type}`);
    }
  });
});

describe("paths and methods", () => {
  const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

  test("a method that a path does not have is 405, with those that it has", async () => {
    for (const path of new Set(routes.map((route) => route.path))) {
      const url = pathOf(routes.find((route) => route.path === path)!);
      // `/v1/keys/generate` is a path of its own, and one of `/v1/keys/{id}` besides.
      const here = routes.filter((route) =>
        new RegExp(`^${route.path.replace("{*}", ".+").replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(
          url,
        ),
      );
      const has = new Set(here.map(({ method }) => method));
      if (has.has("GET")) has.add("HEAD");
      for (const method of METHODS.filter((one) => !has.has(one))) {
        const answer = await house.app.inject({
          method,
          url,
          headers: house.bearer("admin"),
        });
        const what = `${method} ${path}`;
        expect(answer.statusCode, what).toBe(405);
        expect(String(answer.headers.allow).split(", ").toSorted(), what).toEqual(
          [...has].toSorted(),
        );
        if (method !== "HEAD") await expectRefused(answer, [405], what);
      }
    }
  });

  test("what is nearly a path is 404", async () => {
    for (const route of routes) {
      const good = pathOf(route);
      const near = [`${good}/`, `/${good}`, `${good}/x`, good.toUpperCase(), `/x${good}`];
      for (const url of near.filter((one) => one !== good))
        // An id takes any case; it is then one that is not there.
        await expectRefused(await ask(route, url), [400, 404, 405], `${route.method} ${url}`);
    }
  });

  test("what is unknown is told at once, whatever its body is said to be", async () => {
    for (const [method, url, status] of [
      ["POST", "/nothing", 404],
      ["POST", "/v1/random", 405],
      ["QUERY", "/v1/random", 405],
      ["QUERY", "/nothing", 404],
    ] as const)
      for (const headers of [{}, { "content-type": "text/plain" }, { "content-length": "99999" }]) {
        const options = {
          method: method as "POST",
          url,
          headers: headers as Record<string, string>,
        };
        const answer = await house.app.inject(options);
        expect([answer.statusCode, answer.json().status], `${method} ${url}`).toEqual([
          status,
          status,
        ]);
      }
  });
});
