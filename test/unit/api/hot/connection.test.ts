import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HotConnections } from "../../../../src/api/hot/connections.ts";
import type { Listening } from "../../../../src/api/listen.ts";
import { type Answer, RawConnection } from "../../../support/rawHttp.ts";
import { buildHouse, bytesOf, type House } from "../house.ts";
import { open } from "./open.ts";

let house: House;
let doors: Listening;
let connection: RawConnection;

beforeEach(async () => {
  house = await buildHouse();
  ({ doors, connection } = await open(house));
});
afterEach(async () => {
  connection.socket.destroy();
  vi.restoreAllMocks();
  await doors.close();
});

const headOf = (path: string, token = house.tokens.client): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n\r\n`;

const random = (bytes: number, token?: string): string =>
  headOf(`/v1/random?bytes=${bytes}`, token);

function expectRandom(answer: Answer | null, bytes: number): void {
  expect(answer?.status).toBe(200);
  const output = answer!.headers.get("springhouse-output")!;
  expect(answer!.body).toEqual(Buffer.from(bytesOf(output, bytes)));
}

const overwritten = (): boolean => house.supply.given.every((bytes) => bytes.every((b) => b === 0));

describe("a connection", () => {
  test("has the bytes of each answer's own output, whatever lengths follow each other", async () => {
    const framework = vi.spyOn(house.app, "routing");
    const lengths = [32, 1, 700, 32, 65_536, 32, 4096, 33];
    for (const bytes of lengths) expectRandom(await connection.ask(random(bytes)), bytes);
    expect(framework).not.toHaveBeenCalled();
    expect(overwritten()).toBe(true);
    expect(connection.faults).toEqual([]);
  });

  test("goes to the framework with its first other request, and nothing is lost", async () => {
    expectRandom(await connection.ask(random(32)), 32);
    expect((await connection.ask(headOf("/v1/nothing")))?.status).toBe(404);
    expectRandom(await connection.ask(random(32)), 32);
    expect(connection.faults).toEqual([]);
  });

  test.each([
    ["many at once", 20, (text: string) => [text]],
    ["byte by byte", 2, (text: string) => text.split("")],
    ["in the middle of a head", 3, (text: string) => [text.slice(0, 150), text.slice(150)]],
  ])("answers requests that come %s", async (_, count, parts) => {
    const heads = Array.from({ length: count }, (_none, at) => random(at + 1)).join("");
    const answers = Array.from({ length: count }, () => connection.expect());
    for (const part of parts(heads)) {
      connection.socket.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (const [at, answer] of (await Promise.all(answers)).entries()) expectRandom(answer, at + 1);
    expect(connection.faults).toEqual([]);
  });

  test("is refused with the very next request once its token is revoked", async () => {
    const token = await house.issue(["client"]);
    expectRandom(await connection.ask(random(32, token)), 32);
    const { id } = house.access.tokens.list().at(-1)!;
    const revoking = house.access.tokens.revoke(id, "test");
    expect((await connection.ask(random(32, token)))?.status).toBe(401);
    await revoking;
  });

  test("asks again who it is when a second has passed", async () => {
    const identify = vi.spyOn(house.access.tokens, "authenticate");
    for (let i = 0; i < 3; i++) await connection.ask(random(32));
    expect(identify).toHaveBeenCalledTimes(1);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expectRandom(await connection.ask(random(32)), 32);
    expect(identify).toHaveBeenCalledTimes(2);
  });

  test("is not another's for having sent nearly the same head", async () => {
    expectRandom(await connection.ask(random(32)), 32);
    const { client } = house.tokens;
    const wrong = client.slice(0, 20) + (client[20] === "A" ? "B" : "A") + client.slice(21);
    expect((await connection.ask(random(32, wrong)))?.status).toBe(401);
  });

  test("whose client does not read is not read from either", async () => {
    const socket = connect(doors.address!.port, "127.0.0.1");
    for (let i = 0; i < 1000; i++) {
      socket.write(random(65_536));
      await new Promise((resolve) => setImmediate(resolve));
    }
    // What the system's two buffers take, and one answer; 1000 would be 65 MB.
    expect(house.supply.requests.length).toBeLessThan(700);
    socket.destroy();
    await vi.waitFor(() => expect(overwritten()).toBe(true));
  });

  test.each(["bytes", "a refusal"])(
    "whose client does not take %s is not read from until it does",
    async (what) => {
      const quota = { requestsPerSecond: 0.001, bytesPerSecond: null };
      const token = await house.issue(["client"], quota);
      const head = Buffer.from(random(32, token));
      const taken: (() => void)[] = [];
      const socket = Object.assign(
        new Duplex({
          read: () => {},
          write: (_chunk: Buffer, _encoding, done) => void taken.push(done),
        }),
        { setTimeout: () => {} },
      );
      new HotConnections(house.app.hot, () => {}).serve(socket as unknown as Socket);
      const ask = async (): Promise<void> => {
        socket.push(head);
        await new Promise((resolve) => setImmediate(resolve));
      };
      await ask();
      if (what === "a refusal") {
        taken.shift()!();
        await ask();
      }
      const { length } = house.answered;
      for (let asked = 0; asked < 5; asked++) await ask();
      expect([taken.length, house.answered.length, socket.isPaused()]).toEqual([1, length, true]);
      taken.shift()!();
      await vi.waitFor(() => expect(socket.isPaused()).toBe(false));
      socket.destroy();
    },
  );

  test("that was half closed still gets its answer", async () => {
    house.supply.delayMilliseconds = 30;
    const answer = connection.expect();
    connection.socket.end(random(32));
    expectRandom(await answer, 32);
    await connection.closed;
  });

  test("whose client has gone leaves no byte behind", async () => {
    house.supply.delayMilliseconds = 30;
    connection.socket.write(random(32));
    await vi.waitFor(() => expect(house.supply.requests).toHaveLength(1));
    connection.socket.resetAndDestroy();
    await vi.waitFor(() => expect(house.supply.given).toHaveLength(1));
    await vi.waitFor(() => expect(overwritten()).toBe(true));
  });

  test("is closed at a stop when it is idle, and not before its answer", async () => {
    expectRandom(await connection.ask(random(32)), 32);
    const other = new RawConnection({ port: doors.address!.port, host: "127.0.0.1" });
    await other.opened;
    house.supply.delayMilliseconds = 100;
    const answer = other.ask(random(32));
    await vi.waitFor(() => expect(house.supply.requests).toHaveLength(2));
    const begun = performance.now();
    const closing = doors.close();
    await connection.closed;
    expectRandom(await answer, 32);
    await other.closed;
    await closing;
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});

describe("in time", () => {
  async function serve(times: { headMilliseconds: number; keepAliveMilliseconds: number }) {
    const passed: Socket[] = [];
    const heard: Buffer[] = [];
    const connections = new HotConnections(
      house.app.hot,
      (socket) => {
        passed.push(socket);
        socket.on("data", (chunk: Buffer) => heard.push(chunk)).resume();
      },
      times,
    );
    const server = createServer((socket) => connections.serve(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(socket, "connect");
    socket.on("error", () => {}).resume();
    const close = async (): Promise<void> => {
      socket.destroy();
      for (const one of passed) one.destroy();
      await new Promise((resolve) => server.close(resolve));
    };
    return { socket, passed, heard, close };
  }

  test("who says nothing is closed", async () => {
    const { socket, passed, close } = await serve({
      headMilliseconds: 50,
      keepAliveMilliseconds: 60_000,
    });
    await once(socket, "close");
    expect(passed).toEqual([]);
    await close();
  });

  test("who asks for nothing more is closed", async () => {
    const { socket, close } = await serve({ headMilliseconds: 60_000, keepAliveMilliseconds: 50 });
    socket.write(random(32));
    await once(socket, "close");
    expect(house.supply.requests).toHaveLength(1);
    await close();
  });

  test("who begins a head goes to the framework, which has its own time", async () => {
    const { socket, passed, heard, close } = await serve({
      headMilliseconds: 50,
      keepAliveMilliseconds: 50,
    });
    socket.write("GET /v1/ran");
    await vi.waitFor(() => expect(passed).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(socket.destroyed).toBe(false);
    expect(Buffer.concat(heard).toString()).toBe("GET /v1/ran");
    await close();
  });
});
