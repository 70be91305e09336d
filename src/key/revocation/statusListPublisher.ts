import { hash } from "node:crypto";
import type { Signer } from "../../log/signer.ts";
import type { Clock } from "../../port/clock.ts";
import { KEY_TRANSITIONS } from "../../port/key.ts";
import type { KeptEvent } from "../../port/event.ts";
import type { Row, Store } from "../../store/store.ts";
import { toVersion } from "../managed/rows.ts";
import { signStatusList, STATUS_LIST_SECONDS } from "./statusToken.ts";
import type { KeyStatus } from "./statusToken.ts";

export interface PublishedStatusList {
  /** The signed list. */
  readonly token: string;
  /** Another one for each signature: a list that says the same is worth more when it is younger. */
  readonly tag: string;
  readonly issuedMilliseconds: number;
  readonly renewMilliseconds: number;
}

/** Half of its life, so that whoever asks in between has a minute left at least. */
const RENEWAL_MILLISECONDS = (STATUS_LIST_SECONDS * 1000) / 2;

/** The status list as it is now: read and signed when somebody asks, and kept until it changes or ages. */
export class StatusListPublisher {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #signer: Signer;
  readonly #listeners = new Set<() => void>();
  #published: PublishedStatusList | null = null;
  /** Counts changes, so that a list that was read before one is not kept after it. */
  #changes = 0;
  #reading: Promise<{
    readonly changes: number;
    readonly list: PublishedStatusList;
  }> | null = null;

  constructor(store: Store, clock: Clock, signer: Signer) {
    this.#store = store;
    this.#clock = clock;
    this.#signer = signer;
  }

  /** For the journal: a transition that is durable. */
  readonly observe = ({ kind, data }: Pick<KeptEvent, "kind" | "data">): void => {
    if (kind !== "key_changed" || !KEY_TRANSITIONS.some((one) => one === data["op"])) return;
    this.#changes++;
    this.#published = null;
    for (const listener of this.#listeners) listener();
  };

  /** @returns the unsubscribe */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * A list that has in it whatever was durable when it was asked for.
   * @throws SpringhouseError `store_failed`
   */
  async current(): Promise<PublishedStatusList> {
    for (;;) {
      const known = this.#published;
      const now = this.#clock.wallMilliseconds();
      // A clock that was set back would make it older than it looks.
      if (known && now >= known.issuedMilliseconds && now < known.renewMilliseconds) return known;
      this.#reading ??= this.#read(this.#changes).finally(() => (this.#reading = null));
      const { changes, list } = await this.#reading;
      // One that was read before the last change may lack it.
      if (changes !== this.#changes) continue;
      this.#published = list;
      return list;
    }
  }

  async #read(changes: number) {
    const now = this.#clock.wallMilliseconds();
    const rows = await this.#store.read("keyVersion.notTrusted", []);
    const token = signStatusList(this.#signer, rows.map(toStatus), now);
    const tag = hash("sha256", token, "hex").slice(0, 32);
    const renewMilliseconds = now + RENEWAL_MILLISECONDS;
    return { changes, list: { token, tag, issuedMilliseconds: now, renewMilliseconds } };
  }
}

function toStatus(row: Row): KeyStatus {
  const { version, state, changedMilliseconds, reason, compromisedMilliseconds } = toVersion(row);
  return {
    key: String(row["key"]),
    version,
    state,
    since: changedMilliseconds,
    ...(reason === null ? {} : { reason }),
    ...(compromisedMilliseconds === null ? {} : { compromised: compromisedMilliseconds }),
  };
}
