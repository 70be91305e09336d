import type { Cancel, Clock } from "../port/clock.ts";
import { SpringhouseError } from "../port/errors.ts";
import type { KeptEvent, Observer, ServiceEvent } from "../port/event.ts";
import type { EventJournal } from "../port/service.ts";
import type { Store, Write } from "../store/store.ts";
import { EventPublisher } from "./eventPublisher.ts";
import { eventWrite, toEvent, withKeepableData } from "./eventRows.ts";

/**
 * Numbers reserved durably ahead: a number that a live subscriber saw is not given again although
 * the event was never kept. At ten events a second, a failing store can last 109 minutes. A clean
 * stop gives the rest back; after a crash the numbering jumps by at most this many.
 */
const NUMBERS_RESERVED = 65_536;
const RESERVATION = "event";
/** Events that wait for a failing store. */
const EVENTS_WAITING = 10_000;
const EVENTS_IN_BATCH = 256;
const RETRY_MILLISECONDS = 1_000;
const LARGEST_PAGE = 10_000;

/** Events on the Store, and live. Open it with `openEventJournal`. */
export class StoredEvents implements EventJournal, Observer {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #publisher = new EventPublisher();
  #next: number;
  #reserved: number;
  #waiting: KeptEvent[] = [];
  #writing: Promise<void> | null = null;
  #cancelRetry: Cancel | null = null;
  #dropped = 0;
  #stopped = false;

  constructor(store: Store, clock: Clock, last: number) {
    this.#store = store;
    this.#clock = clock;
    this.#next = last + 1;
    this.#reserved = last;
  }

  /** Shown live at once, kept in the background, retried until the store takes it. Never throws. */
  event(event: ServiceEvent): void {
    if (this.#next > this.#reserved) {
      this.#dropped++;
      return;
    }
    const kept = this.#number(event);
    if (this.#waiting.length >= EVENTS_WAITING) this.#drop();
    this.#waiting.push(kept);
    this.#publisher.announce(kept, "ready");
    if (!this.#cancelRetry) void this.#write();
  }

  /**
   * Rejects with `store_failed` when it is not kept; then nobody sees it live either.
   * @param together what it tells of, in the same transaction: both or neither
   */
  async record(event: ServiceEvent, together: readonly Write[] = []): Promise<void> {
    const kept = this.#number(event);
    const announcement = this.#publisher.announce(kept, "held");
    try {
      await this.#keep([kept], together);
    } catch (error) {
      this.#publisher.settle(announcement, "withdrawn");
      throw error;
    }
    this.#publisher.settle(announcement, "ready");
  }

  subscribe(listener: (event: KeptEvent) => void): () => void {
    return this.#publisher.subscribe(listener);
  }

  /**
   * Kept events and those that wait for the store. It ends before an act whose fate is open, so that
   * the last number of an answer is always a cursor behind which nothing appears later.
   */
  async since(since: number, limit: number): Promise<readonly KeptEvent[]> {
    if (!Number.isFinite(since) || !Number.isSafeInteger(limit) || limit < 1) {
      throw new SpringhouseError("invalid_parameter", "since and limit are numbers; limit >= 1");
    }
    const rows = Math.min(limit, LARGEST_PAGE);
    const end = this.#publisher.firstHeld();
    const found = new Map(this.#waiting.map((event) => [event.sequence, event]));
    for (const row of await this.#store.read("event.since", [since, rows])) {
      const event = toEvent(row);
      found.set(event.sequence, event);
    }
    return [...found.values()]
      .filter(({ sequence }) => sequence > since && sequence < end)
      .sort((a, b) => a.sequence - b.sequence)
      .slice(0, rows);
  }

  /** Events that were lost because the store failed for too long. */
  dropped(): number {
    return this.#dropped;
  }

  /** Keeps what waits and gives unused numbers back; call it before the store is closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    await this.#write();
    await this.#reserve(this.#next - 1).catch(() => {});
  }

  /** Reserves the first numbers. @throws SpringhouseError `store_failed` */
  async start(): Promise<void> {
    await this.#reserve(this.#next - 1 + NUMBERS_RESERVED);
  }

  #number(event: ServiceEvent): KeptEvent {
    return { ...event, data: withKeepableData(event.data), sequence: this.#next++ };
  }

  /** The oldest of those that matter least. */
  #drop(): void {
    const index = this.#waiting.findIndex(({ severity }) => severity === "info");
    this.#waiting.splice(Math.max(index, 0), 1);
    this.#dropped++;
  }

  #write(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = null));
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    // What happens in the same turn of the event loop is kept together.
    await Promise.resolve();
    let most = EVENTS_IN_BATCH;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, most);
      try {
        await this.#keep(batch);
      } catch (error) {
        if (!(error instanceof SpringhouseError) || error.code !== "internal") {
          if (!this.#stopped) this.#retry();
          return;
        }
        // One of them cannot be kept at all: find it by itself, so that it takes no other with it.
        if (most > 1) {
          most = 1;
          continue;
        }
        this.#dropped++;
      }
      const done = new Set(batch);
      this.#waiting = this.#waiting.filter((event) => !done.has(event));
    }
  }

  #retry(): void {
    this.#cancelRetry = this.#clock.schedule(RETRY_MILLISECONDS, () => {
      this.#cancelRetry = null;
      void this.#write();
    });
  }

  async #keep(events: readonly KeptEvent[], together: readonly Write[] = []): Promise<void> {
    const writes = [...together, ...events.map(eventWrite)];
    if (this.#reserved - this.#next >= NUMBERS_RESERVED / 2) {
      await this.#store.write(writes);
    } else {
      await this.#reserve(this.#next - 1 + NUMBERS_RESERVED, writes);
    }
  }

  async #reserve(last: number, writes: readonly Write[] = []): Promise<void> {
    await this.#store.write([
      ...writes,
      { statement: "reservation.put", parameters: [RESERVATION, last] },
    ]);
    this.#reserved = Math.max(this.#reserved, last);
  }
}

/**
 * @returns a journal whose numbers go on after every number given before, over restarts and crashes
 * @throws SpringhouseError `store_failed`
 */
export async function openEventJournal(store: Store, clock: Clock): Promise<StoredEvents> {
  const [reserved, last] = await store.readTogether([
    { statement: "reservation.get", parameters: [RESERVATION] },
    { statement: "event.last", parameters: [] },
  ]);
  const known = [reserved?.[0]?.["reserved"], last?.[0]?.["last"]].map((value) =>
    typeof value === "number" ? value : 0,
  );
  const journal = new StoredEvents(store, clock, Math.max(...known));
  await journal.start();
  return journal;
}
