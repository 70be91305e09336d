import { describe, expect, test } from "vitest";
import { TapChannel } from "../../../src/entropy/tap.ts";
import type { SessionEndReason } from "../../../src/port/source.ts";
import { FakeSource, HEALTH, healthyHouse, house, options, RESEED } from "./support.ts";

describe("the life of a source", () => {
  test("goes on for ever over unplugs, and its quorum with it", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock, events } = await healthyHouse([source]);
    for (let n = 0; n < 20; n += 1) {
      source.unplug();
      await clock.run(35_000);
      expect(source.sink).not.toBeNull();
      source.emit(1024);
      expect(room.snapshot()[0]).toMatchObject({ state: "healthy", cause: null });
    }
    const count = (kind: string) => events.filter((event) => event.kind === kind).length;
    expect(count("quorum_met")).toBe(21);
    expect(count("quorum_lost")).toBe(20);
    expect(source.sessions).toBe(21);
    await room.stop();
    expect(clock.pending).toBe(0);
  });

  test.each<[SessionEndReason, string]>([
    ["absent", "device_absent"],
    ["permission", "device_permission"],
    ["locked", "device_locked"],
    ["unplugged", "device_absent"],
    ["silent", "device_silent"],
    ["protocol", "device_protocol"],
    ["exited", "program_exited"],
    ["exhausted", "recording_exhausted"],
  ])("tells %s as %s, with a remedy", async (reason, cause) => {
    const source = new FakeSource("a", 1);
    const { room, clock } = await healthyHouse([source]);
    source.device = null;
    source.unplug({ reason, detail: "the evidence" });
    await clock.run(1);
    expect(room.snapshot()[0]).toMatchObject({ state: "absent", cause, detail: "the evidence" });
    expect(room.snapshot()[0]?.remedy).not.toBeNull();
    await room.stop();
  });

  test("opens an absent device ever more slowly, and an exhausted recording never again", async () => {
    const source = new FakeSource("a", 1);
    source.device = null;
    const { room, clock } = house([options(source)]);
    room.start();
    await clock.run(600_000);
    expect(source.sessions).toBeGreaterThan(15);
    expect(source.sessions).toBeLessThan(40);
    await room.stop();
    const recording = new FakeSource("b", 1, "recording");
    const other = await healthyHouse([recording]);
    recording.unplug({ reason: "exhausted", detail: "end" });
    await other.clock.run(600_000);
    expect(recording.sessions).toBe(1);
    await other.room.stop();
  });

  test("an alarm empties the pool, tells whoever prepared seeds, and loses the quorum", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock, events } = await healthyHouse([source]);
    const discarded: string[] = [];
    room.onSourceDiscarded((id) => discarded.push(id));
    source.emit(1500);
    await clock.run(400);
    expect(room.snapshot()[0]?.poolBlocks).toBe(10);
    source.stuck(12);
    expect(discarded).toEqual(["a"]);
    expect(room.snapshot()[0]).toMatchObject({
      poolBlocks: 0,
      state: "suspect",
      cause: "health_suspect",
      credited: false,
    });
    expect(events.map(({ kind }) => kind).slice(-3)).toEqual([
      "health_alarm",
      "source_state",
      "quorum_lost",
    ]);
    await room.stop();
  });

  test("a block waits until its window is closed, by time", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock } = await healthyHouse([source]);
    let changes = 0;
    room.onPoolChanged(() => (changes += 1));
    source.emit(200);
    await clock.run(249);
    expect(room.take(RESEED)).toMatchObject({ unmet: ["strength"] });
    await clock.run(100);
    expect(changes).toBe(1);
    expect(room.take(RESEED).type).toBe("entropy");
    await room.stop();
  });

  test("a silent device is absent, opened ever more slowly, told once, and taken back when it speaks", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock, events } = house([
      options(source, { health: { ...HEALTH, silenceMilliseconds: 2000 } }),
    ]);
    room.start();
    await clock.run(0);
    source.emit(1024);
    await clock.run(3000);
    expect(room.snapshot()[0]).toMatchObject({ state: "absent", cause: "device_silent" });
    expect(room.tap("a", 1, "auditor")).toBeInstanceOf(TapChannel);
    expect(source.sessions).toBe(1);
    await clock.run(8000);
    expect(source.sessions).toBe(2);
    await clock.run(600_000);
    // 30 s open and up to 30 s between: 10 to 20 times in ten minutes.
    expect(source.sessions).toBeGreaterThan(8);
    expect(source.sessions).toBeLessThan(22);
    expect(room.snapshot()[0]).toMatchObject({ state: "absent", cause: "device_silent" });
    expect(events.filter(({ kind }) => kind === "health_alarm")).toHaveLength(1);
    while (source.sink === null) await clock.run(1000);
    source.emit(1600);
    expect(room.snapshot()[0]).toMatchObject({ state: "healthy" });
    await room.stop();
  });

  test("drops, counts and tells what is beyond the budget", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock, events } = house([options(source, { budgetSamplesPerSecond: 2000 })]);
    room.start();
    await clock.run(0);
    source.emit(2000);
    source.emit(500);
    source.emit(500);
    expect(room.snapshot()[0]).toMatchObject({
      samplesTotal: 2000,
      droppedSamplesTotal: 1000,
      gapsTotal: 2,
    });
    await clock.run(1000);
    expect(events.filter(({ kind }) => kind === "source_gap")).toHaveLength(2);
    source.emit(2000);
    expect(room.snapshot()[0]?.droppedSamplesTotal).toBe(1000);
    await room.stop();
  });

  test("a defect behind the sink ends the session, discards, and is told", async () => {
    const source = new FakeSource("a", 1);
    const built = house([
      options(source, { health: { ...HEALTH, bitsPerSample: 4, minEntropyPerSample: 4 } }),
    ]);
    built.room.start();
    await built.clock.run(0);
    source.emit(10);
    await built.clock.run(1);
    expect(built.faults).toHaveLength(1);
    expect(built.room.snapshot()[0]).toMatchObject({ state: "absent", cause: "internal" });
    await built.room.stop();
  });

  test("stops within a second although the source does not", async () => {
    const source = new FakeSource("a", 1);
    source.run = (sink) => {
      source.sink = sink;
      return new Promise(() => {});
    };
    const { room, clock } = house([options(source)]);
    room.start();
    await clock.run(10);
    let stopped = false;
    const stopping = room.stop().then(() => (stopped = true));
    await clock.run(999);
    expect(stopped).toBe(false);
    await clock.run(1);
    await stopping;
    expect(clock.pending).toBe(0);
  });
});

describe("what an operator asks of a source", () => {
  test("an on-demand test passes on fresh samples, which are not conditioned", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock } = await healthyHouse([source]);
    const running = room.test("a", "operator");
    expect(await room.test("a", "operator")).toMatchObject({ code: "conflict" });
    source.emit(1500);
    expect(await running).toMatchObject({ passed: true, state: "healthy", source: "a" });
    await clock.run(400);
    expect(room.snapshot()[0]?.conditionedSamplesTotal).toBeLessThan(500);
    await room.stop();
  });

  test("an on-demand test fails on a stuck device, and ends when it is unplugged", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock } = await healthyHouse([source]);
    const failing = room.test("a", "operator");
    source.stuck(12);
    expect(await failing).toMatchObject({ passed: false });
    const abandoned = room.test("a", "operator");
    source.unplug();
    await clock.run(1);
    expect(await abandoned).toMatchObject({ passed: false, state: "absent" });
    await room.stop();
  });

  test("an on-demand test of a device that hardly speaks is answered all the same", async () => {
    const source = new FakeSource("a", 1);
    const { room, clock } = await healthyHouse([source]);
    let report: unknown = null;
    void room.test("a", "operator").then((answer) => (report = answer));
    source.emit(1000);
    await clock.run(9999);
    expect(report).toBeNull();
    await clock.run(1);
    expect(report).toMatchObject({ passed: false, samples: 1000, state: "starting" });
    expect(report).toHaveProperty("detail", expect.stringContaining("abandoned"));
    source.emit(1024);
    expect(room.snapshot()[0]?.state).toBe("healthy");
    const again = room.test("a", "operator");
    source.emit(2000);
    expect(await again).toMatchObject({ passed: true });
    await room.stop();
  });

  test("a reset takes a latched source back to starting, and no other", async () => {
    const source = new FakeSource("a", 1);
    const { room } = await healthyHouse([source]);
    expect(room.mayReset("a")).toMatchObject({ code: "conflict" });
    expect(room.reset("a")).toMatchObject({ code: "conflict" });
    expect(room.mayReset("b")).toMatchObject({ code: "not_found" });
    source.stuck(100);
    expect(room.snapshot()[0]).toMatchObject({ state: "failed", cause: "health_failed" });
    expect(room.tap("a", 10, "auditor")).toBeInstanceOf(TapChannel);
    expect(room.mayReset("a")).toBeNull();
    expect(room.reset("a")).toBeNull();
    expect(room.snapshot()[0]?.state).toBe("starting");
    await room.stop();
  });
});
