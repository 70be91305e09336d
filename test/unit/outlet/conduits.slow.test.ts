import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { until } from "../../support/springhouse.ts";
import { bytesOf } from "../api/house.ts";
import { isOutlets, openRig, type Rig } from "./rig.ts";

function dialHalfOpen(rig: Rig) {
  const socket = connect({ port: rig.port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => {});
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  return { socket, text: () => text };
}

/** Of the thread, in the order in which it opened them. */
const conduitsOf = (rig: Rig) =>
  rig.thread().said.flatMap((message) => ("open" in message ? [message.conduit] : []));
const closedOf = (rig: Rig) =>
  rig.thread().said.flatMap((message) => ("closed" in message ? [message.conduit] : []));

test("whatever an outlet does not answer comes from the house, on the same connection", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"]);
  const connection = rig.dial();
  const hot = rig.headOf(token, "/v1/random?bytes=32");
  expect(isOutlets(await connection.ask(hot))).toBe(true);
  const hex = await connection.ask(rig.headOf(token, "/v1/random?bytes=8&format=hex"));
  const output = hex!.headers.get("springhouse-output")!;
  expect(hex!.body.toString()).toBe(Buffer.from(bytesOf(output, 8)).toString("hex"));
  // From then on it is the house's.
  expect(isOutlets(await connection.ask(hot))).toBe(false);
  expect((await connection.ask(rig.headOf("sph_nobody", "/v1/random")))?.status).toBe(401);
  expect((await connection.ask(rig.headOf(token, "/v1/tokens")))?.status).toBe(403);
  expect((await connection.ask("rubbish\r\n\r\n"))?.status).toBe(400);
});

test("heads that come together, or torn at any byte, are answered in their order", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"]);
  const head = (bytes: number): string => rig.headOf(token, `/v1/random?bytes=${bytes}`);
  const together = rig.dial();
  const answers = [1, 2, 3].map(() => together.expect());
  together.socket.write(head(11) + head(12) + head(13));
  expect((await Promise.all(answers)).map((answer) => answer!.body.length)).toEqual([11, 12, 13]);
  const text = head(20);
  await Promise.all(
    Array.from({ length: text.length - 1 }, async (_, at) => {
      const torn = rig.dial();
      await torn.opened;
      const answer = torn.expect();
      torn.socket.write(text.slice(0, at + 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      torn.socket.write(text.slice(at + 1));
      expect((await answer)?.body.length).toBe(20);
      torn.socket.destroy();
    }),
  );
});

test.each(["/v1/random?bytes=32", "/v1/random?bytes=32&format=hex"])(
  "a client that has said its last word gets its answer to %s, and the connection ends",
  async (path) => {
    const rig = await openRig();
    const { socket, text } = dialHalfOpen(rig);
    socket.end(rig.headOf(await rig.house.issue(["client"]), path));
    await once(socket, "end");
    expect(text()).toMatch(/^HTTP\/1\.1 200 /);
  },
);

test("after `Connection: close` nothing is left of it, though the client keeps its end open", async () => {
  const rig = await openRig();
  const { socket, text } = dialHalfOpen(rig);
  const token = await rig.house.issue(["client"]);
  socket.write(rig.headOf(token, "/v1/random?bytes=32", "Connection: close\r\n"));
  await once(socket, "end");
  expect(text()).toMatch(/^HTTP\/1\.1 200 /);
  await until("the house to let go", () =>
    rig.thread().heard.some((message) => "closed" in message),
  );
  // The last chunk had left before.
  expect(rig.thread().said.filter((message) => "taken" in message)).toHaveLength(
    rig.thread().heard.filter((message) => "chunk" in message).length,
  );
});

test("a client that reads nothing is written to no further: a stream waits for it", async () => {
  const rig = await openRig();
  const { supply } = rig.house;
  const socket = connect(rig.port, "127.0.0.1").on("error", () => {});
  onTestFinished(() => void socket.destroy());
  socket.pause();
  socket.write(rig.headOf(await rig.house.issue(["client"]), "/v1/stream"));
  await until("the stream to be open", () => supply.streamsOpen === 1);
  let before = -1;
  await until(
    "the stream to stand still",
    async () => {
      const same = supply.chunks === before;
      before = supply.chunks;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return same && supply.chunks === before;
    },
    60_000,
  );
  // What two sockets and one chunk under way hold, in pieces of 16 KiB, and not what a second makes.
  expect(before).toBeLessThan(1000);
  const held = rig.thread().heard.filter((message) => "chunk" in message).length;
  const taken = rig.thread().said.filter((message) => "taken" in message).length;
  expect(held - taken).toBe(1);
  // It goes on where it was.
  socket.resume();
  await until("it to go on", () => supply.chunks > before + 100);
  socket.destroy();
  await until("the stream to end", () => supply.streamsOpen === 0);
});

test("a body goes through at the reader's speed, whole", async () => {
  const rig = await openRig();
  const connection = rig.dial();
  const body = JSON.stringify({ name: "n".repeat(50), roles: ["client"] });
  const padded = body.padEnd(15_000);
  const head =
    `POST /v1/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
    `Authorization: ${rig.house.bearer("admin").authorization}\r\nContent-Length: ${padded.length}\r\n\r\n`;
  expect((await connection.ask(head, padded))?.status).toBe(201);
});

test("a client that resets in the middle leaves nothing behind, at either end", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"]);
  const { supply } = rig.house;
  for (let round = 0; round < 5; round++) {
    const connection = rig.dial();
    connection.socket.write(rig.headOf(token, "/v1/stream"));
    await once(connection.socket, "data");
    connection.socket.resetAndDestroy();
  }
  await until("the streams to end", () => supply.streamsOpen === 0);
  await until("conduits to go", () => closedOf(rig).length === 5);
  expect(conduitsOf(rig)).toHaveLength(5);
  expect(isOutlets(await rig.ask(token))).toBe(true);
  expect(rig.started).toHaveLength(1);
});

test("when the service stops, an answer that is under way comes whole, and a WebSocket is told", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"]);
  const address = `ws://127.0.0.1:${rig.port}/v1/stream?bytes=100000000`;
  const stream = new WebSocket(address, { headers: { authorization: `Bearer ${token}` } });
  stream.on("error", () => {});
  await once(stream, "message");
  const goodbye = once(stream, "close");
  rig.house.supply.delayMilliseconds = 700;
  const connection = rig.dial();
  const asked = rig.house.supply.requests.length;
  const slow = connection.ask(rig.headOf(token, "/v1/random?bytes=32&format=hex"));
  await until("the draw", () => rig.house.supply.requests.length > asked);
  const begun = performance.now();
  await rig.close();
  expect((await slow)?.status).toBe(200);
  expect((await goodbye)[0]).toBe(1001);
  expect(performance.now() - begun).toBeLessThan(5000);
});

test("a connection that waited for its seed when the service began to stop is the house's then", async () => {
  const rig = await openRig({ shape: "RBG2(P)" });
  const token = await rig.house.issue(["client"]);
  rig.feed(1);
  await until("a seed", async () => isOutlets(await rig.ask(token, 16_384)));
  const connection = rig.dial();
  const hot = rig.headOf(token, "/v1/random?bytes=32");
  const waiting = connection.ask(hot);
  await new Promise((resolve) => setTimeout(resolve, 100));
  rig.outlets.close();
  rig.feed(40);
  expect((await waiting)?.status).toBe(200);
  const answer = await connection.ask(hot);
  expect([answer?.status, isOutlets(answer)]).toEqual([200, false]);
});

test("whoever asks on while the service stops is told so", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"]);
  const hot = rig.headOf(token, "/v1/random?bytes=32");
  // In the middle of a head, so that it is not idle. Its connection is the house's then.
  const [torn, busy] = [rig.dial(), rig.dial()];
  await busy.ask(hot);
  torn.socket.write(hot.slice(0, 10));
  await until("the conduit", () => conduitsOf(rig).length === 1);
  const answers: (number | undefined)[] = [];
  const asking = (async (): Promise<void> => {
    while (!busy.socket.destroyed) answers.push((await busy.ask(hot))?.status);
  })();
  await until("it to ask", () => answers.length > 5);
  await rig.close();
  await asking;
  // Either the connection was closed between two requests, or the last was refused.
  expect(new Set(answers.slice(0, -1))).toEqual(new Set([200]));
  expect([503, undefined]).toContain(answers.at(-1));
});
