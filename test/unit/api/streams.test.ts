import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { listen, type Listening } from "../../../src/api/listen.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import type { Role } from "../../../src/port/principal.ts";
import {
  buildHouse,
  bytesOf,
  EVENT,
  STREAM_CHUNK_BYTES,
  type House,
  type HouseOptions,
} from "./house.ts";

const clock = systemClock();
let house: House;
let doors: Listening;
let port = 0;
const sockets: Socket[] = [];

async function open(options: HouseOptions = {}): Promise<void> {
  house = await buildHouse(options);
  doors = await listen(house.app, { clock, address: { host: "127.0.0.1", port: 0 } });
  ({ port } = doors.address!);
}

async function reopen(options: HouseOptions): Promise<void> {
  await doors.close();
  await open(options);
}

beforeEach(() => open());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await doors.close();
});

function get(path: string, token = house.tokens.admin): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpRequest(
      { port, path, agent: false, headers: { authorization: `Bearer ${token}` } },
      resolve,
    )
      .on("error", reject)
      .end();
  });
}

/** The whole body, and whether it came to a proper end. */
async function drain(message: IncomingMessage): Promise<{ body: Buffer; complete: boolean }> {
  const chunks: Buffer[] = [];
  message.on("data", (chunk: Buffer) => chunks.push(chunk));
  message.on("error", () => {});
  // Not events.once: that rejects on the error which a reset is told by.
  if (!message.closed) await new Promise((resolve) => message.once("close", resolve));
  return { body: Buffer.concat(chunks), complete: message.complete };
}

/** A client that asks and then reads nothing at all. */
async function mute(path: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => {});
  socket.pause();
  await once(socket, "connect");
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${house.tokens.admin}\r\n\r\n`,
  );
  return socket;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

function dial(path: string, headers: Record<string, string> = {}, token = house.tokens.admin) {
  return new WebSocket(`ws://127.0.0.1:${port}${path}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
}

async function statusOf(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.on("unexpected-response", (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
    socket.on("open", () => {
      socket.terminate();
      resolve(101);
    });
    socket.on("error", () => {});
  });
}

describe("GET /v1/stream", () => {
  test("gives exactly the bytes that were asked for, in order", async () => {
    for (const bytes of [1, STREAM_CHUNK_BYTES, STREAM_CHUNK_BYTES * 3 + 1]) {
      const { body, complete } = await drain(await get(`/v1/stream?bytes=${bytes}`));
      expect([body.length, complete]).toEqual([bytes, true]);
    }
    await until(() => house.supply.streamsOpen === 0);
    expect(house.supply.given.every((chunk) => chunk.every((byte) => byte === 0))).toBe(true);
  });

  test("that cannot be fulfilled is reset, so that it does not look whole", async () => {
    house.supply.streamEndsAfter = 2;
    const { body, complete } = await drain(await get("/v1/stream?bytes=1000000"));
    expect(complete).toBe(false);
    expect(body.length).toBeLessThanOrEqual(2 * STREAM_CHUNK_BYTES);
    expect(house.log.join("")).toContain("pool_exhausted");
  });

  test("ends when its client goes, and leaves nothing behind", async () => {
    const message = await get("/v1/stream");
    await once(message, "data");
    message.destroy();
    await until(() => house.supply.streamsOpen === 0);
    const { chunks } = house.supply;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(house.supply.chunks).toBe(chunks);
  });

  test("a client that reads nothing draws no more than the kernel holds, and holds up nobody", async () => {
    await mute("/v1/stream");
    let before = -1;
    // Quiet for 200 ms: the buffers of the kernel are full.
    for (let quiet = 0; quiet < 10;) {
      quiet = house.supply.chunks === before && before > 0 ? quiet + 1 : 0;
      before = house.supply.chunks;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    // At most one chunk has been drawn and not yet been taken by the kernel.
    const alive = house.supply.given.filter((chunk) => chunk.some((byte) => byte !== 0));
    expect(alive.length).toBeLessThanOrEqual(1);
    const { body } = await drain(await get("/v1/random?bytes=32"));
    expect(body.length).toBe(32);
  });

  test("and is dropped when that lasts too long", async () => {
    await reopen({ stallMilliseconds: 100 });
    const socket = await mute("/v1/stream");
    await until(() => house.supply.streamsOpen === 1);
    await until(() => house.supply.streamsOpen === 0);
    socket.resume();
    await once(socket, "close");
    expect(socket.destroyed).toBe(true);
  });

  test("a token that is revoked meanwhile gives no more", async () => {
    const token = await house.issue(["client"]);
    const message = await get("/v1/stream", token);
    await once(message, "data");
    const { id } = house.access.tokens.authenticate(token)!;
    await house.access.tokens.revoke(id, "test");
    expect((await drain(message)).complete).toBe(false);
  });

  test("as many as are allowed at once, and places are given back", async () => {
    await reopen({ maximumStreams: 2 });
    const [one, two] = [await get("/v1/stream"), await get("/v1/stream")];
    const third = await get("/v1/stream");
    expect(third.statusCode).toBe(503);
    expect(JSON.parse((await drain(third)).body.toString()).code).toBe("busy");
    expect(await statusOf(dial("/v1/events"))).toBe(503);
    one.destroy();
    two.destroy();
    await until(() => house.supply.streamsOpen === 0);
    expect((await drain(await get("/v1/stream?bytes=5"))).complete).toBe(true);
    expect(await statusOf(dial("/v1/events"))).toBe(101);
  });

  test("one principal gets half the places, so that an operator still sees the events", async () => {
    await reopen({ maximumStreams: 4 });
    const client = house.tokens.client;
    const held = [await get("/v1/stream", client), await get("/v1/stream", client)];
    expect((await get("/v1/stream", client)).statusCode).toBe(503);
    expect(await statusOf(dial("/v1/stream", {}, client))).toBe(503);
    expect(await statusOf(dial("/v1/events", {}, house.tokens.operator))).toBe(101);
    for (const message of held) message.destroy();
    await until(() => house.supply.streamsOpen === 0);
    expect((await get("/v1/stream?bytes=1", client)).statusCode).toBe(200);
  });

  test("does not begin on a debt, so that many short ones are no way round the quota", async () => {
    const quota = { requestsPerSecond: null, bytesPerSecond: 1000 };
    const token = await house.issue(["client"], quota);
    expect((await drain(await get("/v1/stream?bytes=16384", token))).complete).toBe(true);
    for (const path of ["/v1/stream?bytes=1", "/v1/random?bytes=1"]) {
      const answer = await get(path, token);
      expect(answer.statusCode).toBe(429);
      expect(Number(answer.headers["retry-after"])).toBeGreaterThanOrEqual(15);
    }
    expect(await statusOf(dial("/v1/stream?bytes=1", {}, token))).toBe(101);
    const [code, reason] = await once(dial("/v1/stream?bytes=1", {}, token), "close");
    expect([code, String(reason)]).toEqual([1013, "over_quota"]);
    expect(house.supply.chunks).toBe(1);
  });

  test("is paced by the quota of bytes", async () => {
    const token = await house.issue(["client"], {
      requestsPerSecond: null,
      bytesPerSecond: STREAM_CHUNK_BYTES * 10,
    });
    const started = performance.now();
    const { body } = await drain(await get(`/v1/stream?bytes=${STREAM_CHUNK_BYTES * 12}`, token));
    expect(body.length).toBe(STREAM_CHUNK_BYTES * 12);
    // Ten chunks at once, the eleventh puts it a tenth of a second into debt.
    expect(performance.now() - started).toBeGreaterThan(90);
  });

  test("ends with a reset when the service stops", async () => {
    const message = await get("/v1/stream");
    await once(message, "data");
    const draining = drain(message);
    await doors.close();
    expect((await draining).complete).toBe(false);
    await open();
  });
});

describe("the raw tap", () => {
  test("gives consecutive samples, and says where they begin", async () => {
    const message = await get("/v1/sources/rng-1/samples?count=2500");
    expect(message.headers["springhouse-first-sequence"]).toBe("4711");
    expect(message.headers["springhouse-bits-per-sample"]).toBe("8");
    const { body, complete } = await drain(message);
    expect([body.length, complete]).toEqual([2500, true]);
    expect([body[0], body[1000], body[2499]]).toEqual([0, 1, 2]);
    await until(() => house.sources.open === 0);
  });

  test("is reset on a gap, and closed when its reader goes", async () => {
    house.sources.gapAfter = 1000;
    const { complete } = await drain(await get("/v1/sources/rng-1/samples?count=2500"));
    expect(complete).toBe(false);
    house.sources.gapAfter = Infinity;
    const message = await get("/v1/sources/rng-1/samples?count=1000000000");
    await once(message, "data");
    message.destroy();
    await until(() => house.sources.open === 0);
  });
});

describe("restarts", () => {
  const post = (body: object, role: Role = "auditor") =>
    fetch(`http://127.0.0.1:${port}/v1/sources/rng-1/restarts`, {
      method: "POST",
      headers: { ...house.bearer(role), "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  test("give row after row, say how, and are kept with who asked before anything is opened", async () => {
    const before = house.journal.kept.length;
    const response = await post({ restarts: 5, samples: 500, reason: "an evaluation" });
    expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 2500]);
    expect(response.headers.get("springhouse-restart")).toBe("reopen");
    expect(response.headers.get("springhouse-settle-bytes")).toBe("4096");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const [kept] = house.journal.kept.slice(before);
    expect(kept).toMatchObject({ kind: "source_restarted", reason: "an evaluation" });
    expect(kept!.actor).not.toBeNull();
    await until(() => house.sources.open === 0);
  });

  test("are 1,000 of 1,000 where nothing is said", async () => {
    expect((await (await post({})).arrayBuffer()).byteLength).toBe(1_000_000);
  });

  test("are cut off when a row cannot be whole, and refused to an operator", async () => {
    house.sources.gapAfter = 1000;
    await expect((await post({ restarts: 5, samples: 500 })).arrayBuffer()).rejects.toThrow();
    house.sources.gapAfter = Infinity;
    expect((await post({}, "operator")).status).toBe(403);
    expect((await post({ restarts: 0 })).status).toBe(400);
    expect((await post({ restarts: 5, samples: 1_000_001 })).status).toBe(400);
  });
});

test("the lineage comes line by line", async () => {
  const { body, complete } = await drain(await get("/v1/lineage?from=5"));
  const lines = body.toString().trimEnd().split("\n");
  expect([lines.length, complete]).toEqual([1000, true]);
  expect(JSON.parse(lines[999]!)).toEqual({ record: "seed", id: "s-5-999" });
});

describe("WebSocket /v1/stream", () => {
  test("gives binary frames and closes with 1000 when it has given all", async () => {
    const socket = dial(`/v1/stream?bytes=${STREAM_CHUNK_BYTES + 5}`);
    let bytes = 0;
    socket.on("message", (data: Buffer, binary) => {
      expect(binary).toBe(true);
      bytes += data.length;
    });
    const [code] = await once(socket, "close");
    expect([code, bytes]).toEqual([1000, STREAM_CHUNK_BYTES + 5]);
    expect(house.supply.requests.at(-1)).toMatchObject({ door: "websocket" });
  });

  test("closes with 1013 and the code when it cannot go on", async () => {
    house.supply.streamEndsAfter = 1;
    const socket = dial("/v1/stream");
    socket.on("message", () => {});
    const [code, reason] = await once(socket, "close");
    expect([code, String(reason)]).toEqual([1013, "pool_exhausted"]);
  });

  test("is refused before it opens: token, role, Origin, Host, parameter, path", async () => {
    expect(await statusOf(dial("/v1/stream", {}, "sph_no"))).toBe(401);
    expect(await statusOf(dial(`/v1/stream?token=${house.tokens.admin}`, {}, ""))).toBe(401);
    expect(await statusOf(dial("/v1/stream", {}, house.tokens.operator))).toBe(403);
    expect(await statusOf(dial("/v1/stream", { origin: "http://localhost" }))).toBe(403);
    expect(await statusOf(dial("/v1/stream", { "sec-fetch-site": "same-site" }))).toBe(403);
    expect(await statusOf(dial("/v1/stream", { host: "evil.example" }))).toBe(403);
    expect(await statusOf(dial("/v1/stream?bytes=0"))).toBe(400);
    expect(await statusOf(dial("/v1/random"))).toBe(404);
    expect(house.supply.requests).toEqual([]);
    await reopen({ origins: ["https://console.example"] });
    expect(await statusOf(dial("/v1/stream", { origin: "https://console.example" }))).toBe(101);
  });

  test("a client that talks is shown out", async () => {
    const socket = dial("/v1/events");
    await once(socket, "open");
    socket.send("hello");
    expect((await once(socket, "close"))[0]).toBe(1003);
  });
});

describe("WebSocket /v1/events", () => {
  test("with since gives what was kept and goes on live, each once and in order", async () => {
    for (let n = 0; n < 600; n++) house.journal.push(EVENT);
    const first = house.journal.kept.length - 600;
    const socket = dial(`/v1/events?since=${first}`);
    const seen: number[] = [];
    socket.on("message", (data: Buffer) => {
      seen.push((JSON.parse(data.toString()) as { sequence: number }).sequence);
      if (seen.length === 10) for (let n = 0; n < 50; n++) house.journal.push(EVENT);
    });
    await until(() => seen.length >= 650);
    expect(seen).toEqual(Array.from({ length: 650 }, (_, at) => first + at + 1));
    socket.close();
    await until(() => house.journal.listeners.size === 1);
  });

  test("an event that comes while the past is read is told once", async () => {
    const read = house.journal.since.bind(house.journal);
    const first = house.journal.kept.length;
    house.journal.push(EVENT);
    house.journal.since = (since, limit) => {
      if (house.journal.kept.length === first + 1) house.journal.push(EVENT);
      return read(since, limit);
    };
    const socket = dial(`/v1/events?since=${first}`);
    const seen: number[] = [];
    socket.on("message", (data: Buffer) => {
      seen.push((JSON.parse(data.toString()) as { sequence: number }).sequence);
      if (seen.length === 2) house.journal.push(EVENT);
    });
    await until(() => seen.length >= 3);
    expect(seen).toEqual([first + 1, first + 2, first + 3]);
    socket.close();
  });

  test("without since gives only what happens from now on", async () => {
    house.journal.push(EVENT);
    const socket = dial("/v1/events");
    await once(socket, "open");
    await until(() => house.journal.listeners.size === 2);
    house.journal.push({ ...EVENT, detail: "now" });
    const [data] = await once(socket, "message");
    expect(JSON.parse(String(data)).detail).toBe("now");
    socket.close();
  });
});

test("an operator whose token is revoked sees no event more", async () => {
  const token = await house.issue(["operator"]);
  const socket = dial("/v1/events", {}, token);
  const seen: unknown[] = [];
  socket.on("message", (data) => seen.push(data));
  await once(socket, "open");
  await until(() => house.journal.listeners.size === 2);
  await house.access.tokens.revoke(house.access.tokens.authenticate(token)!.id, "test");
  house.journal.push(EVENT);
  expect((await once(socket, "close"))[0]).toBe(1008);
  expect(seen).toEqual([]);
});

describe("many at once", () => {
  test("no answer has another's bytes, whoever hangs up, and no token is in the log", async () => {
    let whole = 0;
    const one = async (n: number): Promise<void> => {
      const bytes = 1 + ((n * 7919) % 65_536);
      house.supply.delayMilliseconds = n % 3;
      const response = new Promise<IncomingMessage | null>((resolve) => {
        const request = httpRequest(
          {
            port,
            path: `/v1/random?bytes=${bytes}`,
            agent: false,
            headers: house.bearer("client"),
          },
          resolve,
        );
        request.on("error", () => resolve(null)).end();
        // A third of them hang up, at some instant between connecting and reading.
        if (n % 3 === 0) setTimeout(() => request.destroy(), n % 7);
      });
      const message = await response;
      if (!message) return;
      const { body, complete } = await drain(message);
      const output = String(message.headers["springhouse-output"]);
      expect(body.equals(bytesOf(output, bytes).subarray(0, body.length))).toBe(true);
      if (complete) expect(body.length).toBe(bytes);
      if (complete) whole++;
    };
    const ids = Array.from({ length: 1200 }, (_, at) => at);
    await Promise.all(
      Array.from({ length: 24 }, async () => {
        for (let n = ids.pop(); n !== undefined; n = ids.pop()) await one(n);
      }),
    );
    expect(whole).toBeGreaterThanOrEqual(800);
    await until(() => house.supply.given.every((given) => given.every((byte) => byte === 0)));
    for (const token of Object.values(house.tokens))
      expect(house.log.join("")).not.toContain(token);
  });
});
