import type { HashName } from "../kernel/hmac.ts";
import type { Clock } from "../port/clock.ts";
import type { Refusal } from "../port/errors.ts";
import type { Observer } from "../port/event.ts";
import { DOORS } from "../port/lineage.ts";
import type { Door, Shape } from "../port/lineage.ts";
import type { SeedRequest } from "../port/seed.ts";
import { instantiateEntropyBits, reseedEntropyBits } from "../standard/limits.ts";
import { Bank } from "./bank.ts";
import { HmacDrbg } from "./hmacDrbg.ts";
import { DrbgInstance } from "./instance.ts";
import { preparedSeeds, SECURITY_STRENGTH } from "./policy.ts";
import type { SeedLimits } from "./policy.ts";
import type { SeedSource } from "./seedMaker.ts";
import type { SeedPace } from "./seedPace.ts";
import { Sleepers } from "./stream.ts";
import { WaitingDraw } from "./waitingDraw.ts";

/** What one door draws from. */
export interface Room {
  readonly instance: DrbgInstance;
  readonly waiting: WaitingDraw;
  readonly sleepers: Sleepers;
}

interface Construction {
  readonly shape: Shape;
  /** Ignored in an RBGC, which has no credited source. */
  readonly quorum: { readonly sources: number; readonly withoutBest: number };
}

export interface RoomsTerms extends Construction {
  readonly clock: Clock;
  readonly observer: Observer;
  readonly hash?: HashName;
  readonly boot: string;
  readonly limits: SeedLimits;
  readonly maker: SeedSource;
  readonly pace: SeedPace;
  readonly gate: () => Refusal | null;
  readonly changed: (door: Door) => void;
  readonly broken: () => void;
}

/** SP 800-90C 2.6 item 11 and SP 800-90A 8.6.3: 384 bits to instantiate, 256 to reseed. */
export function seedRequests({ shape, quorum }: Construction): {
  readonly instantiate: SeedRequest;
  readonly reseed: SeedRequest;
} {
  const { sources, withoutBest } = shape === "RBGC" ? { sources: 0, withoutBest: 0 } : quorum;
  const asking = (minimumBits: number): SeedRequest => ({
    minimumBits,
    sources,
    withoutBest,
    maximumAgeMilliseconds: null,
  });
  return {
    instantiate: asking(instantiateEntropyBits(SECURITY_STRENGTH)),
    reseed: asking(reseedEntropyBits(SECURITY_STRENGTH)),
  };
}

/**
 * An instance of its own for each door, and the bank for much at once. An RBG2 has none: there a seed
 * gives 16 KiB, so that the noise and the seeds' records bound bulk far below one instance's speed.
 */
export function buildRooms(terms: RoomsTerms): {
  readonly rooms: ReadonlyMap<Door, Room>;
  readonly bank: Bank | null;
} {
  const { clock, observer, shape, boot, limits, maker, gate, pace, broken, changed } = terms;
  const hash = terms.hash ?? "sha256";
  const requests = seedRequests(terms);
  const common = {
    shape,
    limits,
    boot,
    instantiateRequest: requests.instantiate,
    reseedRequest: requests.reseed,
    clock,
    observer,
    maker,
    broken,
  };
  const roomOf = (id: Door): Room => {
    const instance = new DrbgInstance({
      ...common,
      id,
      drbg: new HmacDrbg(hash),
      ahead: preparedSeeds(shape, id),
      changed: () => changed(id),
    });
    const reseedRequest = requests.reseed;
    const waiting = new WaitingDraw({ clock, instance, reseedRequest, gate, pace });
    return { instance, waiting, sleepers: new Sleepers(clock) };
  };
  return {
    rooms: new Map(DOORS.map((id) => [id, roomOf(id)])),
    bank:
      shape === "RBGC"
        ? new Bank(hash, {
            ...common,
            ahead: preparedSeeds(shape, "http"),
            changed: () => changed("stream"),
          })
        : null,
  };
}
