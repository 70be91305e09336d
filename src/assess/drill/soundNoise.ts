import type { HealthOptions } from "../../health/monitor.ts";
import { uniformOver, type NearUniform } from "../seededNoise.ts";

/**
 * Noise that a sound device of these options would give: uniform, or with a band in the band's middle.
 * A whitened source is too good for its band, and uniform noise would be.
 */
export function soundNoise({ bitsPerSample, band }: HealthOptions): NearUniform {
  if (!band) return uniformOver(2 ** bitsPerSample);
  const middle = (band.lower + band.upper) / 2;
  // Symbol 0 has the probability that is left.
  if (band.statistic === "ones_proportion") return { probability: 1 - middle, values: 1 };
  return ofCollisions(2 ** -Math.min(middle, bitsPerSample));
}

/**
 * The near-uniform distribution whose two samples are equal with this probability: k p^2 + (1 - kp)^2
 * solved for p, with as many values k as fit. Of all such it has about the most min-entropy.
 */
function ofCollisions(probability: number): NearUniform {
  const values = Math.floor(1 / probability + 1e-9);
  const inner = values ** 2 - values * (values + 1) * (1 - probability);
  const p = (values + Math.sqrt(Math.max(0, inner))) / (values * (values + 1));
  return { probability: Math.min(p, 1 / values), values };
}
