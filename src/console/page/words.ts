import type { SourceState } from "../../port/health.ts";

/** `repetition_count` as words. */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}

/** Parts as sentences, with a stop after each that has none. */
export function sentences(...parts: string[]): string {
  return parts
    .filter((part) => part !== "")
    .map((part) => (/[.?!]$/.test(part) ? part : `${part}.`))
    .join(" ");
}

/** A sign for each state, so that none is told by its colour alone. */
export const SIGNS: Readonly<Record<SourceState, string>> = {
  healthy: "●",
  starting: "◐",
  suspect: "▲",
  failed: "✕",
  absent: "○",
};

/** What a state means for the water. */
export const MEANINGS: Readonly<Record<SourceState, string>> = {
  healthy: "",
  starting: "Its startup test runs; what it gives is thrown away.",
  suspect: "A health test alarmed; what it gave was thrown away.",
  failed: "Latched: it gives nothing until an operator resets it.",
  absent: "It is not there.",
};

/** Suites that can take a live source, in the words of their reports. */
export const LIVE_SUITES: readonly (readonly [string, string])[] = [
  ["sp800-90b-non-iid", "SP 800-90B, non-IID track"],
  ["sp800-90b-iid", "SP 800-90B, IID track"],
  ["sp800-22", "SP 800-22, 188 tests"],
  ["fips140-2", "FIPS 140-2, block tests"],
  ["ais31", "AIS 31, T0 to T8"],
  ["ais20-31-v3", "AIS 20/31 version 3, black-box tests"],
];
