import type { Leaf } from "../../log/leaf.ts";
import { ReplayedApprovals } from "./approvals.ts";
import { ReplayedCertificates } from "./certificates.ts";
import { ReplayedDestructions } from "./destructions.ts";
import { ReplayedExports } from "./exports.ts";
import { ReplayedKeys } from "./keys.ts";
import { ReplayedSeal } from "./seal.ts";

/**
 * What a log tells, a leaf at a time: every leaf has to follow from those before it, and what they come
 * to is what the database must hold.
 */
export class History {
  readonly keys = new ReplayedKeys();
  readonly seal = new ReplayedSeal();
  readonly approvals: ReplayedApprovals;
  readonly destructions: ReplayedDestructions;
  readonly certificates: ReplayedCertificates;
  readonly #exports: ReplayedExports;

  /** @param origin of the log */
  constructor(origin: string) {
    this.approvals = new ReplayedApprovals(origin, this.keys, this.seal);
    this.destructions = new ReplayedDestructions(this.keys, this.seal);
    this.certificates = new ReplayedCertificates(this.keys);
    this.#exports = new ReplayedExports(this.keys);
  }

  /** @returns why this leaf cannot follow those before it; null when it can */
  apply(leaf: Leaf): string | null {
    return (
      this.#exports.apply(leaf) ??
      this.approvals.apply(leaf) ??
      this.destructions.apply(leaf) ??
      this.certificates.apply(leaf) ??
      this.seal.apply(leaf) ??
      // Last: the others look at the keys as they were before it.
      this.keys.apply(leaf)
    );
  }
}
