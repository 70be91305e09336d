import fc from "fast-check";
import { Check } from "typebox/schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listRoutes } from "../../../src/api/app.ts";
import { negotiate } from "../../../src/api/negotiation.ts";
import { parseQuery } from "../../../src/api/query.ts";
import { refuse, SpringhouseError } from "../../../src/port/errors.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { buildHouse, DEVICE, type House, SNAPSHOT, SOURCE } from "./house.ts";

let house: House;
beforeAll(async () => {
  house = await buildHouse();
});
afterAll(() => house.app.close());

describe("an answer of random bytes", () => {
  test("is overwritten in memory once it was sent, in whatever form", async () => {
    for (const query of ["", "?format=hex", "?format=base64", "?bytes=65536"]) {
      house.supply.given.length = 0;
      const { statusCode } = await house.app.inject({
        url: `/v1/random${query}`,
        headers: house.bearer("client"),
      });
      expect(statusCode).toBe(200);
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(house.supply.given).toHaveLength(1);
      expect(house.supply.given[0]!.every((byte) => byte === 0)).toBe(true);
    }
  });

  test("names every output of a request that was split", async () => {
    house.supply.split = true;
    const ask = (accept: string) =>
      house.app.inject({
        url: "/v1/random?bytes=40000",
        headers: { ...house.bearer("client"), accept },
      });
    const raw = await ask("*/*");
    expect(String(raw.headers["springhouse-output"]).split(", ")).toHaveLength(3);
    const json = (await ask("application/json")).json();
    expect(json.outputs).toHaveLength(3);
    expect(json.output).toBe(json.outputs[2]);
    house.supply.split = false;
  });

  test("hands the requirement on as it was stated", async () => {
    house.supply.requests.length = 0;
    await house.app.inject({
      url: "/v1/random?bytes=7&strength=256&sources=2&max_seed_age=1.5&fresh=true",
      headers: house.bearer("client"),
    });
    expect(house.supply.requests[0]).toMatchObject({
      bytes: 7,
      door: "http",
      purpose: "random",
      requirement: { strength: 256, sources: 2, maxSeedAgeSeconds: 1.5, fresh: true },
    });
  });

  test("a refusal has its code, what is unmet, a remedy and Retry-After", async () => {
    house.supply.refusal = refuse("unmet", "no", { unmet: ["sources"], retryAfterSeconds: 2.2 });
    for (const url of ["/v1/random", "/v1/stream?bytes=5"]) {
      const answer = await house.app.inject({ url, headers: house.bearer("client") });
      expect(answer.statusCode).toBe(503);
      expect(answer.headers["retry-after"]).toBe("3");
      expect(answer.json()).toMatchObject({ code: "unmet", unmet: ["sources"], status: 503 });
      expect(answer.json().request_id).toMatch(/^r-/);
    }
    house.supply.refusal = null;
  });

  test("HEAD draws nothing and opens nothing", async () => {
    house.supply.requests.length = 0;
    const urls = ["/v1/random", "/v1/stream", "/v1/sources/rng-1/samples?count=5", "/v1/lineage"];
    for (const url of urls) {
      const answer = await house.app.inject({
        method: "HEAD",
        url,
        headers: house.bearer("admin"),
      });
      expect(answer.statusCode, url).toBe(200);
      expect(answer.payload).toBe("");
    }
    expect(house.supply.requests).toEqual([]);
    expect(house.sources.open).toBe(0);
    const bad = await house.app.inject({
      method: "HEAD",
      url: "/v1/random?bytes=0",
      headers: house.bearer("client"),
    });
    expect(bad.statusCode).toBe(400);
  });
});

describe("bodies", () => {
  const post = (payload: string, type = "application/json", role: "admin" | "client" = "admin") =>
    house.app.inject({
      method: "POST",
      url: "/v1/tokens",
      headers: { ...house.bearer(role), "content-type": type },
      payload,
    });

  test.each([
    ["{", "application/json", 400],
    ["", "application/json", 400],
    ["[]", "application/json", 400],
    ["null", "application/json", 400],
    ['{"name":"x","roles":["root"]}', "application/json", 400],
    ['{"name":"x","roles":[]}', "application/json", 400],
    ['{"name":"x\\u001b[2J","roles":["client"]}', "application/json", 400],
    ['{"name":"x","roles":["client"],"more":1}', "application/json", 400],
    ['{"name":"x","roles":["client"],"__proto__":{"a":1}}', "application/json", 400],
    ['{"name":"x","roles":["client"],"constructor":{"prototype":{}}}', "application/json", 400],
    ["name=x", "application/x-www-form-urlencoded", 415],
    ["x", "text/plain", 415],
    [`{"name":"${"x".repeat(20_000)}"}`, "application/json", 413],
  ])("%s as %s is %i", async (body, type, status) => {
    const answer = await post(body, type);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
  });

  test("authentication and roles come before anything of the body", async () => {
    const monstrous = `{"name":"${"x".repeat(20_000)}"}`;
    expect((await post(monstrous, "nonsense", "client")).statusCode).toBe(403);
    const nobody = await house.app.inject({
      method: "POST",
      url: "/v1/tokens",
      payload: monstrous,
    });
    expect(nobody.statusCode).toBe(401);
    expect(nobody.headers["www-authenticate"]).toContain("Bearer");
  });
});

describe("failures", () => {
  test("every way of not being let in looks the same", async () => {
    const revoked = await house.issue(["client"]);
    await house.access.tokens.revoke(house.access.tokens.authenticate(revoked)!.id, "test");
    const answers = [];
    for (const authorization of [
      undefined,
      "Bearer ",
      "Basic eDp5",
      `Bearer ${revoked}`,
      `Bearer sph_${"A".repeat(43)}`,
    ]) {
      const headers = authorization === undefined ? {} : { authorization };
      const answer = await house.app.inject({ url: "/v1/random", headers });
      const { request_id: _, ...problem } = answer.json();
      answers.push(JSON.stringify([answer.statusCode, problem]));
    }
    expect(new Set(answers).size).toBe(1);
  });

  test("a defect says nothing of itself to the client, and its place to the log", async () => {
    const broken = await buildHouse({
      ports: {
        introspection: {
          snapshot: () => {
            throw new Error("the secret is marzipan");
          },
        },
      },
    });
    const answer = await broken.app.inject({ url: "/v1/status", headers: broken.bearer("admin") });
    expect(answer.statusCode).toBe(500);
    expect(answer.payload + broken.log.join("")).not.toContain("marzipan");
    expect(broken.log.join("")).toContain(answer.json().request_id);
    await broken.app.close();
  });

  test("a database that fails is a clear 503 wherever it is asked, and is not told apart later", async () => {
    const failing = (): never => {
      throw new SpringhouseError("store_failed", "The database cannot be read.");
    };
    const broken = await buildHouse({
      ports: {
        lineage: {
          output: async () => failing(),
          // oxlint-disable-next-line require-yield
          async *lines() {
            failing();
          },
        },
        events: { since: async () => failing(), subscribe: () => () => {}, record: failing },
        keys: { seedBytes: () => 32, generate: async () => refuse("store_failed", "No record.") },
      },
    });
    const asked = [
      ["GET", "/v1/outputs/s-0123456789abcdef-1.1"],
      ["GET", "/v1/lineage"],
      ["GET", "/v1/events"],
      ["POST", "/v1/keys/generate", { type: "aes-256" }],
      ["POST", "/v1/sources/rng-1/test", { reason: "monthly" }],
      ["POST", "/v1/sources/rng-1/reset", { reason: "a new cable" }],
    ] as const;
    for (const [method, url, payload] of asked) {
      const headers = broken.bearer("admin");
      const answer = await broken.app.inject({ method, url, headers, ...(payload && { payload }) });
      expect([answer.statusCode, answer.json().code], url).toEqual([503, "store_failed"]);
      expect(Number(answer.headers["retry-after"]), url).toBeGreaterThan(0);
    }
    expect(broken.sources.acts).toEqual([]);
    await broken.app.close();
  });

  test("another Host is refused, before the token is looked at", async () => {
    for (const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.nip.io",
      "x@localhost",
    ]) {
      const headers = { ...house.bearer("client"), host };
      expect((await house.app.inject({ url: "/v1/random", headers })).statusCode, host).toBe(403);
      expect((await house.app.inject({ url: "/nothing", headers })).statusCode, host).toBe(403);
      expect((await house.app.inject({ url: "/healthz", headers: { host } })).statusCode).toBe(403);
    }
    for (const host of ["LOCALHOST:7450", "127.0.0.1", "[::1]:1"]) {
      const headers = { ...house.bearer("client"), host };
      expect((await house.app.inject({ url: "/v1/random", headers })).statusCode, host).toBe(200);
    }
  });

  test("a client sees what stands behind an output, and not another principal's record", async () => {
    const url = "/v1/outputs/s-0123456789abcdef-1.1";
    const ask = async (role: "client" | "auditor") =>
      (await house.app.inject({ url, headers: house.bearer(role) })).json();
    expect((await ask("client")).output).toBeNull();
    expect((await ask("auditor")).output.principal).toBe("somebody-else");
    const none = await house.app.inject({
      url: "/v1/outputs/s-1.9",
      headers: house.bearer("client"),
    });
    expect(none.statusCode).toBe(404);
  });

  test("a client's status shows no device: where it is and its serial number are not its business", async () => {
    const { value } = house.snapshot;
    const device = {
      location: "/dev/ttyACM0",
      vendorId: "04d8",
      productId: "f5fe",
      serialNumber: "4711",
      firmware: null,
      mode: "RAW_BIN",
      rawConfirmed: true,
      caveats: [],
    };
    const source = { ...value.sources[0]!, device };
    const detail = "no /dev/ttyACM0";
    const absent = { ...source, id: "rng-2", cause: "device_absent", detail };
    house.snapshot.value = {
      ...value,
      sources: [source, absent],
      unready: [{ code: "device_absent", source: "rng-2", detail, remedy: "plug it in" }],
      store: { ok: false, detail: "cannot write /dev/ttyACM0" },
    };
    const ask = async (role: "client" | "operator") =>
      house.app.inject({ url: "/v1/status", headers: house.bearer(role) });
    expect((await ask("operator")).json().sources[0].device).toEqual(device);
    const seen = await ask("client");
    expect(seen.payload).not.toMatch(/ttyACM0|4711/);
    expect(seen.json().sources[0]).toMatchObject({ id: "rng-1", state: "healthy", device: null });
    house.snapshot.value = value;
  });

  test("not ready names every cause", async () => {
    const { value } = house.snapshot;
    const cause = { code: "health_failed", source: "rng-1", remedy: "reset it" };
    const unready = [{ ...cause, detail: "rng-1 is failed: /dev/ttyACM0 is stuck" }];
    house.snapshot.value = { ...value, ready: false, unready };
    const answer = await house.app.inject({ url: "/readyz" });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ code: "not_ready", unready: [cause] });
    // Nobody has said who asks.
    expect(answer.payload).not.toContain("ttyACM0");
    house.snapshot.value = value;
  });

  test("probes need a token where they are configured to", async () => {
    const closed = await buildHouse({ publicProbes: false });
    for (const url of ["/healthz", "/readyz", "/metrics", "/openapi.json"]) {
      expect((await closed.app.inject({ url })).statusCode).toBe(401);
      const headers = closed.bearer("custodian");
      expect((await closed.app.inject({ url, headers })).statusCode).toBe(200);
    }
    await closed.app.close();
  });
});

describe("quotas", () => {
  test("requests and bytes over the quota are 429 with Retry-After, and draw nothing", async () => {
    const clock = new FakeClock();
    const limited = await buildHouse({ clock });
    const token = await limited.issue(["client"], { requestsPerSecond: 3, bytesPerSecond: 100 });
    limited.supply.requests.length = 0;
    const ask = async (bytes: number) =>
      limited.app.inject({
        url: `/v1/random?bytes=${bytes}`,
        headers: { authorization: `Bearer ${token}` },
      });
    expect((await ask(100)).statusCode).toBe(200);
    const bytes = await ask(50);
    expect([bytes.statusCode, bytes.headers["retry-after"]]).toEqual([429, "1"]);
    expect(bytes.json().code).toBe("over_quota");
    expect((await ask(1)).statusCode).toBe(429);
    clock.advance(1000);
    expect((await ask(1000)).statusCode).toBe(200);
    clock.advance(1000);
    const debt = await ask(1);
    expect([debt.statusCode, debt.headers["retry-after"]]).toEqual([429, "9"]);
    expect(limited.supply.requests).toHaveLength(2);
    await limited.app.close();
  });

  test("a batch of keys counts as that many requests", async () => {
    const clock = new FakeClock();
    const limited = await buildHouse({ clock });
    const token = await limited.issue(["client"], { requestsPerSecond: 10, bytesPerSecond: null });
    const ask = async (count: number) =>
      (
        await limited.app.inject({
          method: "POST",
          url: "/v1/keys/generate",
          headers: { authorization: `Bearer ${token}` },
          payload: { type: "aes-256", count },
        })
      ).statusCode;
    expect(await ask(9)).toBe(200);
    expect(await ask(1)).toBe(200);
    expect(await ask(1)).toBe(429);
    // More than the bucket holds is no dead end: it is made, and its debt is paid.
    clock.advance(1000);
    expect(await ask(30)).toBe(200);
    clock.advance(2000);
    expect(await ask(1)).toBe(429);
    clock.advance(100);
    expect(await ask(1)).toBe(200);
    await limited.app.close();
  });

  test("a key counts as the random bytes that it is made of, in the quota and in the metric", async () => {
    const clock = new FakeClock();
    const limited = await buildHouse({ clock });
    const token = await limited.issue(["client"], { requestsPerSecond: null, bytesPerSecond: 100 });
    const ask = (count: number) =>
      limited.app.inject({
        method: "POST",
        url: "/v1/keys/generate",
        headers: { authorization: `Bearer ${token}` },
        payload: { type: "aes-256", count },
      });
    expect((await ask(3)).statusCode).toBe(200);
    expect(limited.answered.at(-1)).toEqual({ door: "keys", code: 200, bytes: 96 });
    const refused = await ask(1);
    expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([429, "1"]);
    await limited.app.close();
  });

  test("what a token leaves out of its quota is as configured", async () => {
    const defaultQuota = { requestsPerSecond: 5, bytesPerSecond: 64 };
    const limited = await buildHouse({ defaultQuota });
    const create = async (more: object) =>
      (
        await limited.app.inject({
          method: "POST",
          url: "/v1/tokens",
          headers: limited.bearer("admin"),
          payload: { name: "half", roles: ["client"], ...more },
        })
      ).json().quota;
    expect(await create({})).toEqual(defaultQuota);
    expect(await create({ quota: { bytesPerSecond: 7 } })).toEqual({
      ...defaultQuota,
      bytesPerSecond: 7,
    });
    expect(await create({ quota: { requestsPerSecond: null } })).toEqual({
      ...defaultQuota,
      requestsPerSecond: null,
    });
    await limited.app.close();
  });
});

describe("hostile input", () => {
  test("a query string never throws, and no name is inherited", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.webQueryParameters()), (text) => {
        const query = parseQuery(text);
        expect(Object.getPrototypeOf(Object.getPrototypeOf(query))).toBeNull();
      }),
      { numRuns: 2000 },
    );
    expect(parseQuery("__proto__=1&constructor=2")).toMatchObject({ constructor: "2" });
    expect("toString" in parseQuery("")).toBe(false);
  });

  test("whatever stands in a number's place, it is that number in decimal or refused", async () => {
    const values = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        "0x20",
        " 32",
        "32 ",
        "+32",
        "3e1",
        "32.0",
        "032",
        "",
        "Infinity",
        "NaN",
        "١",
      ),
      fc.integer().map(String),
      fc.double().map(String),
    );
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const answer = await house.app.inject({
          url: `/v1/random?bytes=${encodeURIComponent(value.replaceAll(/[\uD800-\uDFFF]/g, "?"))}`,
          headers: house.bearer("client"),
        });
        const number = /^[1-9][0-9]*$/.test(value) ? Number(value) : 0;
        const fits = number >= 1 && number <= 65_536;
        expect(answer.statusCode, value).toBe(fits ? 200 : 400);
        if (fits) expect(answer.rawPayload.length).toBe(number);
      }),
      { numRuns: 300 },
    );
  });

  test("any path and any id is answered with a problem, never with a defect", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("/v1/sources/", "/v1/outputs/", "/v1/tokens/", "/"),
        fc.string({ unit: "binary", maxLength: 400 }),
        fc.constantFrom("GET" as const, "DELETE" as const, "HEAD" as const),
        async (prefix, id, method) => {
          const clean = encodeURIComponent(id.replaceAll(/[\uD800-\uDFFF]/g, "?"));
          const headers = house.bearer("admin");
          const answer = await house.app.inject({ method, url: prefix + clean, headers });
          expect([200, 400, 404, 405], `${prefix}${clean}`).toContain(answer.statusCode);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("Accept is read by quality and by how exact it is", () => {
    const offered = ["application/octet-stream", "application/json"];
    for (const [accept, type] of [
      ["*/*", offered[0]],
      ["application/json", offered[1]],
      ["application/json;q=0.5, application/octet-stream;q=0.4", offered[1]],
      ["application/*", offered[0]],
      ["application/octet-stream;q=0, */*", offered[1]],
      ["text/html", null],
      ["*/*;q=0", null],
      ["application/json;q=9", null],
      ["", null],
    ] as const)
      expect(negotiate(accept, offered), accept).toBe(type);
    fc.assert(
      fc.property(fc.string(), (accept) => [null, ...offered].includes(negotiate(accept, offered))),
    );
  });
});

describe("/openapi.json", () => {
  test("lists every route, and every answer of JSON is as its schema says", async () => {
    const document = (await house.app.inject({ url: "/openapi.json" })).json();
    let checked = 0;
    const begun = await house.app.inject({
      method: "POST",
      url: "/v1/assessments?source=rng-1&samples=10",
      headers: house.bearer("auditor"),
    });
    const { id: assessment } = begun.json();
    const created = await house.app.inject({
      method: "POST",
      url: "/v1/keys",
      headers: house.bearer("client"),
      payload: { type: "p-256" },
    });
    const { id: key } = created.json();
    const authority = await house.app.inject({
      method: "POST",
      url: "/v1/certificates/authority",
      headers: house.bearer("admin"),
      payload: { name: "House CA" },
    });
    const { serial } = authority.json<{ serial: string }>();
    house.snapshot.value = { ...SNAPSHOT, sources: [{ ...SOURCE, device: DEVICE }] };
    const drilled = await house.app.inject({
      method: "POST",
      url: "/v1/drills",
      headers: house.bearer("operator"),
      payload: { source: "rng-1" },
    });
    expect(drilled.statusCode).toBe(200);
    const answered = document.paths["/v1/drills"].post.responses["200"].content;
    expect(Check(answered["application/json"].schema, drilled.json())).toBe(true);
    house.snapshot.value = SNAPSHOT;
    for (const { method, path } of await listRoutes(house.app)) {
      const operation = document.paths[path]?.[method.toLowerCase()];
      expect(operation?.summary, `${method} ${path}`).toBeTruthy();
      for (const parameter of operation.parameters ?? []) {
        expect(() => Check(parameter.schema, 1)).not.toThrow();
        expect(["query", "path"]).toContain(parameter.in);
        if (parameter.in === "path") expect(parameter.required).toBe(true);
      }
      for (const [status, response] of Object.entries<{
        description: string;
        content?: Record<string, { schema: object }>;
      }>(operation.responses)) {
        expect(response.description, `${method} ${path} ${status}`).not.toBe("");
        for (const { schema } of Object.values(response.content ?? {}))
          expect(() => Check(schema as never, {})).not.toThrow();
      }
      const schema = operation.responses["200"]?.content?.["application/json"]?.schema;
      if (method !== "GET" || !schema) continue;
      const url = path
        .replace("/v1/sources/{id}", "/v1/sources/rng-1")
        .replace("/v1/drills/{id}", "/v1/drills/rng-1")
        .replace("/v1/assessments/{id}", `/v1/assessments/${assessment}`)
        .replace("/v1/keys/{id}", `/v1/keys/${key}`)
        .replace("/v1/certificates/{id}", `/v1/certificates/${serial}`)
        .replace("{sae}", "token-0123456789abcdef")
        .replace("/v1/outputs/{id}", "/v1/outputs/s-0123456789abcdef-1.1")
        .replace("/leaves/{id}", "/leaves/lf-0123456789abcdef-1")
        .replace("{*}", "0/000.p/1");
      // They hand keys over; and there is no intent and no destruction.
      if (url.startsWith("/api/v1/keys/") && !url.endsWith("/status")) continue;
      if (/^\/v1\/(intents|destructions)\/\{id\}/.test(path)) continue;
      const answer = await house.app.inject({
        url,
        headers: { ...house.bearer("admin"), accept: "application/json" },
      });
      expect(answer.statusCode, url).toBe(200);
      expect(Check(schema, answer.json()), url).toBe(true);
      expect(Check(schema, []), url).toBe(false);
      checked++;
    }
    expect(checked).toBeGreaterThan(8);
  });
});

test("a foreign page may change nothing, whatever the browser sends along; our own may", async () => {
  const act = async (headers: Record<string, string>) =>
    (
      await house.app.inject({
        method: "POST",
        url: "/v1/sources/rng-1/test",
        headers: { ...house.bearer("operator"), host: "localhost:80", ...headers },
        payload: {},
      })
    ).statusCode;
  expect(await act({ origin: "https://evil.example" })).toBe(403);
  expect(await act({ origin: "null" })).toBe(403);
  expect(await act({ origin: "http://localhost:81" })).toBe(403);
  expect(await act({ "sec-fetch-site": "cross-site" })).toBe(403);
  expect(await act({ origin: "http://localhost:80", "sec-fetch-site": "same-origin" })).toBe(200);
  expect(await act({ "sec-fetch-site": "none" })).toBe(200);
});

test("a store that hangs is a 503 for what it was to keep, and nothing is reset", async () => {
  const clock = new FakeClock();
  const hung = new Promise<never>(() => {});
  const house = await buildHouse({ clock });
  house.journal.record = () => hung;
  house.journal.since = () => hung;
  for (const [method, url, payload] of [
    ["POST", "/v1/sources/rng-1/reset", { reason: "a new cable" }],
    ["POST", "/v1/sources/rng-1/test", { reason: "monthly" }],
    ["GET", "/v1/events", undefined],
  ] as const) {
    const headers = house.bearer("admin");
    const asked = house.app.inject({ method, url, headers, ...(payload ? { payload } : {}) });
    let answered: Awaited<typeof asked> | undefined;
    void asked.then((answer) => (answered = answer));
    // A second at a time: when the request reaches the store is the framework's affair.
    for (let second = 0; second < 7 && !answered; second++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect([answered?.statusCode, answered?.json().code], url).toEqual([503, "store_failed"]);
  }
  expect(house.sources.acts).toEqual([]);
  await house.app.close();
});

describe("sources", () => {
  test("are tested and reset by operators, with a reason that is kept", async () => {
    const act = (path: string, payload: object) =>
      house.app.inject({
        method: "POST",
        url: `/v1/sources/${path}`,
        headers: house.bearer("operator"),
        payload,
      });
    expect((await act("rng-1/reset", {})).statusCode).toBe(400);
    expect((await act("rng-2/reset", { reason: "x" })).statusCode).toBe(404);
    expect((await act("rng-1/reset", { reason: "a new cable" })).json().id).toBe("rng-1");
    expect((await act("rng-1/test", { reason: "monthly" })).json().passed).toBe(true);
    expect(house.sources.acts.at(-2)).toBe("reset rng-1");
    expect(house.journal.kept.at(-2)).toMatchObject({
      kind: "source_reset",
      actor: expect.stringMatching(/^token-/),
      reason: "a new cable",
    });
    expect(house.journal.kept.at(-1)).toMatchObject({ kind: "source_tested", reason: "monthly" });
  });
});
