/** SP 800-90B 4.4.1: C = 1 + ceil(-log2(alpha) / H). */
export function aprioriCutoff(entropy: number, alphaExponent: number): number {
  return 1 + Math.ceil(alphaExponent / entropy);
}
