import { beforeEach, expect, test, vi } from "vitest";
import { seedLimits } from "../../../src/drbg/policy.ts";
import { HmacDrbg } from "../../../src/drbg/hmacDrbg.ts";
import { Board, SLOTS } from "../../../src/outlet/board.ts";
import { OutletSupply } from "../../../src/outlet/outletSupply.ts";
import type { LentSeed, ToHouse } from "../../../src/outlet/protocol.ts";
import { Slots } from "../../../src/outlet/slots.ts";
import { RESEED_REASONS, type Seed } from "../../../src/port/lineage.ts";
import { FakeClock } from "../../support/fakeClock.ts";

/* An outlet's instance alone, with the house's part in the test's hands. */

let clock: FakeClock;
let board: Board;
let told: ToHouse[];
let supply: OutletSupply;

beforeEach(() => open(1000));

/** @param bytes of a seed */
async function open(bytes: number): Promise<void> {
  clock = new FakeClock();
  board = new Board();
  told = [];
  supply = new OutletSupply({
    clock,
    board,
    slots: new Slots(board, (message) => void told.push(message)),
    tell: (message) => void told.push(message),
    instance: "http-2",
    drbg: {
      shape: "RBGC",
      hash: "sha256",
      boot: "0123456789abcdef",
      limits: seedLimits("RBGC", { bytes }),
      ahead: { least: 1, most: 1 },
      selfTestMilliseconds: 600_000,
    },
  });
  supply.start();
  await clock.run(50);
}

/** Numbers of the seeds that were asked for, in their order. */
const orders = (): number[] =>
  told.flatMap((message) => ("order" in message ? [message.seedNumber] : []));

/** Seeds that were put to use. */
const used = (): unknown[] =>
  told.flatMap((message) =>
    "event" in message && message.event.kind === "reseed" ? [message.event.data["seed"]] : [],
  );

function seedOf(id: string, epoch: number) {
  const taken = {
    wallMilliseconds: clock.wallMilliseconds(),
    monotonicMilliseconds: clock.monotonicMilliseconds(),
  };
  return {
    type: "prepared",
    epoch,
    seed: {
      id,
      instance: "http-2",
      creditedBits: 0,
      credits: [],
      atMilliseconds: taken.wallMilliseconds,
      materialFromMilliseconds: taken.wallMilliseconds,
    } as unknown as Seed,
    entropyInput: new Uint8Array(48).fill(7),
    additionalInput: new Uint8Array(16).fill(7),
    strength: 256,
    sources: 0,
    taken,
  } as const satisfies LentSeed;
}

async function draw(principal = "p", bytes = 10) {
  const drawn = supply.draw(principal, bytes);
  if (drawn instanceof Promise) {
    await clock.run(300);
    return drawn;
  }
  return drawn;
}

test("a seed that was dropped while it was under way is overwritten, and another asked for", async () => {
  expect(orders()).toEqual([1]);
  const late = seedOf("s-late", board.dropEpoch);
  board.dropSeeds();
  supply.arrived(1, late);
  expect([...late.entropyInput, ...late.additionalInput].some((byte) => byte !== 0)).toBe(false);
  expect(used()).toEqual([]);
  await clock.run(50);
  expect(orders()).toEqual([1, 2]);
  supply.arrived(2, seedOf("s-2", board.dropEpoch));
  expect((await draw())?.seed).toBe("s-2");
});

test("a seed that nobody asked for is overwritten", () => {
  const strange = seedOf("s-strange", board.dropEpoch);
  supply.arrived(99, strange);
  expect(strange.entropyInput.some((byte) => byte !== 0)).toBe(false);
  expect(used()).toEqual([]);
});

test.each([
  ["the outlet hears that it may go on", () => supply.refill()],
  ["another seed comes", () => supply.arrived(2, seedOf("s-2", board.dropEpoch))],
  ["time passes", () => {}],
] as const)("a seed that was held and then dropped is never used: %s", async (_how, act) => {
  board.held = true;
  const held = seedOf("s-held", board.dropEpoch);
  supply.arrived(1, held);
  await clock.run(0);
  board.dropSeeds();
  board.held = false;
  act();
  await clock.run(2000);
  await draw();
  expect(used()).not.toContain("s-held");
  expect(held.entropyInput.some((byte) => byte !== 0)).toBe(false);
});

test("held seeds are kept and not used; then they are", async () => {
  supply.arrived(1, seedOf("s-1", board.dropEpoch));
  await clock.run(50);
  supply.arrived(2, seedOf("s-2", board.dropEpoch));
  board.held = true;
  expect((await draw("p", 1000))?.seed).toBe("s-1");
  expect(await draw("p", 10)).toBeNull();
  expect(used()).toEqual(["s-1"]);
  board.held = false;
  expect((await draw("p", 10))?.seed).toBe("s-2");
});

test("an overtaken state gives nothing any more, whatever is prepared", async () => {
  supply.arrived(1, seedOf("s-1", board.dropEpoch));
  await clock.run(50);
  supply.arrived(2, seedOf("s-2", board.dropEpoch));
  expect((await draw())?.seed).toBe("s-1");
  board.requireReseed(RESEED_REASONS.indexOf("clock_jump"));
  expect(await draw()).toBeNull();
  expect(told.findLast((message) => "order" in message)).toMatchObject({
    order: { kind: "reseed", reason: "clock_jump" },
  });
  supply.arrived(3, seedOf("s-3", board.dropEpoch));
  expect((await draw())?.seed).toBe("s-3");
  expect(used()).toEqual(["s-1", "s-3"]);
});

test("a draw waits for a seed that is under way, and no longer than a quarter of a second", async () => {
  const drawn = supply.draw("p", 10);
  expect(drawn).toBeInstanceOf(Promise);
  await clock.run(100);
  supply.arrived(1, seedOf("s-1", board.dropEpoch));
  expect(await drawn).toMatchObject({ ok: true, seed: "s-1", outputs: ["s-1.1"] });
  board.requireReseed(RESEED_REASONS.indexOf("clock_jump"));
  const vain = supply.draw("p", 10);
  await clock.run(250);
  expect(await vain).toBeNull();
});

test("what takes more seeds than are prepared at a time is the house's at once", async () => {
  supply.arrived(1, seedOf("s-1", board.dropEpoch));
  await clock.run(50);
  expect(supply.draw("p", 2001)).toBeNull();
  // The live one and one more suffice for this.
  const waits = supply.draw("p", 2000);
  expect(waits).toBeInstanceOf(Promise);
  await clock.run(300);
  expect(await waits).toBeNull();
  // The one that is prepared is one of them.
  board.held = true;
  supply.arrived(2, seedOf("s-2", board.dropEpoch));
  await clock.run(50);
  board.held = false;
  expect(supply.draw("p", 2001)).toBeNull();
  expect(supply.draw("p", 2000)).toMatchObject({ outputs: ["s-1.1", "s-2.1"] });
});

test("a seed that was dropped in the house is asked for again at once", async () => {
  supply.arrived(1, { type: "dropped" });
  await clock.run(50);
  expect(orders()).toEqual([1, 2]);
});

test("after a stop, a self-test that failed in the house, or in another outlet: nothing", async () => {
  supply.arrived(1, seedOf("s-1", board.dropEpoch));
  expect(await draw()).not.toBeNull();
  board.stop();
  expect(await draw()).toBeNull();
});

test("what cannot be counted is overwritten, and not answered", async () => {
  supply.arrived(1, seedOf("s-1", board.dropEpoch));
  await clock.run(50);
  const generate = vi.spyOn(HmacDrbg.prototype, "generate");
  vi.spyOn(board, "count").mockImplementation(() => {
    throw new Error("x");
  });
  expect(() => supply.draw("p", 32)).toThrow("x");
  expect(generate.mock.calls.flatMap(([out]) => [...out])).toEqual(Array(32).fill(0));
  vi.restoreAllMocks();
  expect(await draw()).toMatchObject({ outputs: ["s-1.2"] });
});

test("more principals than slots: the house reads what is counted, and it goes on", async () => {
  await open(2 ** 24);
  supply.arrived(1, seedOf("s-1", board.dropEpoch));
  await clock.run(50);
  const counts = new Map<string, number>();
  const principals = new Map<number, string>();
  let read = 0;
  /** What the house does with a message. */
  const house = (): void => {
    for (; read < told.length; read++) {
      const message = told[read]!;
      if ("slot" in message) principals.set(message.slot, message.principal);
      if (!("full" in message)) continue;
      for (const slot of message.full) {
        const principal = principals.get(slot)!;
        counts.set(principal, (counts.get(principal) ?? 0) + board.counted(slot).requests);
        board.clear(slot);
        principals.delete(slot);
      }
      supply.freed(message.full);
    }
  };
  let given = 0;
  let waited = 0;
  for (let number = 0; number < SLOTS + 100; number++) {
    const drawn = supply.draw(`p${number}`, 1);
    if (drawn instanceof Promise) {
      house();
      waited++;
      if ((await Promise.all([drawn, clock.run(250)]))[0] === null) continue;
    }
    given++;
  }
  house();
  for (const [slot, principal] of principals)
    counts.set(principal, (counts.get(principal) ?? 0) + board.counted(slot).requests);
  // One message there and back is all that is waited for.
  expect(waited).toBe(1);
  expect(given).toBe(SLOTS + 100);
  expect(used()).toEqual(["s-1"]);
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(given);
});
