import { expect, test } from "vitest";
import { BLOCK_SAMPLES, FakeSource, healthyHouse, RESEED } from "./support.ts";

test("every tested sample is in one counter, whatever happens to it later", async () => {
  const source = new FakeSource("a", 1);
  const { room, clock } = await healthyHouse([source], { poolBlocksPerSource: 3 });
  const waiting = (): number => {
    const of = room.snapshot()[0]!;
    const rest =
      of.samplesTotal -
      of.divertedSamplesTotal -
      of.discardedSamplesTotal -
      of.conditionedSamplesTotal;
    expect(rest).toBe(room.accounts()[0]!.heldSamples);
    expect(rest).toBeLessThan(BLOCK_SAMPLES);
    return rest;
  };
  expect(waiting()).toBe(0); // the startup test's are discarded
  source.emit(10 * BLOCK_SAMPLES + 5);
  expect(waiting()).toBe(5);
  await clock.run(500); // a full pool gives up seven blocks, whose samples stay conditioned
  expect(waiting()).toBe(5);
  expect(room.snapshot()[0]).toMatchObject({
    poolBlocks: 3,
    discardedSamplesTotal: 1024,
    conditionedSamplesTotal: 10 * BLOCK_SAMPLES,
  });
  expect(room.take(RESEED).type).toBe("entropy");
  const tap = room.tap("a", null, "auditor");
  source.emit(100);
  expect(waiting()).toBe(5);
  if ("close" in tap) tap.close();
  source.emit(100);
  expect(waiting()).toBe(105);
  source.stuck(12); // an alarm
  expect(waiting()).toBe(0);
  source.emit(3000);
  waiting();
  source.unplug();
  await clock.run(1);
  expect(waiting()).toBe(0);
  expect(room.accounts()[0]!.discardedBlockSamples).toBeGreaterThan(0);
  await room.stop();
  expect(waiting()).toBe(0);
});
