import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { LineageLine } from "../../src/port/service.ts";
import type { ServiceSnapshot } from "../../src/port/snapshot.ts";
import { CallMaker, Caller, type Call } from "./calls.ts";
import { RawConnection } from "./rawHttp.ts";
import { type Running, startSpringhouse, until } from "./springhouse.ts";

/*
 * Answers of interrupted calls that reached the next caller are a defect that a peer shipped (ESDM
 * up to 1.2.3). Many callers over TCP, the Unix socket and WebSocket, pipelining calls of all kinds
 * and hanging up at any instant and at every byte; what each got is held against what it asked for,
 * against what all others got, and against the lineage.
 */

const BATCH = 8;
/** A steady caller's connection is given up after so many calls, for a new one. */
const CALLS_ON_A_CONNECTION = 2000;
const CUTS_AT_ONCE = 32;
/** A WebSocket is a connection of its own for one call, so there are fewer of these. */
const CALLS_FOR_A_WEBSOCKET = 500;

/** @param configuration YAML, of the service that is called */
export function callersSuite(configuration: string, calls: number): void {
  let service: Running;
  const callers = new Map<string, Caller>();

  beforeAll(async () => {
    service = await startSpringhouse({ configuration });
    await until("all outlets to answer", async () => {
      const { outlets } = JSON.parse(await administer("GET /v1/status")) as ServiceSnapshot;
      return outlets.answering === outlets.configured;
    });
  });
  afterAll(async () => {
    expect(await service.stop()).toBe(0);
  });

  const DOORS = ["TCP", "Unix"] as const;

  function dial(door: (typeof DOORS)[number]): RawConnection {
    return new RawConnection(
      door === "TCP"
        ? { port: Number(new URL(service.url).port), host: "127.0.0.1" }
        : { path: join(service.state, "springhouse.sock") },
    );
  }

  /** Sends calls in one write, and holds each answer that came against its own call. */
  async function ask(connection: RawConnection, calls: readonly Call[]): Promise<number> {
    const answers = calls.map((call) => connection.expect(call.head.startsWith("HEAD ")));
    connection.socket.write(calls.map(({ head, body }) => head + body).join(""), "latin1");
    let count = 0;
    for (const [index, answer] of (await Promise.all(answers)).entries()) {
      if (answer === null) continue;
      calls[index]!.check(answer);
      count++;
    }
    if (connection.faults.length > 0) throw new Error(connection.faults.join());
    return count;
  }

  async function hangUp(connection: RawConnection): Promise<void> {
    connection.socket.destroy();
    await connection.closed;
  }

  let left = calls;
  let answered = 0;

  /** Not `answered += await ...`, which would add to what was before the wait. */
  function tally(count: number): void {
    answered += count;
  }

  function take(maker: CallMaker): Call[] {
    const count = Math.min(left, 1 + maker.below(BATCH));
    left -= count;
    return Array.from({ length: count }, () => maker.next());
  }

  /** Asks and waits, as a good client does: every one of its calls is answered. */
  async function steady(caller: Caller, door: (typeof DOORS)[number]): Promise<void> {
    const maker = new CallMaker(caller, service.url);
    while (left > 0) {
      const connection = dial(door);
      await connection.opened;
      for (let made = 0; made < CALLS_ON_A_CONNECTION && left > 0;) {
        const calls = take(maker);
        expect(await ask(connection, calls)).toBe(calls.length);
        made += calls.length;
        tally(calls.length);
      }
      await hangUp(connection);
    }
  }

  /** Hangs up in the middle: at once, after some turns, milliseconds or bytes; politely or not. */
  async function rude(caller: Caller, door: (typeof DOORS)[number]): Promise<void> {
    const maker = new CallMaker(caller, service.url);
    while (left > 0) {
      const connection = dial(door);
      await connection.opened;
      const { socket } = connection;
      const leave = (): void => {
        if (maker.below(2) === 0 && door === "TCP") socket.resetAndDestroy();
        else socket.destroy();
      };
      // Some batches whole, then one that is cut.
      for (let whole = maker.below(4); whole > 0; whole--)
        tally(await ask(connection, take(maker)));
      const cut = ask(connection, take(maker));
      const way = maker.below(3);
      if (way === 0) setTimeout(leave, maker.below(4));
      else if (way === 1) {
        let bytes = maker.below(4000);
        socket.on("data", (chunk: Buffer) => {
          bytes -= chunk.length;
          if (bytes <= 0) leave();
        });
        setTimeout(leave, 50);
      } else {
        for (let turns = maker.below(4); turns > 0; turns--)
          await new Promise((resolve) => setImmediate(resolve));
        leave();
      }
      tally(await cut);
      await connection.closed;
    }
  }

  async function overWebSocket(caller: Caller, polite: boolean): Promise<void> {
    const maker = new CallMaker(caller, service.url);
    while (left > 0) {
      const before = left;
      left--;
      const wanted = 1 + maker.below(50_000);
      const url = `${service.url.replace("http", "ws")}/v1/stream?bytes=${wanted}`;
      const socket = new WebSocket(url, { headers: { authorization: `Bearer ${caller.token}` } });
      let bytes = 0;
      socket.on("error", () => {});
      socket.on("message", (frame: Buffer) => {
        bytes += frame.length;
        caller.streamed([], frame);
        if (!polite && maker.below(2) === 0) socket.terminate();
      });
      if (!polite && maker.below(3) === 0) setTimeout(() => socket.terminate(), maker.below(5));
      const code = await new Promise<number>((resolve) => socket.on("close", resolve));
      if (polite) expect([code, bytes]).toEqual([1000, wanted]);
      expect(bytes).toBeLessThanOrEqual(wanted);
      tally(1);
      await until(
        "others to call",
        () => before - left >= CALLS_FOR_A_WEBSOCKET || left <= 0,
        600_000,
      );
    }
  }

  /** What the administrator asks, on a connection of its own that is gone afterwards. */
  async function administer(request: string, body = ""): Promise<string> {
    const connection = dial("TCP");
    const { authorization } = service.authorization;
    const answer = await connection.ask(
      `${request} HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
      body,
    );
    await hangUp(connection);
    if (answer === null || answer.status >= 300) throw new Error(`${request}: ${answer?.status}`);
    return answer.body.toString();
  }

  async function newCaller(name: string): Promise<Caller> {
    const order = JSON.stringify({ name, roles: ["client"] });
    const { id, token } = JSON.parse(await administer("POST /v1/tokens", order)) as {
      readonly id: string;
      readonly token: string;
    };
    const caller = new Caller(id, token);
    callers.set(id, caller);
    return caller;
  }

  async function lineage(): Promise<LineageLine[]> {
    const text = await administer("GET /v1/lineage");
    return text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as LineageLine);
  }

  /** What the lineage says that a caller was given. */
  function countsOf({ principal }: Caller, lines: readonly LineageLine[]) {
    const sums = { random: [0, 0], streamedBytes: 0 };
    for (const line of lines) {
      if (line.record !== "count" || line.principal !== principal) continue;
      if (line.purpose === "stream") sums.streamedBytes += line.bytes;
      else {
        sums.random[0]! += line.requests;
        sums.random[1]! += line.bytes;
      }
    }
    return sums;
  }

  /** Of the whole process, its threads' included. */
  function openSockets(): number {
    const directory = `/proc/${service.child.pid}/fd`;
    return readdirSync(directory).filter((name) => {
      try {
        return readlinkSync(join(directory, name)).startsWith("socket:");
      } catch {
        // Closed meanwhile.
        return false;
      }
    }).length;
  }

  /** Once what was open before, of the test itself, has gone. */
  async function settledSockets(): Promise<number> {
    let before = openSockets();
    await until("sockets to settle", async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const now = openSockets();
      const isSettled = now === before;
      before = now;
      return isSettled;
    });
    return before;
  }

  async function expectNoneLeftOver(before: number): Promise<void> {
    let now = Infinity;
    const gone = (): boolean => (now = openSockets()) <= before;
    await until("connections to go", gone).catch(() => expect(now).toBeLessThanOrEqual(before));
  }

  describe("whoever hangs up, every answer belongs to its call", () => {
    test.each(DOORS)("%s: cut at every byte of a request, and sent in two halves", async (door) => {
      const before = await settledSockets();
      const held = dial(door);
      await held.opened;
      await until("the connection to be seen", () => openSockets() === before + 1);
      await hangUp(held);
      const caller = await newCaller(`cut ${door}`);
      const maker = new CallMaker(caller, service.url);
      const whole = maker.octets();
      const key = maker.key();
      const cuts = [maker.octets(), key].flatMap((call) =>
        Array.from({ length: call.head.length + call.body.length }, (_, at) => ({ call, at })),
      );
      let place = 0;
      const worker = async (): Promise<void> => {
        for (let cut = cuts[place++]; cut; cut = cuts[place++]) {
          const { call, at } = cut;
          const text = call.head + call.body;
          // Behind a whole call, so that there is somebody for a wrong answer to reach.
          const aborted = dial(door);
          const first = aborted.expect();
          aborted.socket.write(whole.head + text.slice(0, at), "latin1");
          if (at % 2 === 0) whole.check((await first)!);
          else await aborted.opened;
          await hangUp(aborted);
          expect(aborted.faults).toEqual([]);
          const halved = dial(door);
          const answers = [halved.expect(), halved.expect()];
          halved.socket.write(whole.head + text.slice(0, at), "latin1");
          whole.check((await answers[0])!);
          halved.socket.write(text.slice(at), "latin1");
          call.check((await answers[1])!);
          await hangUp(halved);
          expect(halved.faults).toEqual([]);
        }
      };
      await Promise.all(Array.from({ length: CUTS_AT_ONCE }, worker));
      // A key whose body was cut was never made.
      const kept = (await lineage()).filter(
        (line) => line.record === "output" && line.principal === caller.principal,
      );
      expect(kept).toHaveLength(caller.keys.size);
      expect(kept.length).toBe(key.head.length + key.body.length);
      await expectNoneLeftOver(before);
    });

    test("many callers at once, of all kinds, and none gets what is another's", async () => {
      const before = await settledSockets();
      const steadyOnes: Caller[] = [];
      const running: Promise<void>[] = [];
      for (const door of [...DOORS, "TCP"] as const) {
        const good = await newCaller(`steady ${door}`);
        steadyOnes.push(good);
        running.push(steady(good, door), steady(good, door), rude(await newCaller("rude"), door));
      }
      const polite = await newCaller("polite WebSocket");
      steadyOnes.push(polite);
      running.push(overWebSocket(polite, true), overWebSocket(await newCaller("torn"), false));
      const started = performance.now();
      await Promise.all(running);
      const seconds = (performance.now() - started) / 1000;
      const torn = calls - answered;
      console.log(
        `${calls} calls in ${seconds.toFixed(0)} s: ${answered} answered, ${torn} cut; ` +
          `${Caller.distinct} outputs, all of them distinct`,
      );
      // Else hardly anything was tried.
      expect(answered).toBeGreaterThan(calls / 2);
      expect(torn).toBeGreaterThan(calls / 1000);

      await expectNoneLeftOver(before);
      const received = steadyOnes.map((caller) => ({
        random: [caller.draws, caller.drawnBytes],
        streamedBytes: caller.streamedBytes,
      }));
      let counted: typeof received = [];
      const settled = async (): Promise<boolean> => {
        const lines = await lineage();
        counted = steadyOnes.map((caller) => countsOf(caller, lines));
        return isDeepStrictEqual(counted, received);
      };
      await until("the counts to be written", settled).catch(() =>
        expect(counted).toEqual(received),
      );
      for (const line of await lineage())
        if (line.record === "output" && callers.has(line.principal)) {
          const owners = [...callers.values()].filter(({ keys }) => keys.has(line.id));
          expect(owners.length).toBeLessThanOrEqual(1);
          for (const { principal } of owners) expect(principal).toBe(line.principal);
        }
    }, 1_800_000);
  });
}
