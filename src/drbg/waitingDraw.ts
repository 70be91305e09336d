import type { Clock } from "../port/clock.ts";
import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { Requirement } from "../port/lineage.ts";
import type { SeedRequest, Unmet } from "../port/seed.ts";
import { Deadline } from "./deadline.ts";
import type { DrbgInstance } from "./instance.ts";
import type { Generated } from "./instanceTerms.ts";
import type { Answered } from "./outputs.ts";
import { RECORD_MILLISECONDS } from "./policy.ts";
import { busy, lacking, RECORD_LATE, storeFailed } from "./refusals.ts";
import type { SeedPace } from "./seedPace.ts";
import { Turns } from "./turns.ts";

const QUEUED_REQUESTS = 64;
const ATTEMPTS = 3;

export interface WaitingDrawTerms {
  readonly clock: Clock;
  readonly instance: DrbgInstance;
  readonly reseedRequest: SeedRequest;
  /** What refuses everything: a stop, a failed self-test. */
  readonly gate: () => Refusal | null;
  readonly pace: SeedPace;
}

/**
 * Draws for which the prepared seeds do not suffice: what is missing is taken from the pool and
 * made durable first. One at a time on each instance, so that a hundred requests for a younger seed
 * share the first one's reseed.
 */
export class WaitingDraw {
  readonly #terms: WaitingDrawTerms;
  readonly #turns = new Turns(QUEUED_REQUESTS);

  constructor(terms: WaitingDrawTerms) {
    this.#terms = terms;
  }

  /** @param answer called in the same instant as the bytes are generated, so that nothing overtakes */
  async draw(
    bytes: number,
    requirement: Requirement,
    answer: (generated: Generated) => Answered,
  ): Promise<Answered | Refusal> {
    if (this.#turns.full) return busy(`${QUEUED_REQUESTS} requests are waiting for a seed`);
    const deadline = new Deadline(this.#terms.clock, RECORD_MILLISECONDS);
    return this.#turns.run(() => this.#draw(bytes, requirement, answer, deadline));
  }

  async #draw(
    bytes: number,
    requirement: Requirement,
    answer: (generated: Generated) => Answered,
    deadline: Deadline,
  ): Promise<Answered | Refusal> {
    const { instance, gate } = this.#terms;
    const attemptNow = (): Answered | Refusal | null => {
      const refusal = gate();
      if (refusal) return refusal;
      const generated = instance.draw(bytes, requirement);
      return generated && answer(generated);
    };
    for (let attempt = 0; ; attempt++) {
      // What came for those before it may do for this one, and then each that is under way.
      const early = attemptNow();
      if (early) return early;
      for (const made of instance.queue.underWay) {
        const isLate = (await deadline.within(made)) === "late";
        const then = attemptNow();
        if (then) return then;
        if (isLate) return RECORD_LATE;
      }
      if (attempt === ATTEMPTS) return this.#giveUp(bytes, requirement);
      const lack = await deadline.within(this.#prepare(bytes, requirement));
      if (lack === "late") return gate() ?? RECORD_LATE;
      if (lack) return gate() ?? lack;
    }
  }

  async #prepare(bytes: number, requirement: Requirement): Promise<Refusal | null> {
    const { instance, reseedRequest, pace } = this.#terms;
    const missing = instance.seeded ? instance.deficit(bytes, requirement) : 1;
    const { strength, sources, maxSeedAgeSeconds } = requirement;
    const special =
      instance.seeded &&
      (sources !== undefined || maxSeedAgeSeconds !== undefined || strength !== undefined);
    const request: SeedRequest = {
      ...reseedRequest,
      sources: Math.max(reseedRequest.sources, sources ?? 0),
      maximumAgeMilliseconds: maxSeedAgeSeconds === undefined ? null : maxSeedAgeSeconds * 1000,
    };
    const making: Promise<unknown>[] = [];
    let refusal: Refusal | null = null;
    for (let i = 0; i < missing && refusal === null; i++) {
      const started = special
        ? instance.queue.make(request, "requirement")
        : instance.queue.make(null);
      if (started instanceof Promise) {
        making.push(
          started.then((made) => {
            if (made.type === "store_failed") refusal = storeFailed(made);
          }),
        );
      } else {
        const seconds = pace.retryAfterSeconds(missing - i);
        refusal = lacking(instance.seeded, requirement, started, seconds);
      }
    }
    await Promise.all(making);
    return refusal;
  }

  #giveUp(bytes: number, requirement: Requirement): Refusal {
    const { instance, pace } = this.#terms;
    const unmet: Unmet[] = [];
    if (requirement.strength !== undefined) unmet.push("strength");
    if (requirement.sources !== undefined) unmet.push("sources");
    if (requirement.maxSeedAgeSeconds !== undefined) unmet.push("max_seed_age");
    const retryAfterSeconds = pace.retryAfterSeconds(1);
    if (unmet.length > 0 && instance.deficit(bytes, {}) <= 0) {
      return refuse("unmet", "no new seed met the requirement", { unmet, retryAfterSeconds });
    }
    return lacking(instance.seeded, requirement, instance.queue.lack, retryAfterSeconds);
  }
}
