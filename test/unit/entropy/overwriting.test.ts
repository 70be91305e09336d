import { afterEach, expect, test, vi } from "vitest";
import { hmacComponent } from "../../../src/conditioning/hmac.ts";
import { BLOCK_SAMPLES, FakeSource, house, options, RESEED } from "./support.ts";

/*
 * The very arrays that held samples and blocks, caught on their way, are zeros once they are done
 * with. What the engine copied is out of reach.
 */

afterEach(() => vi.restoreAllMocks());

const zeros = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

async function watched(poolBlocksPerSource = 64) {
  const inputs: Uint8Array[] = [];
  const blocks: Uint8Array[] = [];
  const component = hmacComponent("HMAC-SHA-512");
  const catching: typeof component = {
    ...component,
    condition(input) {
      expect(zeros(input)).toBe(false);
      const output = component.condition(input);
      inputs.push(input);
      blocks.push(output);
      return output;
    },
  };
  const source = new FakeSource("a", 1);
  const built = house([options(source, { component: catching })], { poolBlocksPerSource });
  built.room.start();
  await built.clock.run(0);
  source.emit(1024);
  return { ...built, source, inputs, blocks };
}

test("a full pool's oldest block, and its others when the source alarms", async () => {
  const { room, clock, source, inputs, blocks } = await watched(2);
  source.emit(3 * BLOCK_SAMPLES);
  await clock.run(500);
  expect(inputs.every(zeros)).toBe(true);
  expect(blocks.map(zeros)).toEqual([true, false, false]);
  source.stuck(12);
  expect(blocks.map(zeros)).toEqual([true, true, true]);
  await room.stop();
});

test("a block that waits for its window, at an alarm", async () => {
  const { room, source, blocks } = await watched();
  source.emit(BLOCK_SAMPLES);
  expect(room.snapshot()[0]?.poolBlocks).toBe(0);
  expect(blocks.map(zeros)).toEqual([false]);
  source.stuck(12);
  expect(blocks.map(zeros)).toEqual([true]);
  await room.stop();
});

test("a block that went into a seed, and what is left at the stop", async () => {
  const { room, clock, source, blocks } = await watched();
  source.emit(2 * BLOCK_SAMPLES);
  await clock.run(500);
  expect(room.take(RESEED).type).toBe("entropy");
  expect(blocks.map(zeros)).toEqual([true, false]);
  await room.stop();
  expect(blocks.map(zeros)).toEqual([true, true]);
});

test("a restart of all takes pending and pooled blocks", async () => {
  const { room, clock, source, blocks } = await watched();
  source.emit(BLOCK_SAMPLES);
  await clock.run(500);
  source.emit(BLOCK_SAMPLES);
  room.restartAll("resumed");
  expect(blocks.map(zeros)).toEqual([true, true]);
  await room.stop();
});

test("samples that wait for the rest of their block, and those of a block that was made", async () => {
  const buffers = new Set<Uint8Array>();
  // eslint-disable-next-line typescript/unbound-method
  const set = Uint8Array.prototype.set;
  const { room, source } = await watched();
  vi.spyOn(Uint8Array.prototype, "set").mockImplementation(function (
    this: Uint8Array,
    ...given: Parameters<typeof set>
  ) {
    if (this.length === BLOCK_SAMPLES) buffers.add(this);
    set.apply(this, given);
  });
  source.emit(10);
  const caught = (): boolean[] => [...buffers].map(zeros);
  expect(caught()).toContain(false);
  source.stuck(12);
  expect(caught()).not.toContain(false);
  source.emit(512 - 22 + 1024 + BLOCK_SAMPLES);
  expect(caught()).not.toContain(false);
  await room.stop();
});
