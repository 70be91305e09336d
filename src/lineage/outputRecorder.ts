import type { Cancel, Clock } from "../port/clock.ts";
import type { OutputRecorder } from "../port/lineageRecorder.ts";
import type { Store, Write } from "../store/store.ts";
import { outputWrite } from "./rows.ts";

interface Count {
  readonly seed: string;
  readonly principal: string;
  readonly door: string;
  readonly purpose: string;
  requests: number;
  bytes: number;
}

const FLUSH_MILLISECONDS = 1_000;
/** Counts that may wait in memory; beyond, principal and purpose of a seed's rest run together. */
const COUNTS_WAITING = 65_536;
const REST = "(rest)";
/** Looked through before anything else. */
const RECENT = 8;
/** Bounds one transaction. */
const COUNTS_IN_BATCH = 1_024;

/** Outputs on the Store: records at once, counts once a second. */
export class StoredOutputs implements OutputRecorder {
  readonly #store: Store;
  readonly #clock: Clock;
  #counts = new Map<string, Count>();
  /** Entries of `#counts` that were added to lately; none once the counts are being written. */
  #recent: Count[] = [];
  #next = 0;
  #cancel: Cancel | null = null;
  #flushing: Promise<void> | null = null;
  #stopped = false;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async record(output: Parameters<OutputRecorder["record"]>[0]): Promise<void> {
    await this.#store.write([outputWrite(output)]);
  }

  count(
    seed: string,
    principal: string,
    door: string,
    purpose: string,
    bytes: number,
    requests = 1,
  ): void {
    // On the path of every request, and the next one is mostly of the same four; or of a bank's lanes.
    for (const count of this.#recent) {
      if (
        count.seed === seed &&
        count.principal === principal &&
        count.door === door &&
        count.purpose === purpose
      ) {
        count.requests += requests;
        count.bytes += bytes;
        return;
      }
    }
    const added = this.#add({ seed, principal, door, purpose, requests, bytes });
    this.#recent[this.#next] = added;
    this.#next = (this.#next + 1) % RECENT;
    this.#schedule();
  }

  /**
   * Writes what is counted, now. What the store does not take stays counted, for the next time; a
   * commit that failed and was durable all the same (a failed fsync) is then counted twice.
   */
  async flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = null));
    await this.#flushing;
  }

  /** The last flush; call it before the store is closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.flush();
    // Counts that came while a flush was already under way.
    await this.flush();
  }

  #add(count: Count): Count {
    let key = JSON.stringify([count.seed, count.principal, count.door, count.purpose]);
    let added = count;
    if (!this.#counts.has(key) && this.#counts.size >= COUNTS_WAITING) {
      added = { ...count, principal: REST, purpose: REST };
      key = JSON.stringify([added.seed, REST, added.door, REST]);
    }
    const known = this.#counts.get(key);
    if (known) {
      known.requests += added.requests;
      known.bytes += added.bytes;
      return known;
    }
    const entry = { ...added };
    this.#counts.set(key, entry);
    return entry;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#cancel ??= this.#clock.schedule(FLUSH_MILLISECONDS, () => {
      this.#cancel = null;
      void this.flush();
    });
  }

  async #flush(): Promise<void> {
    const waiting = [...this.#counts.values()];
    this.#counts = new Map();
    this.#recent = [];
    this.#next = 0;
    while (waiting.length > 0) {
      const batch = waiting.splice(0, COUNTS_IN_BATCH);
      try {
        await this.#store.write(batch.map(toWrite));
      } catch {
        // The store's own health says why; here it only matters that nothing is forgotten.
        for (const count of [...batch, ...waiting]) this.#add(count);
        this.#schedule();
        return;
      }
    }
  }
}

function toWrite({ seed, principal, door, purpose, requests, bytes }: Count): Write {
  return { statement: "count.add", parameters: [principal, door, purpose, requests, bytes, seed] };
}
