import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAllowed } from "../../../src/access/permissions.ts";
import { listRoutes } from "../../../src/api/app.ts";
import { ROLES } from "../../../src/port/principal.ts";
import { buildHouse, type House } from "./house.ts";

let house: House;
beforeAll(async () => {
  house = await buildHouse();
});
afterAll(() => house.app.close());

const concrete = (url: string): string => url.replace("{id}", "nothing-of-that-name");

describe("deny by default", () => {
  test("every route with every role, and with none: 401, 403, or past the guard", async () => {
    const routes = await listRoutes(house.app);
    expect(routes.length).toBeGreaterThan(15);
    for (const route of routes) {
      const isOpen = ["probe.read", "console.read", "session.open"].includes(route.permission);
      if (isOpen || route.path.endsWith("/stream")) continue;
      const ask = (headers: Record<string, string>) =>
        house.app.inject({ method: route.method as "GET", url: concrete(route.path), headers });
      expect((await ask({})).statusCode, `${route.method} ${route.path}`).toBe(401);
      expect((await ask({ authorization: "Bearer sph_no" })).statusCode).toBe(401);
      for (const role of ROLES) {
        const { statusCode } = await ask(house.bearer(role));
        const what = `${route.method} ${route.path} as ${role}: ${statusCode}`;
        if (isAllowed([role], route.permission))
          expect([401, 403].includes(statusCode), what).toBe(false);
        else expect(statusCode, what).toBe(403);
      }
    }
  });
});

describe("GET /v1/random", () => {
  test.each([
    "bytes=0",
    "bytes=65537",
    "bytes=1.5",
    "bytes=x",
    "bytes=1&bytes=2",
    "byts=1",
    "format=octal",
    "strength=257",
    "sources=-1",
    "max_seed_age=-1",
    "fresh=perhaps",
  ])("%s is a bad parameter with a code and a remedy, and nothing is drawn", async (query) => {
    const before = house.supply.requests.length;
    const answer = await house.app.inject({
      url: `/v1/random?${query}`,
      headers: house.bearer("client"),
    });
    expect(answer.statusCode).toBe(400);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.json()).toMatchObject({ code: "invalid_parameter" });
    expect(answer.json().remedy).not.toBe("");
    expect(house.supply.requests.length).toBe(before);
  });

  test("32 bytes by default, named, and not to be stored", async () => {
    const answer = await house.app.inject({ url: "/v1/random", headers: house.bearer("client") });
    expect(answer.statusCode).toBe(200);
    expect(answer.rawPayload.length).toBe(32);
    expect(answer.headers["cache-control"]).toBe("no-store");
    expect(answer.headers["springhouse-output"]).toMatch(/\.\d+$/);
  });

  test("as JSON, hex and base64", async () => {
    const headers = house.bearer("client");
    const json = await house.app.inject({
      url: "/v1/random?bytes=5",
      headers: { ...headers, accept: "application/json" },
    });
    expect(Buffer.from(json.json().bytes, "base64").length).toBe(5);
    expect(json.json().output).toBe(json.headers["springhouse-output"]);
    const hex = await house.app.inject({ url: "/v1/random?bytes=5&format=hex", headers });
    expect(hex.payload.trim()).toMatch(/^[0-9a-f]{10}$/);
  });

  test("routes and methods that are not there, and what cannot be given", async () => {
    const headers = house.bearer("client");
    expect((await house.app.inject({ url: "/v1/nothing", headers })).statusCode).toBe(404);
    const method = await house.app.inject({ method: "DELETE", url: "/v1/random", headers });
    expect(method.statusCode).toBe(405);
    expect(method.headers.allow).toContain("GET");
    const accept = { ...headers, accept: "image/png" };
    expect((await house.app.inject({ url: "/v1/random", headers: accept })).statusCode).toBe(406);
  });

  test("the OpenAPI document is 3.1 and has every route", async () => {
    const document = (await house.app.inject({ url: "/openapi.json" })).json();
    expect(document.openapi).toMatch(/^3\.1/);
    for (const { path } of await listRoutes(house.app))
      if (path.startsWith("/v1")) expect(Object.keys(document.paths)).toContain(path);
  });

  test("no token is in any log line", () => {
    for (const role of ROLES) expect(house.log.join("\n")).not.toContain(house.tokens[role]);
  });
});
