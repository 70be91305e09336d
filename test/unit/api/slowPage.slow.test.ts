import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { listen } from "../../../src/api/listen.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { buildHouse, SNAPSHOT } from "./house.ts";

test("a page of the console that takes nothing is dropped, and nothing queues up for it", async () => {
  const house = await buildHouse();
  const doors = await listen(house.app, {
    clock: systemClock(),
    address: { host: "127.0.0.1", port: 0 },
  });
  const { port } = doors.address!;
  // A picture of 2 MB: a few of them fill what the system buffers.
  const reasons = Array.from({ length: 2000 }, () => "x".repeat(1000));
  house.snapshot.value = { ...SNAPSHOT, reasons };
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.pause();
  await once(socket, "connect");
  socket.write(
    `GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${house.tokens.operator}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  const before = process.memoryUsage().rss;
  let most = before;
  const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
  // Eighteen pictures come due, and after five seconds it is given up.
  await new Promise((resolve) => setTimeout(resolve, 9000));
  clearInterval(watching);
  let received = 0;
  socket.on("data", (chunk: Buffer) => (received += chunk.length));
  // It hears of the end when it reads.
  socket.resume();
  await once(socket, "close");
  expect(received).toBeLessThan(12e6);
  expect(most - before).toBeLessThan(60e6);
  await doors.close();
});
