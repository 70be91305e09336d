import { describe, expect, test } from "vitest";
import { Presence } from "../../../src/entropy/presence.ts";
import type { SessionEndReason } from "../../../src/port/source.ts";

const SILENCE = 2000;

function ended(reason: SessionEndReason) {
  return { end: { reason, detail: "the evidence" } } as const;
}

function openPresence(silenceMilliseconds = SILENCE): Presence {
  const presence = new Presence(silenceMilliseconds);
  presence.opened(1000);
  return presence;
}

/** The first whole second after the open in which it is given up. */
function givenUpAfter(presence: Presence, lastSampleAt: number | null): number {
  for (let seconds = 0; seconds <= 600; seconds += 1)
    if (presence.isGivenUp(1000 + seconds * 1000, lastSampleAt)) return seconds;
  return Infinity;
}

describe("an open device that is silent", () => {
  test("is given up 10 s after its last sample", () => {
    expect(givenUpAfter(openPresence(), 1000 + 7000)).toBe(17);
  });

  test.each([
    ["nothing at all", null],
    ["nothing since it was opened", 999],
  ])("is given up after 30 s where it sent %s", (_what, lastSampleAt) => {
    expect(givenUpAfter(openPresence(), lastSampleAt)).toBe(30);
  });

  test("is given three times the silence that its configuration allows", () => {
    expect(givenUpAfter(openPresence(20_000), 1000)).toBe(60);
    expect(givenUpAfter(openPresence(20_000), null)).toBe(60);
  });

  test("is told as silent, whatever the abort made of its end, and only this once", () => {
    const presence = openPresence();
    presence.isGivenUp(31_000, null);
    presence.ended(ended("aborted"), null);
    expect(presence.absence).toMatchObject({ cause: "device_silent" });
    presence.opened(40_000);
    presence.ended(ended("unplugged"), 41_000);
    expect(presence.absence).toMatchObject({ cause: "device_absent", detail: "the evidence" });
  });

  test("cannot be given up while it is not open", () => {
    expect(givenUpAfter(new Presence(SILENCE), null)).toBe(Infinity);
    const presence = openPresence();
    presence.ended(ended("unplugged"), null);
    expect(givenUpAfter(presence, null)).toBe(Infinity);
  });
});

describe("what follows a session", () => {
  /** Sessions of the same kind, one after another. @returns the pauses, milliseconds */
  function pauses(sessions: number, heardMilliseconds: number | null): number[] {
    const presence = new Presence(SILENCE);
    return Array.from({ length: sessions }, (_, n) => {
      const at = n * 1e6;
      presence.opened(at);
      const last = heardMilliseconds === null ? at - 1 : at + heardMilliseconds;
      const sequel = presence.ended(ended("unplugged"), last);
      return sequel.next === "retried" ? sequel.afterMilliseconds : NaN;
    });
  }

  test("is another one, ever later while none of them brought samples for long", () => {
    expect(pauses(4, 59_999)).toEqual([250, 500, 1000, 2000]);
    expect(pauses(4, null)).toEqual([250, 500, 1000, 2000]);
  });

  test("is another one at once where they did", () => {
    expect(pauses(4, 60_000)).toEqual([250, 250, 250, 250]);
  });

  test("is nothing after a recording's end", () => {
    expect(openPresence().ended(ended("exhausted"), 2000)).toEqual({ next: "none" });
  });

  test("is the next one at once where it was ended for that, which is no failure", () => {
    const presence = new Presence(SILENCE);
    for (let n = 0; n < 100; n += 1) {
      presence.opened(n);
      presence.reopening();
      expect(presence.ended(ended("aborted"), n)).toEqual({ next: "reopened" });
    }
    expect(presence.absence).toMatchObject({ detail: "closed, to be opened again" });
    presence.opened(1000);
    expect(presence.ended(ended("unplugged"), 1001)).toEqual({
      next: "retried",
      afterMilliseconds: 250,
    });
  });

  test.each(["before", "after"])("a reopening %s it is given up is no silence", (order) => {
    const presence = openPresence();
    if (order === "before") presence.reopening();
    expect(presence.isGivenUp(31_000, null)).toBe(true);
    if (order === "after") presence.reopening();
    expect(presence.ended(ended("aborted"), null)).toEqual({ next: "reopened" });
  });

  test("a defect is a failure, even in a session that was ended to open the next one", () => {
    const presence = openPresence();
    presence.reopening();
    expect(presence.ended({ fault: new Error("books") }, 2000)).toMatchObject({ next: "retried" });
    expect(presence.absence).toMatchObject({ cause: "internal", detail: "books" });
    presence.opened(3000);
    expect(presence.ended(ended("unplugged"), 4000)).toMatchObject({ next: "retried" });
  });
});
