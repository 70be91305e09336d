import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CutShortError, RefusalError, SpringhouseClient } from "../../../src/client/client.ts";
import type { SpringhouseClientOptions } from "../../../src/client/client.ts";
import { ContractServer, json, octets, problem, PROOF } from "./contractServer.ts";

const TOKEN = "sh_secret-token-text";
let server: ContractServer;
let waits: number[];

beforeEach(async () => {
  server = await ContractServer.start();
  waits = [];
});
afterEach(async () => {
  await server.stop();
});

function connect(options: Partial<SpringhouseClientOptions> = {}): SpringhouseClient {
  return new SpringhouseClient({
    url: server.url,
    token: TOKEN,
    wait: async (milliseconds, signal) => {
      waits.push(milliseconds);
      signal?.throwIfAborted();
    },
    ...options,
  });
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: unknown) => error,
  );
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe("random", () => {
  test("bytes, output and seed, with the requirement in the query and the token in the header", async () => {
    server.handler = (_, response) =>
      octets(response, Buffer.from("01020304", "hex"), {
        "springhouse-output": "s-1-1.6, s-1-1.7",
        "springhouse-seed": "s-1-1",
      });
    const drawn = await connect().random(4, {
      strength: 256,
      sources: 2,
      maxSeedAgeSeconds: 60,
      fresh: true,
    });
    expect(drawn).toEqual({
      bytes: Uint8Array.of(1, 2, 3, 4),
      output: "s-1-1.7",
      outputs: ["s-1-1.6", "s-1-1.7"],
      seed: "s-1-1",
    });
    const { method, url, headers } = server.seen[0]!;
    expect([method, url.pathname]).toEqual(["GET", "/v1/random"]);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      bytes: "4",
      strength: "256",
      sources: "2",
      max_seed_age: "60",
      fresh: "true",
    });
    expect(headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(headers.accept).toBe("application/octet-stream");
  });

  test("fewer bytes than asked for are an error, never an answer", async () => {
    server.handler = (_, response) => octets(response, Buffer.alloc(31));
    await expect(connect().random(32)).rejects.toThrow(CutShortError);
  });

  test.each([{}, { "springhouse-seed": "s-1-1" }, { "springhouse-output": "s-1-1.1" }])(
    "bytes of something else are not taken for random ones: with the headers %o alone",
    async (headers) => {
      server.handler = (_, response) => octets(response, Buffer.alloc(32), headers);
      const error = { code: "unexpected_answer", status: 200 };
      expect(await failureOf(connect().random(32))).toMatchObject(error);
      expect(await failureOf(collect(connect().stream({ bytes: 32 })))).toMatchObject(error);
    },
  );

  test("a URL with a path in front keeps it", async () => {
    server.handler = (_, response) => octets(response, Buffer.alloc(1));
    await connect({ url: `${server.url}/entropy/` }).random(1);
    expect(server.seen[0]!.url.pathname).toBe("/entropy/v1/random");
    // A path that begins with `//` is a path, and not another host that gets the token.
    const base = new URL(server.url);
    await connect({ url: `${base.origin}//evil.example:1/?a#b` })
      .status()
      .catch(() => {});
    expect(server.seen).toHaveLength(2);
  });
});

describe("refusals", () => {
  test("what the service says arrives whole", async () => {
    server.handler = (_, response) =>
      problem(
        response,
        503,
        "unmet",
        { unmet: ["sources", "quorum"], request_id: "r-9" },
        { "retry-after": "7" },
      );
    const error = await failureOf(connect({ retries: 0 }).random(32));
    expect(error).toBeInstanceOf(RefusalError);
    expect(error).toMatchObject({
      status: 503,
      code: "unmet",
      detail: "why",
      remedy: "do this",
      unmet: ["sources", "quorum"],
      retryAfterSeconds: 7,
      requestId: "r-9",
      message: "unmet: why",
    });
  });

  test("an answer of something else is called so", async () => {
    server.handler = (_, response) => {
      response.writeHead(502, { "content-type": "text/html" }).end("<h1>Bad gateway</h1>");
    };
    expect(await failureOf(connect().random(32))).toMatchObject({
      code: "unexpected_answer",
      status: 502,
      retryAfterSeconds: null,
    });
    expect(server.seen).toHaveLength(1);
  });

  test("a page in place of JSON is called so, though its status is good", async () => {
    server.handler = (_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<h1>Please log in</h1>");
    };
    const error = { code: "unexpected_answer", status: 200 };
    expect(await failureOf(connect().status())).toMatchObject(error);
    expect(await failureOf(connect().keys.generate({ type: "aes-256" }))).toMatchObject(error);
  });

  test("broken JSON in a problem document is no crash", async () => {
    server.handler = (_, response) => {
      response.writeHead(503, { "content-type": "application/problem+json" }).end("{");
    };
    expect(await failureOf(connect().random(32))).toMatchObject({ code: "unexpected_answer" });
  });
});

describe("trying again", () => {
  const refuseOnce = (status: number, code: string, retryAfter?: string): void => {
    server.handler = (_, response) => {
      if (server.seen.length === 1)
        problem(response, status, code, {}, retryAfter ? { "retry-after": retryAfter } : {});
      else octets(response, Buffer.alloc(32));
    };
  };

  test.each([
    [503, "pool_exhausted"],
    [429, "over_quota"],
  ])("%d is tried again after Retry-After", async (status, code) => {
    refuseOnce(status, code, "3");
    expect((await connect().random(32)).bytes).toHaveLength(32);
    expect(waits).toEqual([3000]);
  });

  test.each([
    ["a refusal that waiting does not mend", 403, "forbidden", "1"],
    ["no Retry-After", 503, "busy", undefined],
    ["a failed self-test", 503, "self_test_failed", "1"],
    ["a wait above the cap", 503, "busy", "31"],
  ] as const)("not for %s", async (_, status, code, retryAfter) => {
    refuseOnce(status, code, retryAfter);
    expect(await failureOf(connect().random(32))).toMatchObject({ code });
    expect([server.seen.length, waits]).toEqual([1, []]);
  });

  test("up to the cap, and up to so many times", async () => {
    server.handler = (_, response) => problem(response, 503, "busy", {}, { "retry-after": "30" });
    await failureOf(connect({ retries: 3 }).random(32));
    expect([server.seen.length, waits]).toEqual([4, [30_000, 30_000, 30_000]]);
  });

  test("where nothing listens it waits longer each time, then throws what fetch threw", async () => {
    const client = connect();
    await server.stop();
    const error = await failureOf(client.status());
    expect((error as { cause?: { code?: string } }).cause?.code).toBe("ECONNREFUSED");
    expect(waits).toEqual([250, 500]);
    server = await ContractServer.start();
  });

  test("a key may be drawn again; a token, a reset, a test, a tap and restarts never", async () => {
    server.handler = (_, response) => problem(response, 503, "busy", {}, { "retry-after": "1" });
    const client = connect({ retries: 1 });
    await failureOf(client.keys.generate({ type: "aes-256" }));
    expect(server.seen.splice(0)).toHaveLength(2);
    await failureOf(client.tokens.revoke("token-1"));
    expect(server.seen.splice(0)).toHaveLength(2);
    await failureOf(client.tokens.create({ name: "ci", roles: ["client"] }));
    await failureOf(client.reset("usb", "replaced"));
    await failureOf(client.test("usb"));
    await failureOf(client.tap("usb", 10));
    await failureOf(client.restarts("usb", { restarts: 2, samplesPerRestart: 5 }));
    expect(server.seen).toHaveLength(5);
  });

  test("a wait ends at once when the signal fires", async () => {
    server.handler = (_, response) => problem(response, 503, "busy", {}, { "retry-after": "20" });
    const controller = new AbortController();
    const client = new SpringhouseClient({ url: server.url, token: TOKEN });
    const drawing = client.random(32, {}, { signal: controller.signal });
    while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await expect(drawing).rejects.toThrow("enough");
    expect(server.seen).toHaveLength(1);
  });

  test("the client's own signal ends a request under way", async () => {
    const controller = new AbortController();
    server.handler = () => controller.abort(new Error("shutting down"));
    await expect(connect({ signal: controller.signal }).status()).rejects.toThrow("shutting down");
    expect(server.seen).toHaveLength(1);
  });
});

describe("stream", () => {
  test("chunk by chunk, to the byte", async () => {
    server.handler = (_, response) => {
      response.writeHead(200, PROOF);
      response.write(Buffer.alloc(1000, 1));
      setTimeout(() => response.end(Buffer.alloc(500, 2)), 10);
    };
    const bytes = await collect(connect().stream({ bytes: 1500, requirement: { strength: 128 } }));
    expect(bytes).toEqual(Buffer.concat([Buffer.alloc(1000, 1), Buffer.alloc(500, 2)]));
    expect(server.seen[0]!.url.search).toBe("?bytes=1500&strength=128");
  });

  test.each([
    ["ends early", 2000, false],
    ["is torn off", 2000, true],
    ["ends although it has no end", undefined, false],
    ["is torn off although it has no end", undefined, true],
  ])("a stream that %s throws, after what came", async (_, bytes, torn) => {
    server.handler = (__, response) => {
      response.writeHead(200, PROOF);
      response.write(Buffer.alloc(1000, 1), () => {
        setTimeout(() => (torn ? response.destroy() : response.end()), 10);
      });
    };
    const received: number[] = [];
    const reading = (async () => {
      for await (const chunk of connect().stream(bytes === undefined ? {} : { bytes }))
        received.push(chunk.length);
    })();
    expect(await failureOf(reading)).toMatchObject({
      name: "CutShortError",
      code: "cut_short",
      receivedBytes: 1000,
    });
    expect(received.reduce((sum, length) => sum + length, 0)).toBe(1000);
  });

  test("leaving the loop gives the connection up", async () => {
    const closed = new Promise<void>((resolve) => {
      server.handler = (_, response) => {
        response.writeHead(200, PROOF);
        const more = setInterval(() => response.write(Buffer.alloc(1000)), 1);
        response.on("close", () => {
          clearInterval(more);
          resolve();
        });
      };
    });
    for await (const chunk of connect().stream()) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await closed;
  });

  test("an abort throws the signal's reason", async () => {
    server.handler = (_, response) => {
      response.writeHead(200, PROOF);
      response.write(Buffer.alloc(10));
    };
    const controller = new AbortController();
    const reading = (async () => {
      for await (const chunk of connect().stream({ signal: controller.signal }))
        controller.abort(new Error(`enough after ${chunk.length}`));
    })();
    await expect(reading).rejects.toThrow("enough after 10");
  });

  test("a refusal before the first byte is a refusal", async () => {
    server.handler = (_, response) => problem(response, 403, "forbidden");
    await expect(collect(connect().stream({ bytes: 10 }))).rejects.toThrow(RefusalError);
  });
});

describe("tap", () => {
  test("what it is, then the samples; a stop in between throws", async () => {
    server.handler = (seen, response) => {
      expect(seen.url.pathname + seen.url.search).toBe("/v1/sources/usb-1/samples?count=100");
      octets(response, Buffer.alloc(server.seen.length === 1 ? 100 : 99, 1), {
        "springhouse-bits-per-sample": "8",
        "springhouse-first-sequence": "4711",
      });
    };
    const tap = await connect().tap("usb-1", 100);
    expect(tap).toMatchObject({ source: "usb-1", bitsPerSample: 8, firstSequence: 4711 });
    expect(await collect(tap.chunks)).toHaveLength(100);
    const short = await connect().tap("usb-1", 100);
    await expect(collect(short.chunks)).rejects.toThrow(CutShortError);
  });
});

describe("restarts", () => {
  const HEADERS = {
    "springhouse-bits-per-sample": "8",
    "springhouse-first-sequence": "4711",
    "springhouse-settle-bytes": "4096",
  };

  test("how it was restarted, then the rows; a stop in between throws", async () => {
    server.handler = (seen, response) => {
      expect(`${seen.method} ${seen.url.pathname}`).toBe("POST /v1/sources/usb-1/restarts");
      expect(JSON.parse(seen.body)).toEqual({ restarts: 10, samples: 5 });
      const whole = server.seen.length === 1;
      octets(response, Buffer.alloc(whole ? 50 : 49, 1), {
        ...HEADERS,
        "springhouse-restart": "reopen",
      });
    };
    const order = { restarts: 10, samplesPerRestart: 5 };
    const tap = await connect().restarts("usb-1", order);
    expect(tap).toMatchObject({ restart: "reopen", settleBytes: 4096, firstSequence: 4711 });
    expect(await collect(tap.chunks)).toHaveLength(50);
    const short = await connect().restarts("usb-1", order);
    await expect(collect(short.chunks)).rejects.toThrow(CutShortError);
  });

  test("samples that do not say how are taken for nothing", async () => {
    server.handler = (_seen, response) => octets(response, Buffer.alloc(4), HEADERS);
    const error = await failureOf(
      connect().restarts("usb-1", { restarts: 2, samplesPerRestart: 2 }),
    );
    expect(error).toMatchObject({ code: "unexpected_answer" });
  });
});

describe("the other routes", () => {
  test("keys: one, several, and with a requirement", async () => {
    const key = {
      type: "aes-256",
      format: "jwk",
      key: { kty: "oct", k: "AA" },
      output: "o",
      seed: "s",
    };
    server.handler = (seen, response) =>
      json(response, seen.body.includes("count") ? { keys: [key, key] } : key);
    const client = connect();
    expect(await client.keys.generate({ type: "aes-256", format: "jwk" })).toEqual(key);
    const requirement = { strength: 256, maxSeedAgeSeconds: 5, fresh: true };
    expect(await client.keys.generateMany(2, { type: "aes-256", requirement })).toEqual([key, key]);
    expect(
      server.seen.map(({ method, url, body }) => [method, url.pathname, JSON.parse(body)]),
    ).toEqual([
      ["POST", "/v1/keys/generate", { type: "aes-256", format: "jwk" }],
      [
        "POST",
        "/v1/keys/generate",
        { type: "aes-256", strength: 256, max_seed_age: 5, fresh: true, count: 2 },
      ],
    ]);
    expect(server.seen[0]!.headers["content-type"]).toBe("application/json");
  });

  test("status, sources, events, outputs, tokens, test and reset", async () => {
    const answers: Record<string, unknown> = {
      "GET /v1/status": { ready: true },
      "GET /v1/sources": { sources: [{ id: "usb" }] },
      "GET /v1/sources/usb": { id: "usb" },
      "GET /v1/events?since=41&limit=100": { events: [{ sequence: 42 }] },
      "GET /v1/outputs/s-1-1.7": { id: "s-1-1.7" },
      "GET /v1/tokens": { tokens: [{ id: "token-1" }] },
      "POST /v1/tokens": { id: "token-2", token: "t" },
      "POST /v1/sources/usb/test": { passed: true },
      "POST /v1/sources/usb/reset": { id: "usb", state: "starting" },
      "POST /v1/selftest": { passed: true, tests: [] },
    };
    server.handler = ({ method, url }, response) => {
      const answer = answers[`${method} ${url.pathname}${url.search}`];
      if (answer) json(response, answer);
      else response.writeHead(204).end();
    };
    const client = connect();
    expect(await client.status()).toEqual({ ready: true });
    expect(await client.sources()).toEqual([{ id: "usb" }]);
    expect(await client.source("usb")).toEqual({ id: "usb" });
    expect(await client.events(41)).toEqual([{ sequence: 42 }]);
    expect(await client.output("s-1-1.7")).toEqual({ id: "s-1-1.7" });
    expect(await client.tokens.list()).toEqual([{ id: "token-1" }]);
    expect(await client.tokens.create({ name: "ci", roles: ["client"] })).toMatchObject({
      token: "t",
    });
    expect(await client.test("usb")).toEqual({ passed: true });
    expect(await client.selfTest()).toEqual({ passed: true, tests: [] });
    await client.tokens.revoke("token-1");
    expect(await client.reset("usb", "replaced the stick")).toMatchObject({ state: "starting" });
    expect(
      server.seen.slice(-2).map(({ method, url, body }) => [method, url.pathname, body]),
    ).toEqual([
      ["DELETE", "/v1/tokens/token-1", ""],
      ["POST", "/v1/sources/usb/reset", '{"reason":"replaced the stick"}'],
    ]);
  });

  test("a name cannot climb out of its place in the path", async () => {
    server.handler = (_, response) => json(response, {});
    await connect().source("../tokens?x=1");
    expect(server.seen[0]!.url.pathname).toBe("/v1/sources/..%2Ftokens%3Fx%3D1");
  });
});

describe("the token", () => {
  test("is in no URL and in no error, whatever fails", async () => {
    const client = connect({ retries: 0 });
    const errors: unknown[] = [];
    server.handler = (_, response) => problem(response, 401, "unauthenticated");
    errors.push(await failureOf(client.random(32)));
    server.handler = (_, response) => response.destroy();
    errors.push(await failureOf(client.status()));
    server.handler = (_, response) => {
      response.writeHead(302, { location: "http://127.0.0.1:1/steal" }).end();
    };
    errors.push(await failureOf(client.status()));
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(inspect(error, { depth: 9 })).not.toContain(TOKEN);
    for (const { url } of server.seen) expect(url.href).not.toContain(TOKEN);
    expect(inspect(client, { depth: 9, showHidden: true })).not.toContain(TOKEN);
  });

  test("is not sent after a redirect", async () => {
    const elsewhere = await ContractServer.start();
    server.handler = (_, response) => {
      response.writeHead(307, { location: `${elsewhere.url}/v1/status` }).end();
    };
    try {
      await failureOf(connect({ retries: 0 }).status());
      expect(elsewhere.seen).toEqual([]);
    } finally {
      await elsewhere.stop();
    }
  });

  test("a URL that holds a password, or is none, is refused and not repeated", () => {
    for (const url of ["http://u:geheim@127.0.0.1", "ftp://geheim", "geheim"]) {
      const make = (): unknown => connect({ url });
      expect(make).toThrow(TypeError);
      expect(make).not.toThrow(/geheim/);
    }
  });

  test("fetch can be another one", async () => {
    const asked: string[] = [];
    const client = connect({
      url: "http://localhost",
      fetch: async (input) => {
        asked.push(input as string);
        return Response.json({ ready: false });
      },
    });
    expect(await client.status()).toEqual({ ready: false });
    expect(asked).toEqual(["http://localhost/v1/status"]);
  });
});
