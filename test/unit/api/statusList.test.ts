import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { listen, type Listening } from "../../../src/api/listen.ts";
import { readStatusList } from "../../../src/key/revocation/statusToken.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { buildHouse, STATUS_SIGNER, type House } from "./house.ts";

let house: House;
let doors: Listening;
const clock = systemClock();
beforeAll(async () => {
  house = await buildHouse();
  doors = await listen(house.app, { clock, address: { host: "127.0.0.1", port: 0 } });
});
afterAll(() => doors.close());

const ask = (headers: Record<string, string> = {}) =>
  house.app.inject({
    url: "/v1/keys/status-list",
    headers: { ...house.bearer("client"), ...headers },
  });

/** The rooms of the house run on a clock of their own. */
function keysIn(token: string): readonly { readonly key: string; readonly state: string }[] {
  const [, list] = token.split(".");
  const { iat } = JSON.parse(Buffer.from(list!, "base64url").toString()) as { iat: number };
  const read = readStatusList(token, STATUS_SIGNER.verifier, iat * 1000);
  if (read.fault !== null) throw new Error(read.fault);
  return read.list.keys;
}

async function suspended(): Promise<string> {
  const post = (url: string, payload: object) =>
    house.app.inject({ method: "POST", url, payload, headers: house.bearer("client") });
  const { id } = (await post("/v1/keys", { type: "aes-256" })).json<{ id: string }>();
  const { statusCode } = await post(`/v1/keys/${id}/suspend`, { reason: "lost" });
  expect(statusCode).toBe(200);
  return id;
}

test("an answer is good until it changes, and its tag says so", async () => {
  const first = await ask();
  expect(first.statusCode).toBe(200);
  expect(first.headers["content-type"]).toContain("application/jwt");
  expect(first.headers["cache-control"]).toMatch(/^private, max-age=\d+$/);
  const tag = String(first.headers["etag"]);
  const same = await ask({ "if-none-match": tag });
  expect([same.statusCode, same.body]).toEqual([304, ""]);
  const id = await suspended();
  const changed = await ask({ "if-none-match": tag });
  expect(changed.statusCode).toBe(200);
  expect(keysIn(changed.body)).toContainEqual(expect.objectContaining({ key: id }));
});

test("a WebSocket has it at once, and a change within two seconds", async () => {
  const { port } = doors.address!;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/keys/status-list`, {
    headers: house.bearer("client"),
  });
  const lists: string[] = [];
  const arrivals: number[] = [];
  socket.on("message", (data: Buffer) => {
    lists.push(data.toString());
    arrivals.push(performance.now());
  });
  const arrived = (count: number) =>
    expect.poll(() => lists.length, { timeout: 10_000 }).toBe(count);
  await arrived(1);
  const id = await suspended();
  const told = performance.now();
  await arrived(2);
  expect(arrivals[1]! - told).toBeLessThan(2000);
  expect(keysIn(lists[1]!)).toContainEqual(
    expect.objectContaining({ key: id, state: "suspended" }),
  );
  socket.close();
});
