import { SeedQueue } from "../../src/drbg/seedQueue.ts";
import { EntropyRoom } from "../../src/entropy/entropyRoom.ts";
import { Pump } from "../../src/entropy/pump.ts";
import { SourceStation } from "../../src/entropy/station.ts";
import type { PumpTap } from "../../src/entropy/tap.ts";
import { HealthMonitor } from "../../src/health/monitor.ts";
import { LogReader } from "../../src/log/logReader.ts";
import { Backoff } from "../../src/source/backoff.ts";
import type { CheckerName } from "./checkers.ts";
import type { World } from "./simulate.ts";

/** A bug on purpose. Returns what takes it out again. */
export type Plant = (world: World) => () => void;

/** Puts a method in another's place. */
function swap<T extends object, K extends keyof T>(
  owner: T,
  name: K,
  make: (original: T[K]) => T[K],
): () => void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const original = owner[name];
  Object.defineProperty(owner, name, { value: make(original), configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(owner, name, own);
    else Reflect.deleteProperty(owner, name);
  };
}

/** Every so many draws something else happens. */
function everyTwentieth(
  { service }: World,
  instead: (draw: World["service"]["drbg"]["draw"]) => World["service"]["drbg"]["draw"],
): () => void {
  let count = 0;
  return swap(service.drbg, "draw", (draw) => {
    const other = instead(draw);
    return (request) => (++count % 20 === 0 ? other(request) : draw(request));
  });
}

/** For each checker, the bug that it must catch. */
export const PLANTS: Readonly<Record<CheckerName, Plant>> = {
  /** Every later seed of a queue goes under the name of the first. */
  seedLimits: () => {
    const first = new WeakMap<SeedQueue, NonNullable<ReturnType<SeedQueue["take"]>>["seed"]>();
    return swap(SeedQueue.prototype, "take", (take) => {
      return function renamed(this: SeedQueue, ...args) {
        const prepared = take.apply(this, args);
        if (prepared === undefined) return prepared;
        if (!first.has(this)) first.set(this, prepared.seed);
        return { ...prepared, seed: first.get(this)! };
      };
    });
  },
  /** Whatever becomes of a device, it counts: its pool goes on being spent. */
  quorum: () => {
    const undo = (["state", "credited"] as const).map((name) => {
      const own = Object.getOwnPropertyDescriptor(SourceStation.prototype, name)!;
      const get = (): unknown => (name === "state" ? "healthy" : true);
      Object.defineProperty(SourceStation.prototype, name, { ...own, get });
      return () => Object.defineProperty(SourceStation.prototype, name, own);
    });
    return () => undo.forEach((restore) => restore());
  },
  /** A seed is said to hold twice what its blocks do. */
  credit: () =>
    swap(EntropyRoom.prototype, "take", (take) => {
      return function doubled(this: EntropyRoom, request) {
        const material = take.call(this, request);
        if (material.type !== "entropy") return material;
        return { ...material, creditedBits: 2 * material.creditedBits };
      };
    }),
  /** The tap gets a copy, and the samples are conditioned all the same. */
  exposure: () => {
    const taps = new WeakMap<Pump, PumpTap[]>();
    const undoTap = swap(Pump.prototype, "addTap", () => {
      return function copied(this: Pump, tap) {
        taps.set(this, [...(taps.get(this) ?? []), tap]);
      };
    });
    const undoSamples = swap(Pump.prototype, "samples", (samples) => {
      return function both(this: Pump, symbols) {
        for (const tap of taps.get(this) ?? []) tap.deliver(symbols, 0);
        samples.call(this, symbols);
      };
    });
    return () => {
      undoTap();
      undoSamples();
    };
  },
  /** Every seed leaves a timer behind. */
  memory: ({ clock }) =>
    swap(EntropyRoom.prototype, "take", (take) => {
      return function leaking(this: EntropyRoom, request) {
        clock.schedule(1e9, () => {});
        return take.call(this, request);
      };
    }),
  /** The answer to one call goes to the next. */
  delivery: ({ service }) => {
    let held: ReturnType<typeof service.drbg.draw> | null = null;
    return swap(service.drbg, "draw", (draw) => (request) => {
      const before = held;
      held = draw(request);
      return before ?? held;
    });
  },
  hanging: (world) => everyTwentieth(world, () => () => new Promise(() => {})),
  answers: (world) =>
    everyTwentieth(world, () => () => {
      throw new TypeError("a defect");
    }),
  /** The disk says that it synced. */
  durability: ({ disk }) => {
    disk.lies = true;
    return () => {};
  },
  /** A device that failed is never opened again. */
  recovery: () => swap(Backoff.prototype, "ended", () => () => 1e9),
  secrecy: ({ service, log }) =>
    swap(service.drbg, "draw", (draw) => (request) => {
      const result = draw(request);
      if ("ok" in result && result.ok) {
        log.debug({ kind: "defect", bytes: Buffer.from(result.bytes).toString("hex") }, "drawn");
      }
      return result;
    }),
  /** Proofs are of another tree. */
  transparency: () =>
    swap(LogReader.prototype, "proof", (proof) => {
      return async function bent(this: LogReader, ...args) {
        const hashes = await proof.apply(this, args);
        return hashes.map((hash) => hash.map((byte) => byte ^ 1));
      };
    }),
  /** A new process knows nothing of what the one before it latched. */
  latched: () => swap(HealthMonitor.prototype, "restore", () => () => {}),
  /** Nobody looks whether samples still come. */
  told: () =>
    swap(HealthMonitor.prototype, "tick", () => {
      return function blind(this: HealthMonitor) {
        const { state } = this;
        return { state, usableFrom: 0, discardAccumulated: false, alarms: [] };
      };
    }),
};
