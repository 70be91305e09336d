import { hash } from "node:crypto";
import type { Clock } from "../../port/clock.ts";
import type { KeptEvent } from "../../port/event.ts";
import type { Store } from "../../store/store.ts";
import { changesStanding } from "./revocation.ts";

/** A database that does not answer is asked again; until then what is known stands. */
const RETRY_MILLISECONDS = 1000;

/**
 * Certificates of ours that are not to be taken now: what a CRL says, of every authority that there ever
 * was, and at hand without a signature, a vault or a client that fetches it. Open it with
 * `openRevokedCertificates`.
 */
export class RevokedCertificates {
  readonly #store: Pick<Store, "read">;
  readonly #clock: Clock;
  readonly #failed: (detail: string) => void;
  readonly #listeners: (() => void)[] = [];
  /** SHA-256 of the DER, in hexadecimal. */
  #revoked: ReadonlySet<string> = new Set();
  #changes = 0;
  #reading = false;

  constructor(store: Pick<Store, "read">, clock: Clock, failed: (detail: string) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#failed = failed;
  }

  /** @param fingerprint SHA-256 of the certificate, hexadecimal, with or without colons */
  isRevoked(fingerprint: string): boolean {
    return this.#revoked.has(fingerprint.replaceAll(":", "").toLowerCase());
  }

  /** Called after each change, with the new state in place. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** For the journal. One that is revoked is so with its event; a key's are after one look. */
  readonly observe = (event: Pick<KeptEvent, "kind" | "data">): void => {
    if (!changesStanding(event)) return;
    this.#changes++;
    const certificate = event.data["certificate"];
    if (typeof certificate === "string") {
      this.#revoked = new Set(this.#revoked).add(certificate);
      this.#tell();
    }
    void this.#readAll();
  };

  /** @throws SpringhouseError `store_failed` */
  async read(): Promise<void> {
    const rows = await this.#store.read("certificate.refused", [this.#clock.wallMilliseconds()]);
    this.#revoked = new Set(rows.map(({ der }) => hash("sha256", der as Uint8Array, "hex")));
    this.#tell();
  }

  /** Until nothing changed while it was read. */
  async #readAll(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    for (let seen = -1; seen !== this.#changes;) {
      seen = this.#changes;
      await this.read().catch((error: unknown) => {
        this.#failed(error instanceof Error ? error.message : String(error));
        this.#clock.schedule(RETRY_MILLISECONDS, () => void this.#readAll());
      });
    }
    this.#reading = false;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** @throws SpringhouseError `store_failed`: without it nobody could say who is to be let in */
export async function openRevokedCertificates(
  store: Pick<Store, "read">,
  clock: Clock,
  failed: (detail: string) => void,
): Promise<RevokedCertificates> {
  const revoked = new RevokedCertificates(store, clock, failed);
  await revoked.read();
  return revoked;
}
