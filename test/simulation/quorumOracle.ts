import type { FaultPlan, Scenario } from "./scenario.ts";

/** An unplug is an event; the rest are samples that come every 50 ms and fill windows of 250 ms. */
const NOTICED_WITHIN_MILLISECONDS = {
  unplugged: 500,
  stuck: 1_500,
  // health.silenceMilliseconds, and the settling grace after an open, and a tick.
  silent: 2_000 + 5_000 + 500,
  os_stuck: 1_500,
} as const;

type Noticed = keyof typeof NOTICED_WITHIN_MILLISECONDS;

export function noticedWithin(what: string): number | null {
  return NOTICED_WITHIN_MILLISECONDS[what as Noticed] ?? null;
}

/**
 * What the world knows of the quorum, without asking the service: the faults that are on, and by
 * when each must have been noticed.
 */
export class QuorumOracle {
  readonly #needed: number;
  readonly #parts: ReadonlySet<string>;
  /** By source: when its fault must have been noticed. */
  readonly #noticedAt = new Map<string, number>();

  constructor({ devices, configuration }: Pick<Scenario, "devices" | "configuration">) {
    const credited = devices.filter(({ claim }) => claim !== null).map(({ id }) => id);
    // An RBGC's one part is its parent, the OS RNG.
    this.#parts = new Set(credited.length > 0 ? credited : ["os"]);
    const { sources, withoutBest } = configuration.quorum;
    this.#needed = credited.length > 0 ? Math.max(sources, withoutBest + 1) : 1;
  }

  begin(source: string, what: FaultPlan["what"], now: number): void {
    const within = noticedWithin(what);
    if (within === null || !this.#parts.has(source)) this.#noticedAt.delete(source);
    else this.#noticedAt.set(source, now + within);
  }

  end(source: string): void {
    this.#noticedAt.delete(source);
  }

  /** Since when the service must have known that too few are left; null while they may suffice. */
  lostSince(now: number): number | null {
    const times = [...this.#noticedAt.values()].toSorted((a, b) => a - b);
    const bearable = this.#parts.size - this.#needed;
    const since = times[bearable];
    return since === undefined || since > now ? null : since;
  }
}
