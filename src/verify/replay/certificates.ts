import type { Leaf } from "../../log/leaf.ts";
import type { ReplayedKeys } from "./keys.ts";

export interface ReplayedCertificate {
  /** SHA-256 of it. */
  readonly certificate: string;
  readonly revoked: boolean;
}

/** Certificates as a log tells of them: issued under an authority, once each; revoked once, for good. */
export class ReplayedCertificates {
  readonly #keys: ReplayedKeys;
  readonly #certificates = new Map<string, ReplayedCertificate>();

  constructor(keys: ReplayedKeys) {
    this.#keys = keys;
  }

  /** By serial number. */
  get all(): ReadonlyMap<string, ReplayedCertificate> {
    return this.#certificates;
  }

  apply(leaf: Leaf): string | null {
    if (leaf.kind !== "certificate") return null;
    const { op, serial, certificate, key, version = 0 } = leaf;
    const known = this.#certificates.get(serial);
    if (op === "revoke") {
      if (known?.certificate !== certificate) return `certificate ${serial} was never issued`;
      if (known.revoked) return `certificate ${serial} is revoked twice`;
      this.#certificates.set(serial, { certificate, revoked: true });
      return null;
    }
    if (known) return `certificate ${serial} is issued twice`;
    if (op === "issue" && this.#certificates.size === 0) return "there is no authority yet";
    if (key !== undefined && this.#keys.state(key, version) === undefined)
      return `it is over version ${version} of ${key}, which is not in the log before it`;
    this.#certificates.set(serial, { certificate, revoked: false });
    return null;
  }
}
