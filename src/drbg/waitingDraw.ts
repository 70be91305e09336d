import { refuse } from "../port/errors.ts";
import type { Refusal } from "../port/errors.ts";
import type { Requirement } from "../port/lineage.ts";
import type { SeedRequest, Unmet } from "../port/seed.ts";
import type { DrbgInstance, Generated } from "./instance.ts";
import { busy, lacking, storeFailed } from "./refusals.ts";
import { Turns } from "./turns.ts";

const QUEUED_REQUESTS = 64;
const ATTEMPTS = 3;

/**
 * Draws for which the prepared seeds do not suffice: what is missing is taken from the pool and
 * made durable first. One at a time on each instance, so that a hundred requests for a younger seed
 * share the first one's reseed.
 */
export class WaitingDraw {
  readonly #instance: DrbgInstance;
  readonly #reseedRequest: SeedRequest;
  readonly #gate: () => Refusal | null;
  readonly #retryAfterSeconds: (seeds: number) => number;
  readonly #turns = new Turns(QUEUED_REQUESTS);

  constructor(
    instance: DrbgInstance,
    reseedRequest: SeedRequest,
    gate: () => Refusal | null,
    retryAfterSeconds: (seeds: number) => number,
  ) {
    this.#instance = instance;
    this.#reseedRequest = reseedRequest;
    this.#gate = gate;
    this.#retryAfterSeconds = retryAfterSeconds;
  }

  async draw(bytes: number, requirement: Requirement): Promise<Generated | Refusal> {
    if (this.#turns.full) return busy(`${QUEUED_REQUESTS} requests are waiting for a seed`);
    return this.#turns.run(() => this.#draw(bytes, requirement));
  }

  async #draw(bytes: number, requirement: Requirement): Promise<Generated | Refusal> {
    const instance = this.#instance;
    for (let attempt = 0; ; attempt++) {
      await instance.queue.settled();
      const refusal = this.#gate();
      if (refusal) return refusal;
      const generated = instance.draw(bytes, requirement);
      if (generated) return generated;
      if (attempt === ATTEMPTS) return this.#giveUp(bytes, requirement);
      const lack = await this.#prepare(bytes, requirement);
      if (lack) return this.#gate() ?? lack;
    }
  }

  async #prepare(bytes: number, requirement: Requirement): Promise<Refusal | null> {
    const instance = this.#instance;
    const missing = instance.seeded ? instance.deficit(bytes, requirement) : 1;
    const special =
      requirement.sources !== undefined ||
      requirement.maxSeedAgeSeconds !== undefined ||
      requirement.strength !== undefined;
    const age = requirement.maxSeedAgeSeconds;
    const request: SeedRequest = {
      ...this.#reseedRequest,
      sources: Math.max(this.#reseedRequest.sources, requirement.sources ?? 0),
      maximumAgeMilliseconds: age === undefined ? null : age * 1000,
    };
    const making: Promise<unknown>[] = [];
    let refusal: Refusal | null = null;
    for (let i = 0; i < missing && refusal === null; i++) {
      const started =
        special && instance.seeded
          ? instance.queue.make(request, "requirement")
          : instance.queue.make(null);
      if (started instanceof Promise) {
        making.push(
          started.then((made) => {
            if (made.type === "store_failed") refusal = storeFailed(made);
          }),
        );
      } else {
        refusal = lacking(instance, requirement, started, this.#retryAfterSeconds(missing - i));
      }
    }
    await Promise.all(making);
    return refusal;
  }

  #giveUp(bytes: number, requirement: Requirement): Refusal {
    const unmet: Unmet[] = [];
    if (requirement.strength !== undefined) unmet.push("strength");
    if (requirement.sources !== undefined) unmet.push("sources");
    if (requirement.maxSeedAgeSeconds !== undefined) unmet.push("max_seed_age");
    const retryAfterSeconds = this.#retryAfterSeconds(1);
    if (unmet.length > 0 && this.#instance.deficit(bytes, {}) <= 0) {
      return refuse("unmet", "no new seed met the requirement", { unmet, retryAfterSeconds });
    }
    return lacking(this.#instance, requirement, this.#instance.queue.lack, retryAfterSeconds);
  }
}
