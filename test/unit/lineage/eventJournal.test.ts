import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openEventJournal } from "../../../src/lineage/eventJournal.ts";
import type { KeptEvent, ServiceEvent } from "../../../src/port/event.ts";
import { SpringhouseError } from "../../../src/port/errors.ts";
import { IN_MEMORY } from "../../../src/store/sqliteEngine.ts";
import { openSqliteStore } from "../../../src/store/sqliteStore.ts";
import type { Store } from "../../../src/store/store.ts";
import { FakeClock, settled } from "../../support/fakeClock.ts";
import { temporaryState } from "../../support/temporaryState.ts";
import { anyEvent } from "./records.ts";

function anEvent(detail: string, severity: ServiceEvent["severity"] = "info"): ServiceEvent {
  const none = { source: null, actor: null, reason: null, data: {} };
  return { kind: "reseed", atMilliseconds: 1, severity, detail, ...none };
}

function memory(clock: FakeClock): Store {
  return openSqliteStore({ directory: IN_MEMORY, maximumBytes: null }, clock);
}

/** The real store, whose writes can be made to fail or to wait: a disk, as the journal sees it. */
function unreliable(inner: Store) {
  const disk = { failing: false, gate: Promise.resolve() };
  const store: Store = {
    ...inner,
    write: async (batch) => {
      const { failing } = disk;
      await disk.gate;
      if (failing) throw new SpringhouseError("store_failed", "planted");
      await inner.write(batch);
    },
  };
  return { store, disk };
}

test("every event comes back as it went in, with growing numbers", async () => {
  const clock = new FakeClock();
  const store = memory(clock);
  const journal = await openEventJournal(store, clock);
  let last = 0;
  await fc.assert(
    fc.asyncProperty(anyEvent, fc.boolean(), async (event, act) => {
      if (act) await journal.record(event);
      else journal.event(event);
      const [kept, ...more] = await journal.since(last, 10);
      expect(more).toEqual([]);
      expect(kept).toEqual({ ...event, sequence: last + 1 });
      await settled();
      expect(await journal.since(last, 10)).toEqual([kept]);
      last = kept!.sequence;
    }),
    { numRuns: 300 },
  );
  await journal.stop();
  await store.close();
});

test("numbers are never given twice: a clean stop leaves no gap, a crash may", async () => {
  await using state = await temporaryState();
  const clock = new FakeClock();
  const open = () => openSqliteStore({ directory: state.directory, maximumBytes: null }, clock);
  let store = open();
  let journal = await openEventJournal(store, clock);
  journal.event(anEvent("one"));
  await journal.stop();
  await store.close();

  store = open();
  journal = await openEventJournal(store, clock);
  let seen = 0;
  journal.subscribe(({ sequence }) => (seen = sequence));
  journal.event(anEvent("two"));
  expect(seen).toBe(2);
  for (let n = 0; n < 500; n++) journal.event(anEvent("shown, and never kept"));
  const lost = seen;
  // No stop: what is closed under the journal is a crash to it.
  await store.close();

  store = open();
  journal = await openEventJournal(store, clock);
  await journal.record(anEvent("after"));
  const after = (await journal.since(0, 1000)).at(-1)!;
  expect(after).toMatchObject({ detail: "after" });
  expect(after.sequence).toBeGreaterThan(lost);
  await journal.stop();
  await store.close();
});

test("an act that is not kept is rejected, and nobody sees it", async () => {
  const clock = new FakeClock();
  const inner = memory(clock);
  const { store, disk } = unreliable(inner);
  const journal = await openEventJournal(store, clock);
  const seen: string[] = [];
  journal.subscribe(({ detail }) => seen.push(detail));
  disk.failing = true;
  await expect(journal.record(anEvent("act"))).rejects.toMatchObject({ code: "store_failed" });
  disk.failing = false;
  await journal.record(anEvent("second act"));
  expect(seen).toEqual(["second act"]);
  expect((await journal.since(0, 10)).map(({ detail }) => detail)).toEqual(["second act"]);
  await inner.close();
});

test("subscribers see numbers in order, and a page ends before an act whose fate is open", async () => {
  const clock = new FakeClock();
  const inner = memory(clock);
  const { store, disk } = unreliable(inner);
  const journal = await openEventJournal(store, clock);
  const seen: string[] = [];
  journal.subscribe(({ detail }) => seen.push(detail));
  let open = (): void => {};
  disk.gate = new Promise((resolve) => (open = resolve));
  const act = journal.record(anEvent("act"));
  disk.gate = Promise.resolve();
  journal.event(anEvent("alarm", "critical"));
  await settled();
  expect(seen).toEqual([]);
  expect(await journal.since(0, 10)).toEqual([]);
  open();
  await act;
  expect(seen).toEqual(["act", "alarm"]);
  expect((await journal.since(0, 10)).map(({ detail }) => detail)).toEqual(seen);
  await inner.close();
});

test("a failing store loses nothing that fits, and of the rest the oldest info first", async () => {
  const clock = new FakeClock();
  const inner = memory(clock);
  const { store, disk } = unreliable(inner);
  const journal = await openEventJournal(store, clock);
  const live: KeptEvent[] = [];
  journal.subscribe((event) => live.push(event));
  disk.failing = true;
  journal.event(anEvent("first", "critical"));
  for (let n = 0; n < 10_001; n++) journal.event(anEvent(`info ${n}`));
  await clock.run(5000);
  expect(live).toHaveLength(10_002);
  expect(journal.dropped()).toBe(2);
  // What waits can be asked for although the store has none of it.
  expect((await journal.since(0, 2)).map(({ detail }) => detail)).toEqual(["first", "info 2"]);
  disk.failing = false;
  await clock.run(1000);
  const kept = await inner.read("event.since", [0, 20_000]);
  expect(kept).toHaveLength(10_000);
  expect(kept[0]).toMatchObject({ detail: "first", sequence: 1 });
  await journal.stop();
  await inner.close();
  expect(clock.pending).toBe(0);
});

test("a subscriber that throws, leaves or causes events hurts nobody", async () => {
  const clock = new FakeClock();
  const store = memory(clock);
  const journal = await openEventJournal(store, clock);
  const seen: string[] = [];
  journal.subscribe(() => {
    throw new Error("a defect");
  });
  const leave = journal.subscribe(({ detail }) => {
    leave();
    journal.event(anEvent(`because of ${detail}`));
  });
  journal.subscribe(({ detail }) => seen.push(detail));
  journal.event(anEvent("one"));
  journal.event(anEvent("two"));
  expect(seen).toEqual(["one", "because of one", "two"]);
  await journal.stop();
  await store.close();
});

test("an alarm with data that cannot be kept is kept without it", async () => {
  const clock = new FakeClock();
  const store = memory(clock);
  const journal = await openEventJournal(store, clock);
  journal.event({ ...anEvent("x"), data: { margin: Number.NaN, cutoff: 41 } });
  await settled();
  expect((await journal.since(0, 1))[0]?.data).toEqual({ margin: null, cutoff: 41 });
  // One that the database refuses for good does not stand in the way of the next.
  journal.event({ ...anEvent("unkeepable"), detail: undefined as unknown as string });
  journal.event(anEvent("next"));
  await settled();
  await journal.stop();
  expect((await store.read("event.since", [0, 9])).map(({ detail }) => detail)).toEqual([
    "x",
    "next",
  ]);
  expect(journal.dropped()).toBe(1);
  await store.close();
});
