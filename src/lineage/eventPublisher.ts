import type { KeptEvent } from "../port/event.ts";

/** An event on its way to the subscribers. An administrative act is held until it is durable. */
export interface Announcement {
  readonly event: KeptEvent;
  state: "held" | "ready" | "withdrawn";
}

/** Announcements that may wait behind a held one; beyond, order gives way to an alarm's being seen. */
const WAITING = 10_000;

/**
 * Hands events to subscribers in the order of their numbers, so that the highest number a subscriber
 * has seen is a cursor it can come back with. A listener that throws hurts nobody.
 */
export class EventPublisher {
  readonly #listeners = new Set<(event: KeptEvent) => void>();
  #queue: Announcement[] = [];
  #publishing = false;

  subscribe(listener: (event: KeptEvent) => void): () => void {
    // Wrapped: the same function subscribed twice is two subscribers.
    const own = (event: KeptEvent): void => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  announce(event: KeptEvent, state: "held" | "ready"): Announcement {
    const announcement: Announcement = { event, state };
    this.#queue.push(announcement);
    this.#publish();
    return announcement;
  }

  settle(announcement: Announcement, state: "ready" | "withdrawn"): void {
    announcement.state = state;
    this.#publish();
  }

  /** Number of the first event that is still held; Infinity when none is. */
  firstHeld(): number {
    return this.#queue.find(({ state }) => state === "held")?.event.sequence ?? Infinity;
  }

  #publish(): void {
    // A listener may cause an event; it is published after the one in hand.
    if (this.#publishing) return;
    this.#publishing = true;
    for (let next = this.#next(); next; next = this.#next()) {
      if (next.state !== "ready") continue;
      for (const listener of this.#listeners) {
        try {
          listener(next.event);
        } catch {
          // Its own loss; the others still have to see the event.
        }
      }
    }
    this.#publishing = false;
  }

  #next(): Announcement | undefined {
    if (this.#queue[0]?.state !== "held") return this.#queue.shift();
    if (this.#queue.length <= WAITING) return undefined;
    const index = this.#queue.findIndex(({ state }) => state !== "held");
    return index < 0 ? undefined : this.#queue.splice(index, 1)[0];
  }
}
