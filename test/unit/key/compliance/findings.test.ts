import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { CONTROLS } from "../../../../src/key/compliance/controls.ts";
import { CRYPTOPERIOD_DAYS } from "../../../../src/key/compliance/cryptoperiod.ts";
import { findingsOf, type ComplianceFacts } from "../../../../src/key/compliance/findings.ts";
import { KEY_PURPOSES } from "../../../../src/port/key.ts";
import { TWO } from "../approval/rig.ts";

const DAY = 86_400_000;
const NOW = 10_000 * DAY;
const person = (name: string) => ({ person: name, removedMilliseconds: null });

/** Nothing stands out. */
const SOUND: ComplianceFacts = {
  atMilliseconds: NOW,
  protecting: [{ key: "k-1", version: 1, purpose: "encryption", activatedMilliseconds: NOW - DAY }],
  exportable: [],
  slots: [],
  custodians: [person("ada"), person("ben")],
  required: TWO,
  witnesses: [{ name: "elsewhere", lagMilliseconds: 60_000 }],
};
const kinds = (change: Partial<ComplianceFacts>): string[] =>
  findingsOf({ ...SOUND, ...change }).map(({ kind, subject }) => `${kind} ${subject}`);

test("where all is well nothing is found", () => {
  expect(kinds({})).toEqual([]);
});

test.each(KEY_PURPOSES)("a %s key is found on the day after its cryptoperiod", (purpose) => {
  const since = (milliseconds: number) =>
    kinds({
      protecting: [{ key: "k-2", version: 3, purpose, activatedMilliseconds: NOW - milliseconds }],
    });
  const period = CRYPTOPERIOD_DAYS[purpose] * DAY;
  expect(since(period)).toEqual([]);
  expect(since(period + 1)).toEqual(["past_cryptoperiod k-2/3"]);
});

test("each planted weakness is found, by itself", () => {
  expect(kinds({ exportable: ["k-9"] })).toEqual(["exportable_key k-9"]);
  expect(kinds({ slots: [{ id: "slot-1", kind: "passphrase", name: "ada's" }] })).toEqual([
    "best_effort_slot slot-1",
  ]);
  expect(kinds({ required: { ...TWO, "key.export": 1 } })).toEqual(["few_custodians key.export"]);
  expect(kinds({ witnesses: [] })).toEqual(["no_witness transparency.witnesses"]);
  expect(kinds({ witnesses: [{ name: "elsewhere", lagMilliseconds: 60_001 }] })).toEqual([
    "witness_lags elsewhere",
  ]);
});

test("several keys of one person, and one who left, are no two people", () => {
  const left = { person: "ben", removedMilliseconds: NOW };
  for (const custodians of [[person("ada"), person("ada")], [person("ada"), left], []])
    expect(kinds({ custodians })).toHaveLength(Object.keys(TWO).length);
});

test("a clause that was read nowhere says so", () => {
  const unread = CONTROLS.filter(({ source }) => source === null);
  expect(unread.map(({ standard, clause }) => `${standard} ${clause}`)).toEqual([
    "SP 800-57 part 1 r5 5.2",
    "SP 800-57 part 1 r5 8.3.5",
  ]);
});

test("every control names a test that is there, and none is said to be met", () => {
  for (const { tests } of CONTROLS) {
    expect(tests.length).toBeGreaterThan(0);
    for (const file of tests)
      expect(existsSync(new URL(`../../../../${file}`, import.meta.url)), file).toBe(true);
  }
  expect(JSON.stringify(CONTROLS)).not.toMatch(/compliant|certified/i);
  const standards = CONTROLS.map(({ standard }) => standard).join(" ");
  for (const one of ["800-57", "800-90A", "800-90B", "800-90C", "800-53", "PCI DSS", "27002"])
    expect(standards).toContain(one);
});
