import { describe, expect, test } from "vitest";
import { OnDemandTest } from "../../../src/entropy/onDemandTest.ts";
import { SourceEvents } from "../../../src/entropy/sourceEvents.ts";
import { HealthMonitor } from "../../../src/health/monitor.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import type { SourceTestReport } from "../../../src/port/service.ts";
import { FakeClock } from "../../support/fakeClock.ts";
import { HEALTH, noise } from "./support.ts";

/** A source that is healthy, and its on-demand test; `send` is what the station does with a chunk. */
function bench(samplesPerSecond: number) {
  const clock = new FakeClock();
  const events: ServiceEvent[] = [];
  const monitor = new HealthMonitor({ ...HEALTH, samplesPerSecond });
  const told = new SourceEvents("a", { event: (event) => events.push(event) }, clock);
  const onDemand = new OnDemandTest("a", monitor, samplesPerSecond, clock, told);
  const next = noise(1);
  const send = (samples: number): void => {
    monitor.push(Uint8Array.from({ length: samples }, next), clock.monotonicMilliseconds());
    onDemand.settleIfOver();
  };
  const begin = () => {
    const begun = onDemand.begin("operator");
    if ("ok" in begun) throw new Error(begun.detail);
    const answer: { report: SourceTestReport | null } = { report: null };
    void begun.then((report) => (answer.report = report));
    return answer;
  };
  monitor.present(0);
  send(1024);
  return { clock, events, monitor, onDemand, send, begin };
}

describe("an on-demand test", () => {
  test.each([
    [10_000, 10_000],
    [100, 40_960],
    [20, 204_800],
  ])("of %d samples a second is waited for %d ms", async (samplesPerSecond, milliseconds) => {
    const { clock, send, begin, onDemand } = bench(samplesPerSecond);
    const answer = begin();
    send(1023);
    await clock.run(milliseconds - 1);
    expect(answer.report).toBeNull();
    await clock.run(1);
    expect(answer.report).toMatchObject({
      passed: false,
      samples: 1023,
      state: "starting",
      detail: "on-demand test abandoned",
    });
    expect(onDemand.running).toBe(false);
  });

  test("is answered with its last sample, and is told once with who asked", async () => {
    const { clock, events, send, begin } = bench(10_000);
    const answer = begin();
    for (let n = 0; n < 3; n += 1) send(512);
    await clock.run(0);
    expect(answer.report).toMatchObject({ source: "a", passed: true, samples: 1024 });
    expect(clock.pending).toBe(0);
    expect(events).toMatchObject([
      { kind: "source_tested", severity: "info", actor: "operator", data: { passed: true } },
    ]);
  });

  test("is one at a time, and the one that is refused disturbs nothing", async () => {
    const { clock, onDemand, send, begin } = bench(10_000);
    const answer = begin();
    send(1000);
    expect(onDemand.begin("another")).toMatchObject({ code: "conflict" });
    send(24);
    await clock.run(0);
    expect(answer.report).toMatchObject({ passed: true, samples: 1024 });
  });

  test("is of no source that is absent or failed, and leaves nothing to wait for", () => {
    const { clock, monitor, onDemand } = bench(10_000);
    monitor.push(new Uint8Array(100).fill(7), 0);
    expect(monitor.state).toBe("failed");
    expect(onDemand.begin("operator")).toMatchObject({ code: "conflict" });
    monitor.reset(0);
    monitor.absent(0);
    expect(onDemand.begin("operator")).toMatchObject({ code: "source_absent" });
    expect([onDemand.running, clock.pending]).toEqual([false, 0]);
  });
});
