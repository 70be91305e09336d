import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { listen, type Listening } from "../../../src/api/listen.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import type { Clock } from "../../../src/port/clock.ts";
import { buildHouse } from "./house.ts";

// Deadlines are a twentieth of what they are, so that a test takes no seconds.
const system = systemClock();
const clock: Clock = {
  wallMilliseconds: () => system.wallMilliseconds(),
  monotonicMilliseconds: () => system.monotonicMilliseconds(),
  schedule: (milliseconds, action) => system.schedule(milliseconds / 20, action),
};

const peers: Socket[] = [];
const doors: Listening[] = [];
afterEach(async () => {
  for (const peer of peers.splice(0)) peer.destroy();
  for (const open of doors.splice(0)) await open.close();
});

async function open(maximumConnections = 4) {
  const house = await buildHouse({ clock });
  const address = { host: "127.0.0.1", port: 0 };
  const listening = await listen(house.app, { clock, address, maximumConnections });
  doors.push(listening);
  return { house, listening, port: listening.address!.port };
}

/** A peer that keeps its own side open, whatever it is told. */
function stubbornPeer(port: number, said: string): Promise<{ peer: Socket; heard: string }> {
  const peer = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  peers.push(peer);
  peer.on("error", () => {});
  peer.write(said);
  return new Promise((resolve) =>
    peer.once("data", (chunk) => resolve({ peer, heard: chunk.toString("latin1") })),
  );
}

const upgrade = (path: string, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${more}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

test.each([
  ["a refused WebSocket", upgrade("/v1/stream"), " 401 "],
  ["what is no HTTP", "rubbish\r\n\r\n", " 400 "],
])("%s gives its descriptor back, though its peer never closes", async (_, said, status) => {
  const { port } = await open(4);
  const refused = await Promise.all(Array.from({ length: 4 }, () => stubbornPeer(port, said)));
  for (const { heard } of refused) expect(heard).toContain(status);
  // The listener is full until they are gone; a connection too many is dropped unheard.
  await expect
    .poll(() => fetch(`http://127.0.0.1:${port}/healthz`).then(({ status: got }) => got, String), {
      timeout: 5000,
    })
    .toBe(200);
});

test("closing ends peers that say no goodbye", async () => {
  const { house, listening, port } = await open();
  const token = `Authorization: ${house.bearer("operator").authorization}\r\n`;
  const { heard } = await stubbornPeer(port, upgrade("/v1/events", token));
  expect(heard).toContain(" 101 ");
  await stubbornPeer(port, upgrade("/v1/events"));
  const before = performance.now();
  await listening.close();
  // Two hundred milliseconds on this clock; a ping's thirty seconds would be 1500.
  expect(performance.now() - before).toBeLessThan(1200);
});

test("a connection that was opened ahead and says nothing does not hold up the close", async () => {
  const { listening, port } = await open();
  const peer = connect({ port, host: "127.0.0.1" });
  peers.push(peer);
  peer.on("error", () => {});
  await once(peer, "connect");
  // Its turn in the listener's event loop has come when a later one was answered.
  await fetch(`http://127.0.0.1:${port}/healthz`);
  const before = performance.now();
  await listening.close();
  expect(performance.now() - before).toBeLessThan(150);
});

test("a WebSocket's query is all that stands behind the first question mark", async () => {
  const { house, port } = await open();
  const token = `Authorization: ${house.bearer("client").authorization}\r\n`;
  const { heard } = await stubbornPeer(port, upgrade("/v1/stream?bytes=10?strength=256", token));
  expect(heard).toContain(" 400 ");
  expect(house.supply.requests).toHaveLength(0);
});
