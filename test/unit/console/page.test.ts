import { describe, expect, test } from "vitest";
import { Columns } from "../../../src/console/page/columns.ts";
import {
  bytes,
  clockTime,
  count,
  duration,
  perYear,
  Rates,
  short,
} from "../../../src/console/page/format.ts";
import { LIVE_SUITES, MEANINGS, sentences, SIGNS } from "../../../src/console/page/words.ts";
import { SUITE_CARDS } from "../../../src/assess/suites.ts";
import { SOURCE_STATES } from "../../../src/port/health.ts";

describe("figures", () => {
  test.each([
    [count(0), "0"],
    [count(999), "999"],
    [count(1000), "1\u202f000"],
    [count(1234567.8), "1\u202f234\u202f568"],
    [short(999), "999"],
    [short(999.6), "1k"],
    [short(49_999), "50k"],
    [short(1_250_000), "1.3M"],
    [bytes(0), "0 B"],
    [bytes(1023), "1023 B"],
    [bytes(1024), "1 KiB"],
    [bytes(16_384), "16 KiB"],
    [bytes(1_572_864), "1.5 MiB"],
    [duration(-5), "0 s"],
    [duration(59_999), "59 s"],
    [duration(60_000), "1 min"],
    [duration(7_200_000), "2 h"],
    [duration(172_800_000), "2 d"],
    [perYear(0), "never"],
    [perYear(1.34), "1.3 a year"],
    [perYear(0.05), "once in 20 years"],
    [perYear(1e-9), "less than once in a million years"],
  ])("%s", (shown, expected) => {
    expect(shown).toBe(expected);
  });

  test("a time of another day has the day", () => {
    const noon = new Date(2026, 2, 4, 12, 5, 6).getTime();
    expect(clockTime(noon, noon + 1000)).toBe("12:05:06");
    expect(clockTime(noon, noon + 86_400_000)).toBe("2026-03-04 12:05:06");
  });

  test("rates are quotients of counters, and begin anew after a restart", () => {
    const rates = new Rates();
    expect(rates.next("a", 5000, 0)).toBe(0);
    expect(rates.next("a", 5500, 500)).toBe(1000);
    // Too soon for another figure.
    expect(rates.next("a", 5501, 600)).toBe(1000);
    let rate = 0;
    for (let at = 1; at <= 20; at++) rate = rates.next("a", 5500 + at * 100, 500 + at * 500);
    expect(rate).toBeCloseTo(200, 0);
    expect(rates.next("a", 3, 11_000)).toBe(0);
    expect(rates.next("b", 3, 11_000)).toBe(0);
  });
});

describe("bits", () => {
  test("stand one below the other, most significant first, whatever the width of a sample", () => {
    const columns = new Columns(8);
    expect(columns.add(Uint8Array.of(0x80, 0x01, 0xff))).toEqual([]);
    const [column, ...more] = columns.add(Uint8Array.of(0x00, 0xaa));
    expect(more).toEqual([]);
    expect(column!.join("")).toBe("10000000000000011111111100000000");
    const [narrow] = new Columns(3).add(new Uint8Array(11).fill(0b101));
    expect(narrow!.join("")).toBe("10110110110110110110110110110110");
  });
});

describe("words", () => {
  test("there are some for every state, and no sign for two", () => {
    for (const state of SOURCE_STATES) expect(MEANINGS[state] === "").toBe(state === "healthy");
    expect(new Set(SOURCE_STATES.map((state) => SIGNS[state])).size).toBe(SOURCE_STATES.length);
  });

  test("each suite that can take a live source is offered, and no other", () => {
    const live = Object.entries(SUITE_CARDS)
      .filter(([, { notLive }]) => notLive === undefined)
      .map(([name]) => name);
    expect(LIVE_SUITES.map(([name]) => name).toSorted()).toEqual(live.toSorted());
  });

  test("parts become sentences", () => {
    expect(sentences("2 of 3 are healthy", "", "Why?", "Wait.")).toBe(
      "2 of 3 are healthy. Why? Wait.",
    );
  });
});
