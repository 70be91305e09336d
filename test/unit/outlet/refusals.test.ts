import { once } from "node:events";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { LINES_PER_SECOND } from "../../../src/api/log.ts";
import { Board, NOTHING_COUNTED, SLOTS } from "../../../src/outlet/board.ts";
import { OutletRefusals } from "../../../src/outlet/outletRefusals.ts";
import type { ToHouse } from "../../../src/outlet/protocol.ts";
import { Slots } from "../../../src/outlet/slots.ts";
import type { LiveFrame, RecentRefusal } from "../../../src/port/live.ts";
import type { Quota } from "../../../src/port/principal.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { until } from "../../support/springhouse.ts";
import { UNLIMITED } from "../access/memory.ts";
import { BOOT, isOutlets, openRig, principalOf, type Rig } from "./rig.ts";

/** One request of 9 bytes in a quarter of an hour. */
const HASTY: Quota = { requestsPerSecond: 0.001, bytesPerSecond: null };
const POOR: Quota = { requestsPerSecond: null, bytesPerSecond: 0.01 };

const passedOn = (rig: Rig): boolean => rig.thread().said.some((message) => "open" in message);

interface Line {
  readonly kind: string;
  readonly code: string;
  readonly request_id: string;
  readonly suppressed: number;
}

const linesOf = (rig: Rig, wanted: string): Line[] =>
  rig.house.log.map((line) => JSON.parse(line) as Line).filter(({ kind }) => kind === wanted);

/** What the console shows of refusals. */
async function recent(rig: Rig): Promise<readonly RecentRefusal[]> {
  const { port } = rig.listening.address!;
  const headers = rig.house.bearer("operator");
  const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/live`, { headers });
  onTestFinished(() => socket.close());
  for (;;) {
    const [data] = (await once(socket, "message")) as [Buffer];
    const frame = JSON.parse(data.toString()) as LiveFrame;
    if (frame.frame === "status") return frame.refusals;
  }
}

/** The answer to the second of two heads, to the byte. */
async function second(port: number, head: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  onTestFinished(() => void socket.destroy());
  let text = "";
  for (let asked = 0; asked < 2; asked++) {
    socket.write(head);
    const [chunk] = (await once(socket, "data")) as [Buffer];
    text = chunk.toString("latin1");
  }
  return text;
}

/** What a client, the log, the console and the quota's figures have of a quota that is used up. */
async function see(rig: Rig, token: string, port: number) {
  const { house } = rig;
  const principal = principalOf(rig, token);
  house.log.length = 0;
  const answer = await second(port, rig.headOf(token, "/v1/random?bytes=9"));
  await until("its line", () => linesOf(rig, "refused").length === 1);
  rig.outlets.fold();
  const id = linesOf(rig, "refused")[0]!.request_id;
  expect(answer).toContain(`"request_id":"${id}"`);
  const without = (text: string): string =>
    text
      .replaceAll(id, "ID")
      .replaceAll(principal, "WHO")
      .replace(/Date: .*/, "Date")
      .replace(/"atMilliseconds":\d+/, "");
  const use = house.access.quotas.uses().find(({ client }) => client === principal);
  const shown = (await recent(rig)).find((one) => one.principal === principal);
  return {
    id,
    seen: {
      answer: without(answer),
      log: house.log.map(without),
      use: { ...use, client: null },
      shown: { ...shown, principal: null, firstMilliseconds: 0, lastMilliseconds: 0 },
    },
  };
}

test.each([
  ["requests", HASTY],
  ["bytes", POOR],
] as const)("a quota of %s that is used up: byte for byte as the house", async (what, quota) => {
  const rig = await openRig();
  const own = await see(rig, await rig.house.issue(["client"], quota), rig.port);
  const house = await see(
    rig,
    await rig.house.issue(["client"], quota),
    rig.listening.address!.port,
  );
  expect(own.seen).toEqual(house.seen);
  expect(own.seen.answer).toContain("429 Too Many Requests");
  expect(own.seen.answer).toContain(`The quota of ${what} per second is used up.`);
  expect(own.seen.shown).toMatchObject({ code: "over_quota", count: 1 });
  // No two threads give the same.
  expect(own.id.slice(0, 14)).not.toBe(house.id.slice(0, 14));
  expect(passedOn(rig)).toBe(false);
  const { http } = rig.tally.doors;
  await until("both to be counted", () => {
    rig.outlets.fold();
    return http.codes.size === 2;
  });
  expect(http.codes).toEqual(new Map([200, 429].map((status) => [status, 1])));
  expect(rig.tally.refusals).toEqual(new Map([["over_quota", 1]]));
  expect(http.durations.series().at(-1)).toMatchObject({ suffix: "_count", value: 2 });
});

test("a connection is its outlet's after a refusal as before", async () => {
  const rig = await openRig();
  const quota = { requestsPerSecond: 5, bytesPerSecond: null };
  const token = await rig.house.issue(["client"], quota);
  const connection = rig.dial();
  const hot = rig.headOf(token, "/v1/random?bytes=32");
  let refused = 0;
  for (let asked = 0; asked < 50; asked++) {
    const answer = (await connection.ask(hot))!;
    if (answer.status === 429) refused++;
    else expect(isOutlets(answer)).toBe(true);
  }
  expect(refused).toBeGreaterThan(10);
  await until("it to be served again", async () => isOutlets(await connection.ask(hot)));
  expect(passedOn(rig)).toBe(false);
});

test("a flood of refusals: as few lines as the house writes, and every one of them counted", async () => {
  const rig = await openRig();
  const token = await rig.house.issue(["client"], HASTY);
  const principal = principalOf(rig, token);
  const connection = rig.dial();
  const begun = performance.now();
  const hot = rig.headOf(token, "/v1/random?bytes=9");
  expect((await connection.ask(hot))!.status).toBe(200);
  let refused = 0;
  for (; refused < 10 * LINES_PER_SECOND; refused++)
    expect((await connection.ask(hot))!.status).toBe(429);
  const seconds = Math.ceil((performance.now() - begun) / 1000) + 1;
  const told = rig.thread().said.filter((message) => "refused" in message).length;
  expect(told).toBeLessThanOrEqual(LINES_PER_SECOND * seconds);
  // The thread dies with what it has not told, and with what was not read of the board.
  await rig.terminate();
  await until("its end", () => rig.outlets.snapshot().lostTotal === 1);
  expect(rig.tally.refusals.get("over_quota")).toBe(refused);
  expect(rig.tally.doors.http.codes.get(429)).toBe(refused);
  const use = rig.house.access.quotas.uses().find(({ client }) => client === principal);
  expect(use).toMatchObject({ requests: 1, bytes: 9, refusedRequests: refused, refusedBytes: 0 });
  expect((await recent(rig)).find((one) => one.principal === principal)?.count).toBe(refused);
  // Those without a line are told with the first refusal of a later second.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await rig.house.app.inject({ url: "/v1/random" });
  const lines = linesOf(rig, "refused").filter(({ code }) => code === "over_quota").length;
  const suppressed = linesOf(rig, "refusals_suppressed").map((line) => line.suppressed);
  expect(suppressed.reduce((sum, count) => sum + count, lines)).toBe(refused);
  // Of the one answer with bytes, and of nothing else.
  expect(rig.counts.every(({ seed }) => seed.startsWith(`s-${BOOT}-`))).toBe(true);
  expect(rig.counted(principal)).toEqual({ requests: 1, bytes: 9 });
});

test("no more is told in a second than the log has lines for, and then again", () => {
  const clock = new FakeClock();
  const board = new Board();
  const told: ToHouse[] = [];
  const tell = (message: ToHouse): void => void told.push(message);
  const refusals = new OutletRefusals(clock, board, new Slots(board, tell), tell);
  const principal = { id: "p", name: "p", roles: ["client"], quota: UNLIMITED } as const;
  const refuse = (what: "requests" | "bytes"): void => {
    const refusal = refusals.overQuota(principal, { what, milliseconds: 1 });
    refusals.note(refusal, refusals.nextId(), principal);
  };
  for (let times = 0; times < 30; times++) refuse("requests");
  clock.advance(1000);
  for (let times = 0; times < 25; times++) refuse("bytes");
  const [slot, ...lines] = told;
  expect(slot).toMatchObject({ seed: null, principal: "p" });
  expect(lines).toHaveLength(2 * LINES_PER_SECOND);
  expect(new Set(lines.map((line) => "id" in line && line.id)).size).toBe(lines.length);
  expect(board.counted((slot as { slot: number }).slot)).toEqual({
    ...NOTHING_COUNTED,
    requests: 25,
    refusedRequests: 30,
    refusedBytes: 25,
    untold: 15,
  });
});

test("slots of refusals are given to the house as all others when they run out", () => {
  const board = new Board();
  const told: ToHouse[] = [];
  const slots = new Slots(board, (message) => void told.push(message));
  slots.count("s", "p", 1, true);
  for (let number = 1; number < SLOTS; number++) slots.refused(`p${number}`, "requests");
  expect(slots.has(1)).toBe(false);
  const full = told.flatMap((message) => ("full" in message ? message.full : []));
  expect(new Set(full).size).toBe(SLOTS);
  slots.freed(full);
  expect(slots.has(SLOTS)).toBe(true);
  slots.refused("p1", "bytes");
  expect(told.at(-1)).toMatchObject({ seed: null, principal: "p1" });
});

test("a defect that cannot be counted is not answered here", () => {
  const board = new Board();
  const told: ToHouse[] = [];
  const tell = (message: ToHouse): void => void told.push(message);
  const slots = new Slots(board, tell);
  const refusals = new OutletRefusals(new FakeClock(), board, slots, tell);
  for (let number = 0; number < SLOTS; number++) slots.refused(`p${number}`, "requests");
  const principal = { id: "late", name: "p", roles: ["client"], quota: UNLIMITED } as const;
  expect(refusals.mayFail(principal, 13)).toBe(false);
  const read = told.flatMap((message) => ("full" in message ? message.full : []));
  for (const slot of read) board.clear(slot);
  slots.freed(read);
  expect(refusals.mayFail(principal, 13)).toBe(true);
  const { slot } = told.at(-1) as { slot: number };
  expect(board.counted(slot)).toEqual({ ...NOTHING_COUNTED, requests: 1, bytes: 13 });
});
