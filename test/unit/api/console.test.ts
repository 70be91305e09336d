import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { listen, type Listening } from "../../../src/api/listen.ts";
import { PAGE_HEADERS } from "../../../src/api/page.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { refuse } from "../../../src/port/errors.ts";
import type { EventsFrame, LiveFrame, StatusFrame } from "../../../src/port/live.ts";
import type { Role } from "../../../src/port/principal.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { buildHouse, EVENT, SNAPSHOT, SOURCE, type House, type HouseOptions } from "./house.ts";

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

beforeEach(() => open());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await doors.close();
});

const own = (): string => `http://127.0.0.1:${port}`;

function ask(method: string, path: string, headers: Record<string, string> = {}, body?: object) {
  return fetch(`${own()}${path}`, {
    method,
    headers: { ...headers, ...(body ? { "content-type": "application/json" } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

/** Signs in as a page of this service does; the cookie, as the browser sends it back. */
async function signIn(role: Role): Promise<{ cookie: string }> {
  const token = house.tokens[role];
  const answer = await ask("POST", "/v1/session", { origin: own() }, { token });
  expect(answer.status).toBe(201);
  return { cookie: answer.headers.get("set-cookie")!.split(";")[0]! };
}

function dial(path: string, headers: Record<string, string>): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
}

/** Collects what comes, and waits for the frames that are asked for. */
function watch(socket: WebSocket) {
  const frames: LiveFrame[] = [];
  socket.on("message", (data: Buffer, isBinary) => {
    if (!isBinary) frames.push(JSON.parse(data.toString()) as LiveFrame);
  });
  const next = async <Frame extends LiveFrame>(
    kind: Frame["frame"],
    fits: (frame: Frame) => boolean = () => true,
  ): Promise<Frame> => {
    for (;;) {
      const found = frames.find((frame) => frame.frame === kind && fits(frame as Frame));
      if (found) return found as Frame;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { frames, next };
}

describe("the page", () => {
  test("is given to anybody, with headers that let nothing else in", async () => {
    const answer = await ask("GET", "/");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    for (const [name, value] of Object.entries(PAGE_HEADERS))
      expect(answer.headers.get(name), name).toBe(value);
    const policy = answer.headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
    const html = await answer.text();
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|\sstyle=|\son[a-z]+=|https?:/);
  });

  test("has every file that it names, and that its modules import", async () => {
    const named = [...(await (await ask("GET", "/")).text()).matchAll(/"(\/console\/[^"]+)"/g)];
    const left = new Set(named.map((match) => match[1]!));
    for (const path of left) {
      const answer = await ask("GET", path);
      expect(answer.status, path).toBe(200);
      if (!answer.headers.get("content-type")!.startsWith("text/javascript")) continue;
      for (const [, name] of (await answer.text()).matchAll(/^import .* from "([^"]+)";/gm)) {
        expect(name, path).toMatch(/^\.\/[a-zA-Z]+\.[jt]s$/);
        left.add(name!.replace("./", "/console/"));
      }
    }
    expect([...left]).toContain("/console/uPlot.js");
    expect(left.size).toBeGreaterThan(20);
  });

  test("is answered with 304 to whoever has it, and HEAD has no body", async () => {
    const first = await ask("GET", "/console/base.css");
    const etag = first.headers.get("etag")!;
    expect(etag).toMatch(/^"[A-Za-z0-9_-]{22}"$/);
    const again = await ask("GET", "/console/base.css", { "if-none-match": etag });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    expect(again.headers.get("content-security-policy")).toContain("default-src 'none'");
    const other = await ask("GET", "/console/base.css", { "if-none-match": '"older"' });
    expect(other.status).toBe(200);
    expect(await (await ask("HEAD", "/console/base.css")).text()).toBe("");
  });

  test.each([
    "tsconfig.json",
    "pageFiles.ts",
    "index.htm",
    "..%2fpageFiles.ts",
    "%2e%2e%2fpageFiles.ts",
    "constructor.ts",
    "base.css%00.js",
  ])("does not have %s", async (name) => {
    expect([400, 404]).toContain((await ask("GET", `/console/${name}`)).status);
  });

  test("is not given under another host's name", async () => {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    socket.write("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    const [data] = await once(socket, "data");
    expect(String(data)).toContain("403");
  });
});

describe("a browser's session", () => {
  test("lets in with the roles of its token, until it signs out", async () => {
    const session = await signIn("operator");
    const answer = await ask("GET", "/v1/session", session);
    const who = (await answer.json()) as { session: { permissions: string[] } };
    expect(who.session).toMatchObject({ name: "operator", roles: ["operator"] });
    expect(who.session.permissions).toContain("sources.reset");
    expect(who.session.permissions).not.toContain("sources.tap");
    expect((await ask("GET", "/v1/status", session)).status).toBe(200);
    expect((await ask("GET", "/v1/tokens", session)).status).toBe(403);
    const left = await ask("DELETE", "/v1/session", { ...session, origin: own() });
    expect(left.status).toBe(204);
    expect(left.headers.get("set-cookie")).toContain("springhouse=; Path=/");
    expect((await ask("GET", "/v1/status", session)).status).toBe(401);
    expect(await (await ask("GET", "/v1/session", session)).json()).toEqual({ session: null });
  });

  test("is none for a wrong token, whose text goes nowhere", async () => {
    const token = `sph_${"B".repeat(42)}A`;
    const answer = await ask("POST", "/v1/session", { origin: own() }, { token });
    expect(answer.status).toBe(401);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(await answer.text()).not.toContain(token);
    expect(house.log.join("")).not.toContain(token);
  });

  test("is secure where the page came by TLS, to us or to a proxy before us", async () => {
    const token = house.tokens.operator;
    const origin = own().replace("http:", "https:");
    const answer = await ask("POST", "/v1/session", { origin }, { token });
    expect(answer.headers.get("set-cookie")).toMatch(/^__Host-springhouse=.*; Secure$/);
  });

  test("decides before a client certificate does, as a token decides before it", async () => {
    const session = await signIn("operator");
    const both = { ...session, ...house.bearer("client") };
    expect((await ask("GET", "/v1/sources", both)).status).toBe(403);
    expect((await ask("GET", "/v1/sources", { cookie: "springhouse=x" })).status).toBe(401);
  });

  describe("is of use to our own page alone", () => {
    const reset = (headers: Record<string, string>) =>
      ask("POST", "/v1/sources/rng-1/reset", headers, { reason: "tried" });

    test("what changes something has to say where it comes from", async () => {
      const session = await signIn("operator");
      for (const origin of ["http://evil.example", "null", "http://127.0.0.1:1", ""])
        expect((await reset({ ...session, origin })).status, origin).toBe(403);
      expect((await reset(session)).status).toBe(403);
      expect(house.sources.acts).toEqual([]);
      expect((await reset({ ...session, origin: own() })).status).toBe(200);
      expect(house.sources.acts).toEqual(["reset rng-1"]);
    });

    test("not even to one of `allowedOrigins`, which may come by a token", async () => {
      await doors.close();
      await open({ origins: ["https://grafana.example"] });
      const session = await signIn("operator");
      const page = { origin: "https://grafana.example" };
      expect((await reset({ ...session, ...page })).status).toBe(403);
      expect((await reset({ ...house.bearer("operator"), ...page })).status).toBe(200);
    });

    test("what only reads is refused to a page of another site or port", async () => {
      const session = await signIn("operator");
      const from = (site: string) => ({ ...session, "sec-fetch-site": site });
      for (const site of ["cross-site", "same-site"])
        expect((await ask("GET", "/v1/status", from(site))).status, site).toBe(403);
      for (const site of ["same-origin", "none"])
        expect((await ask("GET", "/v1/status", from(site))).status, site).toBe(200);
    });

    test("a WebSocket has to say where it comes from", async () => {
      const session = await signIn("operator");
      for (const headers of [{}, { origin: "http://evil.example" }]) {
        const [error] = await once(dial("/v1/live", { ...session, ...headers }), "error");
        expect(String(error)).toContain("403");
      }
      const socket = dial("/v1/live", { ...session, origin: own() });
      await watch(socket).next("status");
      socket.close();
    });

    test("signing in is, too", async () => {
      const { tokens } = house;
      for (const origin of ["http://evil.example", "null"]) {
        const answer = await ask("POST", "/v1/session", { origin }, { token: tokens.admin });
        expect(answer.status).toBe(403);
        expect(answer.headers.get("set-cookie")).toBeNull();
      }
    });
  });
});

describe("WebSocket /v1/live", () => {
  async function page(role: Role) {
    const socket = dial("/v1/live", { ...(await signIn(role)), origin: own() });
    return { socket, ...watch(socket) };
  }

  test("shows each role what it may see, and no more", async () => {
    const device = { location: "/dev/ttyACM0" } as never;
    house.snapshot.value = { ...SNAPSHOT, sources: [{ ...SOURCE, device }] };
    house.journal.push({ ...EVENT, kind: "source_reset", detail: "a cable" });
    const [client, operator, auditor] = [
      await page("client"),
      await page("operator"),
      await page("auditor"),
    ];
    const seen = await client.next<StatusFrame>("status");
    expect(JSON.stringify(seen)).not.toContain("/dev/ttyACM0");
    expect([seen.clients, seen.refusals, seen.assessments]).toEqual([[], [], []]);
    const shown = await operator.next<StatusFrame>("status");
    expect(JSON.stringify(shown)).toContain("/dev/ttyACM0");
    const { events } = await auditor.next<EventsFrame>("events");
    expect(events.map(({ detail }) => detail)).toContain("a cable");
    expect(client.frames.some(({ frame }) => frame === "events")).toBe(false);
    for (const { socket } of [client, operator, auditor]) socket.close();
  });

  test("is no custodian's, who may not see the status either", async () => {
    const headers = { ...(await signIn("custodian")), origin: own() };
    expect(String((await once(dial("/v1/live", headers), "error"))[0])).toContain("403");
  });

  test("tells of a change at once, and not of each reseed", async () => {
    const { socket, next, frames } = await page("operator");
    await next("status");
    house.snapshot.value = { ...SNAPSHOT, ready: false };
    house.journal.push({ ...EVENT, kind: "reseed" });
    house.journal.push({ ...EVENT, kind: "source_state", detail: "gone" });
    const from = performance.now();
    await next<StatusFrame>("status", ({ status }) => !status.ready);
    // Not the next regular picture, which comes after half a second.
    expect(performance.now() - from).toBeLessThan(300);
    const told = frames.flatMap((frame) => (frame.frame === "events" ? frame.events : []));
    expect(told.map(({ kind }) => kind)).toContain("source_state");
    expect(told.map(({ kind }) => kind)).not.toContain("reseed");
    socket.close();
  });

  test("explains a refusal, those of one kind as one; what a client sent is not repeated", async () => {
    const { socket, next } = await page("operator");
    house.supply.refusal = refuse("unmet", "2 of 3 sources are healthy.", { unmet: ["sources"] });
    for (let times = 0; times < 3; times++)
      await ask("GET", "/v1/random?bytes=8", house.bearer("client"));
    await ask("GET", "/v1/random?bytes=secret", house.bearer("client"));
    const fits = ({ refusals }: StatusFrame): boolean => refusals.length === 2;
    const { refusals } = await next<StatusFrame>("status", fits);
    expect(refusals).toMatchObject([
      { code: "invalid_parameter", detail: null, count: 1 },
      {
        code: "unmet",
        detail: "2 of 3 sources are healthy.",
        unmet: ["sources"],
        route: "/v1/random",
        count: 3,
      },
    ]);
    expect(refusals.every(({ remedy, principal }) => remedy !== "" && principal !== null)).toBe(
      true,
    );
    expect(JSON.stringify(refusals)).not.toContain("secret");
    socket.close();
  });

  test("ends with the session, when it is signed out or its token is revoked", async () => {
    const token = await house.issue(["operator"]);
    const signedIn = await ask("POST", "/v1/session", { origin: own() }, { token });
    const cookie = signedIn.headers.get("set-cookie")!.split(";")[0]!;
    const revoked = dial("/v1/live", { cookie, origin: own() });
    await watch(revoked).next("status");
    const { id } = house.access.tokens.authenticate(token)!;
    await house.access.tokens.revoke(id, "test");
    expect((await once(revoked, "close"))[0]).toBe(1008);

    const session = await signIn("operator");
    const left = dial("/v1/live", { ...session, origin: own() });
    await watch(left).next("status");
    await ask("DELETE", "/v1/session", { ...session, origin: own() });
    expect((await once(left, "close"))[0]).toBe(1008);
  });
});

describe("WebSocket /v1/raster", () => {
  test("opening it switches samples on, closing it off; an operator may not", async () => {
    const session = { ...(await signIn("auditor")), origin: own() };
    const socket = dial("/v1/raster?source=rng-1", session);
    await once(socket, "open");
    const reader = house.sources.reader!;
    expect(reader.wants()).toBe(true);
    const symbols = Uint8Array.of(1, 2, 3);
    const received = once(socket, "message");
    reader.show(4711, symbols);
    // The caller's array: it may overwrite it at once.
    symbols.fill(0);
    const [data] = (await received) as [Buffer];
    expect(data.readDoubleLE(0)).toBe(4711);
    expect([...data.subarray(8)]).toEqual([1, 2, 3]);
    expect(house.sources.open).toBe(1);
    socket.close();
    while (house.sources.open > 0) await new Promise((resolve) => setTimeout(resolve, 5));

    const operator = { ...(await signIn("operator")), origin: own() };
    const [error] = await once(dial("/v1/raster?source=rng-1", operator), "error");
    expect(String(error)).toContain("403");
  });

  test("ends by itself after a minute, and the source is whole again", async () => {
    await doors.close();
    const fake = new FakeClock();
    await open({ clock: fake });
    const socket = dial("/v1/raster?source=rng-1", house.bearer("auditor"));
    await once(socket, "open");
    const pinged = once(socket, "ping");
    fake.advance(30_000);
    await pinged;
    fake.advance(29_999);
    expect(house.sources.open).toBe(1);
    fake.advance(1);
    expect((await once(socket, "close"))[0]).toBe(1000);
    while (house.sources.open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  test("ends with the session, before another sample is shown", async () => {
    const session = { ...(await signIn("auditor")), origin: own() };
    const socket = dial("/v1/raster?source=rng-1", session);
    const shown: unknown[] = [];
    socket.on("message", (data) => shown.push(data));
    await once(socket, "open");
    await ask("DELETE", "/v1/session", session);
    house.sources.reader!.show(1, Uint8Array.of(1));
    expect((await once(socket, "close"))[0]).toBe(1008);
    expect(shown).toEqual([]);
  });
});
