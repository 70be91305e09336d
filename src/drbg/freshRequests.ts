import type { Clock } from "../port/clock.ts";
import type { DrawRequest } from "../port/draw.ts";
import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { SeedRequest, SeedSupply, Shortfall } from "../port/seed.ts";
import { Deadline } from "./deadline.ts";
import type { DrbgInstance } from "./instance.ts";
import type { Generated } from "./instanceTerms.ts";
import type { Answered } from "./outputs.ts";
import { RECORD_MILLISECONDS } from "./policy.ts";
import { busy, lacking, RECORD_LATE, storeFailed } from "./refusals.ts";
import { Turns } from "./turns.ts";

// DESIGN 4.8: only noise younger than a second.
const FRESH_SECONDS = 1;
// Each costs 256 bits of new noise and a durable write, so a long queue would only grow stale.
const QUEUED_REQUESTS = 8;
const ATTEMPTS = 2;

export interface FreshRequestsTerms {
  readonly clock: Clock;
  readonly instance: DrbgInstance;
  readonly reseedRequest: SeedRequest;
  readonly seeds: Pick<SeedSupply, "unavailable">;
  /** What refuses everything: a stop, a failed self-test. */
  readonly gate: () => Refusal | null;
}

/** Prediction resistance (SP 800-90A 8.8): a reseed with new noise for each request, one at a time. */
export class FreshRequests {
  readonly #terms: FreshRequestsTerms;
  readonly #turns = new Turns(QUEUED_REQUESTS);

  constructor(terms: FreshRequestsTerms) {
    this.#terms = terms;
  }

  /** @param answer called in the same instant as the bytes are generated, so that nothing overtakes */
  async draw(
    request: DrawRequest,
    answer: (generated: Generated) => Answered,
  ): Promise<Answered | Refusal> {
    // DESIGN 5: refused at once, and not when its turn comes.
    const unavailable = this.#terms.seeds.unavailable();
    if (unavailable !== null) return notFresh(unavailable);
    if (this.#turns.full) return busy(`${QUEUED_REQUESTS} requests for fresh entropy are waiting`);
    const deadline = new Deadline(this.#terms.clock, RECORD_MILLISECONDS);
    return this.#turns.run(() => this.#draw(request, answer, deadline));
  }

  async #draw(
    { bytes, requirement }: DrawRequest,
    answer: (generated: Generated) => Answered,
    deadline: Deadline,
  ): Promise<Answered | Refusal> {
    const { instance, reseedRequest, gate } = this.#terms;
    const { queue } = instance;
    // The age holds when the bytes are generated, not only when the blocks are taken.
    const maxSeedAgeSeconds = Math.min(FRESH_SECONDS, requirement.maxSeedAgeSeconds ?? Infinity);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (!instance.seeded) {
        await deadline.within(Promise.all(queue.underWay));
        if (!instance.seeded) return gate() ?? lacking(false, requirement, queue.lack, 1);
      }
      const refusal = gate();
      if (refusal) return refusal;
      if (deadline.over) return RECORD_LATE;
      const started = queue.make(
        {
          ...reseedRequest,
          sources: Math.max(reseedRequest.sources, requirement.sources ?? 0),
          maximumAgeMilliseconds: maxSeedAgeSeconds * 1000,
        },
        "fresh",
      );
      if (!(started instanceof Promise)) {
        return started.type === "store_failed" ? storeFailed(started) : notFresh(started);
      }
      const made = await deadline.within(started);
      if (made === "late") return gate() ?? RECORD_LATE;
      if (made.type === "store_failed") return storeFailed(made);
      if (made.type === "prepared") {
        const met = { ...requirement, maxSeedAgeSeconds };
        const generated = instance.drawFrom(made.seed.id, bytes, met);
        if (generated) return answer(generated);
      }
    }
    const overtaken = "the fresh seed was overtaken by an alarm or by its age";
    return gate() ?? refuse("unmet", overtaken, { unmet: ["fresh"], retryAfterSeconds: 1 });
  }
}

function notFresh({ unmet, detail }: Shortfall): Refusal {
  const more = unmet.filter((word) => word !== "strength" && word !== "fresh");
  return refuse("unmet", detail, { unmet: ["fresh", ...more], retryAfterSeconds: 1 });
}
