import type { ServiceSnapshot } from "../port/snapshot.ts";
import { FULL_ENTROPY_MARGIN_BITS, MAXIMUM_BYTES_PER_SEED } from "../standard/limits.ts";
import type { Finding } from "../port/finding.ts";
import { finding } from "./finding.ts";

/** A block that conditioning makes of the noise, and a seed is made of (SP 800-90C 3.2.2.2). */
const BLOCK_BITS = 512;
/** Less says nothing about a rate. */
const LEAST_SECONDS = 60;

const perSecond = (value: number, unit: string): string =>
  `${value >= 100 ? Math.round(value).toLocaleString("en-US") : Number(value.toPrecision(2))} ${unit}/s`;

/**
 * Entropy that the credited sources bring a second, against what the seeds took: by the rate of draws
 * as measured since the start.
 */
export function entropyBudget(snapshot: ServiceSnapshot): Finding[] {
  const { shape, sources, instances, startedMilliseconds, atMilliseconds } = snapshot;
  const seconds = (atMilliseconds - startedMilliseconds) / 1000;
  if (shape === "RBGC" || seconds < LEAST_SECONDS) return [];
  const share = BLOCK_BITS / (BLOCK_BITS + FULL_ENTROPY_MARGIN_BITS);
  // What a full pool has no room for was there to be taken; what was diverted or lost was not.
  const supply = sources
    .filter(({ credited, state }) => credited && state === "healthy")
    .reduce((sum, source) => {
      const usable = source.samplesTotal - source.divertedSamplesTotal;
      return sum + (usable / seconds) * source.assessedEntropy * share;
    }, 0);
  let seeds = 0;
  let taken = 0;
  for (const { reseeds, seedCreditedBits } of instances) {
    const own = reseeds.reduce((sum, { total }) => sum + total, 0);
    seeds += own;
    taken += own * seedCreditedBits;
  }
  const demand = taken / seconds;
  const most = (supply / (seeds > 0 ? taken / seeds : BLOCK_BITS)) * MAXIMUM_BYTES_PER_SEED;
  const evidence = `${perSecond(supply, "credited bits")} come, ${perSecond(demand, "bits")} were taken by ${seeds} seeds; enough for ${perSecond(most / 1e6, "MB")} of output`;
  const remedy =
    "Add a source, lower the rate of draws (quotas), or raise construction.seedAgeSeconds where age is what reseeds.";
  if (demand >= supply)
    return [finding("entropy budget", "fault", "demand outruns the noise", evidence, remedy)];
  if (demand > supply / 2)
    return [
      finding("entropy budget", "warning", "more than half of the noise is used", evidence, remedy),
    ];
  return [finding("entropy budget", "ok", "more comes than is taken", evidence)];
}
