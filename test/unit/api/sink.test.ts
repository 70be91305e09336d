import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { beforeEach, expect, test } from "vitest";
import { type Sink, responseSink } from "../../../src/api/sink.ts";
import { FakeClock } from "../../support/fakeClock.ts";

/* A write is given so long and no longer, with one timer for all writes of a sink. */

const STALL_MILLISECONDS = 1000;

class Response extends EventEmitter {
  destroyed = false;
  done: ((error?: Error) => void) | null = null;

  write(_chunk: Uint8Array, done: (error?: Error) => void): void {
    this.done = done;
  }

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

let clock: FakeClock;
let response: Response;
let sink: Sink;
/** How each write ended, or that it has not. */
let ends: ("under way" | boolean)[];

beforeEach(() => {
  clock = new FakeClock();
  response = new Response();
  sink = responseSink(clock, STALL_MILLISECONDS, response as unknown as ServerResponse);
  ends = [];
});

function write(): void {
  const index = ends.push("under way") - 1;
  void sink.write(new Uint8Array(1)).then((sent) => (ends[index] = sent));
}

test("a write that takes less than its time is whole, however many there were before it", async () => {
  for (let i = 0; i < 10; i++) {
    write();
    await clock.run(STALL_MILLISECONDS - 1);
    response.done!();
    await clock.run(0);
  }
  expect([ends, response.destroyed]).toEqual([Array(10).fill(true), false]);
});

test("a write that takes longer ends the connection, counted from its own beginning", async () => {
  write();
  await clock.run(600);
  response.done!();
  await clock.run(0);
  write();
  await clock.run(STALL_MILLISECONDS - 1);
  expect([ends, response.destroyed]).toEqual([[true, "under way"], false]);
  await clock.run(1);
  expect([ends, response.destroyed]).toEqual([[true, false], true]);
  expect(await sink.write(new Uint8Array(1))).toBe(false);
});

test("between two writes nothing is timed", async () => {
  write();
  response.done!();
  await clock.run(10 * STALL_MILLISECONDS);
  expect([ends, response.destroyed, clock.pending]).toEqual([[true], false, 0]);
});

test("a client that goes ends the write under way, and a failed one is told", async () => {
  write();
  response.done!(new Error("reset"));
  write();
  response.destroy();
  await clock.run(0);
  expect([ends, sink.gone.aborted, clock.pending]).toEqual([[false, false], true, 0]);
});
