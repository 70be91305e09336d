import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { Session } from "../../../src/source/session.ts";

test("the first reason counts, releases run once, last first, and the signal is let go", async () => {
  const controller = new AbortController();
  const session = new Session(controller.signal);
  const released: string[] = [];
  session.defer(() => released.push("first taken"));
  session.defer(() => released.push("last taken"));
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
  session.end("unplugged", "it went away");
  session.end("protocol", "too late");
  expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  controller.abort();
  expect(await session.ended).toEqual({ reason: "unplugged", detail: "it went away" });
  expect(released).toEqual(["last taken", "first taken"]);
  session.defer(() => released.push("after the end"));
  expect(released).toHaveLength(3);
});

test("an abort ends it, and nothing runs under guard after that", async () => {
  const controller = new AbortController();
  const session = new Session(controller.signal);
  let runs = 0;
  session.guard(() => (runs += 1));
  controller.abort();
  session.guard(() => (runs += 1));
  expect((await session.ended).reason).toBe("aborted");
  expect([runs, session.over]).toEqual([1, true]);
});

test("what throws under guard is a bug: the session rejects, and releases all the same", async () => {
  const session = new Session(new AbortController().signal);
  let released = false;
  session.defer(() => (released = true));
  session.guard(() => {
    throw new Error("a bug");
  });
  await expect(session.ended).rejects.toThrow("a bug");
  expect(released).toBe(true);
});
