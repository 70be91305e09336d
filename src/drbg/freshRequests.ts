import type { DrawRequest } from "../port/draw.ts";
import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { SeedRequest } from "../port/seed.ts";
import type { DrbgInstance, Generated } from "./instance.ts";
import { busy, lacking, storeFailed } from "./refusals.ts";
import { Turns } from "./turns.ts";

// DESIGN 4.8: only noise younger than a second.
const FRESH_MILLISECONDS = 1000;
// Each costs 256 bits of new noise and a durable write, so a long queue would only grow stale.
const QUEUED_REQUESTS = 8;
const ATTEMPTS = 2;

/** Prediction resistance (SP 800-90A 8.8): a reseed with new noise for each request, one at a time. */
export class FreshRequests {
  readonly #instance: DrbgInstance;
  readonly #reseedRequest: SeedRequest;
  readonly #gate: () => Refusal | null;
  readonly #turns = new Turns(QUEUED_REQUESTS);

  /** @param gate what refuses everything: a stop, a failed self-test */
  constructor(instance: DrbgInstance, reseedRequest: SeedRequest, gate: () => Refusal | null) {
    this.#instance = instance;
    this.#reseedRequest = reseedRequest;
    this.#gate = gate;
  }

  async draw(request: DrawRequest): Promise<Generated | Refusal> {
    if (this.#turns.full) return busy(`${QUEUED_REQUESTS} requests for fresh entropy are waiting`);
    return this.#turns.run(() => this.#draw(request));
  }

  async #draw({ bytes, requirement }: DrawRequest): Promise<Generated | Refusal> {
    const { queue } = this.#instance;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (!this.#instance.seeded) {
        await queue.settled();
        if (!this.#instance.seeded) return lacking(this.#instance, requirement, queue.lack, 1);
      }
      const refusal = this.#gate();
      if (refusal) return refusal;
      const age = (requirement.maxSeedAgeSeconds ?? 1) * 1000;
      const started = queue.make(
        {
          ...this.#reseedRequest,
          sources: Math.max(this.#reseedRequest.sources, requirement.sources ?? 0),
          maximumAgeMilliseconds: Math.min(FRESH_MILLISECONDS, age),
        },
        "fresh",
      );
      if (started instanceof Promise) {
        const made = await started;
        const stopped = this.#gate();
        if (stopped) return stopped;
        if (made.type === "store_failed") return storeFailed(made);
        if (made.type === "prepared") {
          const generated = this.#instance.drawFrom(made.seed.id, bytes, requirement);
          if (generated) return generated;
        }
      } else if (started.type === "store_failed") {
        return storeFailed(started);
      } else {
        const more = started.unmet.filter((word) => word !== "strength" && word !== "fresh");
        return refuse("unmet", started.detail, { unmet: ["fresh", ...more], retryAfterSeconds: 1 });
      }
    }
    return refuse("unmet", "the fresh seed was overtaken by an alarm or by its age", {
      unmet: ["fresh"],
      retryAfterSeconds: 1,
    });
  }
}
