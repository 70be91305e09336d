import fc from "fast-check";
import type { Drawn } from "../../../src/port/draw.ts";
import type { Refusal } from "../../../src/port/errors.ts";
import { DOORS } from "../../../src/port/lineage.ts";
import type { Door, Requirement, Shape } from "../../../src/port/lineage.ts";
import { House } from "./house.ts";
import type { StoreMode } from "./scripted.ts";

export type Action =
  | {
      readonly do: "draw";
      readonly door: Door;
      readonly bytes: number;
      readonly requirement: Requirement;
      readonly recorded: boolean;
    }
  | { readonly do: "feed"; readonly blocks: number; readonly source: "a" | "b" }
  | { readonly do: "wait"; readonly milliseconds: number }
  | { readonly do: "jump"; readonly milliseconds: number }
  | { readonly do: "lose" | "regain" | "reseed" | "openStream" | "abortStream" | "selfTestFails" }
  | { readonly do: "discard"; readonly source: "a" | "b" }
  | { readonly do: "pull"; readonly chunks: number }
  | { readonly do: "seedStore" | "outputStore"; readonly mode: StoreMode }
  | { readonly do: "release"; readonly taken: boolean };

interface OpenStream {
  readonly stream: AsyncGenerator<Drawn, Refusal | undefined>;
  readonly abort: AbortController;
  readonly request: { readonly door: Door; readonly requirement: Requirement };
  pulls: number;
  /** One pull after another. */
  turn: Promise<void>;
}

const LIMITS = { bytes: 40_000, requests: 20, ageMilliseconds: 30_000 };

export interface Outcome {
  readonly faults: readonly string[];
  readonly served: number;
}

/**
 * A room under arbitrary actions, then healed: everything that was begun must have been answered by
 * then, and the room must serve again.
 */
export async function play(shape: Shape, actions: readonly Action[]): Promise<Outcome> {
  const limits = shape === "RBGC" ? LIMITS : { ageMilliseconds: LIMITS.ageMilliseconds };
  const house = new House({ shape, limits });
  const { faults } = house.rules;
  const streams: OpenStream[] = [];
  const thrown = (error: unknown): void => void faults.push(`thrown: ${String(error)}`);
  house.drbg.start();
  house.feed(8);
  await house.clock.run(100);
  for (const action of actions) {
    await perform(house, streams, action, thrown);
    await house.clock.run(0);
  }
  await heal(house, streams);
  if (streams.some(({ pulls }) => pulls > 0)) faults.push("a stream hangs");
  const last = house.begin(1);
  await house.clock.run(0);
  if (house.unanswered > 0) faults.push(`${house.unanswered} draws hang`);
  if (house.sound && last.result?.ok === false) {
    faults.push(`healed, it refuses with ${last.result.code}`);
  }
  house.drbg.stop();
  if (house.seeds.notOverwritten > 0) faults.push("a seed's bytes are left in memory");
  if (house.clock.pending > 0) faults.push("a timer is left behind");
  return { faults, served: house.rules.bytesServed };
}

async function perform(
  house: House,
  streams: OpenStream[],
  action: Action,
  thrown: (error: unknown) => void,
): Promise<void> {
  const { drbg, rules, seeds } = house;
  switch (action.do) {
    case "draw": {
      const { bytes, requirement, door, recorded } = action;
      house.draw(bytes, requirement, { door, recorded }).catch(thrown);
      break;
    }
    case "feed":
      house.feed(action.blocks, action.source);
      break;
    case "wait":
      await house.clock.run(action.milliseconds);
      break;
    case "jump":
      // As service.ts does, though it needs up to a second to notice.
      house.clock.jumpWall(action.milliseconds);
      rules.reseedRequired();
      drbg.reseedAll("clock_jump");
      break;
    case "lose":
      house.loseQuorum();
      break;
    case "regain":
      house.regainQuorum("a", "b");
      break;
    case "reseed":
      rules.reseedRequired();
      drbg.reseedAll("operator");
      break;
    case "discard":
      seeds.healthy.delete(action.source);
      seeds.discard(action.source);
      rules.discarded(action.source);
      drbg.discardSource(action.source);
      break;
    case "seedStore":
      house.seedRecorder.mode = action.mode;
      break;
    case "outputStore":
      house.outputRecorder.mode = action.mode;
      break;
    case "release":
      house.seedRecorder.release(action.taken);
      house.outputRecorder.release(action.taken);
      break;
    case "selfTestFails":
      house.sound = false;
      drbg.runSelfTests();
      break;
    case "openStream": {
      const request = { door: "stream", requirement: {} } as const;
      const abort = new AbortController();
      const stream = drbg.stream(
        { ...request, bytes: null, principal: "p", purpose: "stream" },
        abort.signal,
      );
      streams.push({ stream, abort, request, pulls: 0, turn: Promise.resolve() });
      break;
    }
    case "pull":
      for (let i = 0; i < action.chunks; i++) pull(house, streams.at(-1), thrown);
      break;
    case "abortStream":
      streams.at(-1)?.abort.abort();
      break;
  }
}

function pull(house: House, open: OpenStream | undefined, thrown: (error: unknown) => void): void {
  if (open === undefined) return;
  open.pulls++;
  // The bytes of a chunk are the consumer's until it asks for the next.
  open.turn = open.turn.then(async () => {
    try {
      const { done, value } = await open.stream.next();
      if (done === true) return;
      if (open.abort.signal.aborted) house.rules.faults.push("a chunk after the abort");
      const bytes = value.bytes.length;
      house.rules.answered({ ...open.request, bytes, principal: "p", purpose: "stream" }, value);
    } catch (error) {
      thrown(error);
    } finally {
      open.pulls--;
    }
  });
}

async function heal(house: House, streams: OpenStream[]): Promise<void> {
  house.regainQuorum("a", "b");
  house.seedRecorder.mode = "takes";
  house.outputRecorder.mode = "takes";
  house.seedRecorder.release(true);
  house.outputRecorder.release(true);
  // A store is tried again after half a minute at the latest.
  for (let i = 0; i < 45; i++) {
    house.feed(20, "a");
    house.feed(20, "b");
    await house.clock.run(1000);
  }
  for (const { abort } of streams) abort.abort();
  await house.clock.run(0);
}

const requirement: fc.Arbitrary<Requirement> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        strength: fc.constantFrom(128, 256),
        sources: fc.integer({ min: 0, max: 3 }),
        maxSeedAgeSeconds: fc.constantFrom(0, 0.5, 1, 5, 20),
        fresh: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  },
);

const draw: fc.Arbitrary<Action> = fc.record({
  do: fc.constant("draw" as const),
  door: fc.oneof(
    { weight: 4, arbitrary: fc.constant("http" as const) },
    { weight: 2, arbitrary: fc.constantFrom(...DOORS) },
  ),
  bytes: fc.oneof(
    fc.integer({ min: 1, max: 64 }),
    fc.integer({ min: 1, max: 65_536 }),
    fc.constantFrom(16_383, 16_384, 16_385, 65_536),
  ),
  requirement,
  recorded: fc.boolean(),
});

const source = fc.constantFrom("a" as const, "b" as const);
const mode = fc.constantFrom<StoreMode>("takes", "takes", "fails", "hangs");

export const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 14, arbitrary: draw },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("feed" as const),
      blocks: fc.integer({ min: 1, max: 12 }),
      source,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      milliseconds: fc.oneof(
        fc.integer({ min: 0, max: 100 }),
        fc.integer({ min: 900, max: 1100 }),
        fc.integer({ min: 1, max: 40_000 }),
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("jump" as const),
      milliseconds: fc.integer({ min: -100_000, max: 100_000 }),
    }),
  },
  { weight: 2, arbitrary: fc.constant<Action>({ do: "lose" }) },
  { weight: 4, arbitrary: fc.constant<Action>({ do: "regain" }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("reseed" as const, "openStream" as const, "abortStream" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("discard" as const), source }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pull" as const),
      chunks: fc.integer({ min: 1, max: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("seedStore" as const, "outputStore" as const),
      mode,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("release" as const), taken: fc.boolean() }),
  },
);
