import type { WebSocket } from "ws";
import { isAllowed } from "../access/permissions.ts";
import type { Cancel } from "../port/clock.ts";
import type { EventKind, KeptEvent } from "../port/event.ts";
import { DOORS } from "../port/lineage.ts";
import type { ClientFigures, DoorFigures, EventsFrame, StatusFrame } from "../port/live.ts";
import type { Principal } from "../port/principal.ts";
import type { Context } from "./context.ts";
import { withoutPlaces } from "./visible.ts";

const PERIOD_MILLISECONDS = 500;
/** After an event that changes the picture; several that come together are one. */
const SOON_MILLISECONDS = 30;
/** For a page that is opened later. */
const EVENTS_KEPT = 200;
/** A page that takes nothing for so long is dropped; meanwhile it misses pictures, none is queued. */
const PATIENCE_MILLISECONDS = 5000;
/** Events are not left out, so of them this much may wait. */
const EVENTS_WAITING_BYTES = 262_144;

const CHANGES: ReadonlySet<EventKind> = new Set([
  "source_state",
  "health_alarm",
  "source_reset",
  "quorum_lost",
  "quorum_met",
  "self_test_failed",
  "store_failed",
  "store_recovered",
  "tap_opened",
  "tap_closed",
  "assessment_started",
  "assessment_ended",
]);

interface Page {
  readonly socket: WebSocket;
  readonly principal: Principal;
  readonly seesPlaces: boolean;
  readonly seesEvents: boolean;
  readonly seesAssessments: boolean;
  /** Since when it has not taken what it was sent; null: it keeps up. */
  behindSince: number | null;
}

/**
 * Shows every open page of the console the same picture, taken and written once however many look.
 * With no page open it does nothing but remember the last events.
 */
export class LiveFeed {
  readonly #context: Context;
  readonly #pages = new Set<Page>();
  readonly #events: KeptEvent[] = [];
  #cancel: Cancel | null = null;
  #isSoon = false;

  constructor(context: Context) {
    this.#context = context;
    const unsubscribe = context.ports.events.subscribe((event) => this.#event(event));
    context.stopping.signal.addEventListener("abort", () => {
      unsubscribe();
      this.#cancel?.();
    });
  }

  /** @returns leaves */
  join(socket: WebSocket, principal: Principal): () => void {
    const { roles } = principal;
    const page: Page = {
      socket,
      principal,
      seesPlaces: isAllowed(roles, "sources.read"),
      seesEvents: isAllowed(roles, "events.read"),
      seesAssessments: isAllowed(roles, "assessments.read"),
      behindSince: null,
    };
    this.#pages.add(page);
    if (page.seesEvents) socket.send(eventsText(this.#events));
    socket.send(this.#texts()(page));
    this.#schedule(PERIOD_MILLISECONDS);
    return () => this.#pages.delete(page);
  }

  #schedule(milliseconds: number): void {
    this.#cancel ??= this.#context.ports.clock.schedule(milliseconds, () => {
      this.#cancel = null;
      this.#isSoon = false;
      this.#show();
      if (this.#pages.size > 0) this.#schedule(PERIOD_MILLISECONDS);
    });
  }

  #show(): void {
    const { clock, access } = this.#context.ports;
    const now = clock.monotonicMilliseconds();
    const textFor = this.#texts();
    for (const page of this.#pages) {
      const { socket, principal } = page;
      if (!access.isActive(principal)) {
        this.#pages.delete(page);
        socket.close(1008, "unauthenticated");
      } else if (socket.bufferedAmount === 0) {
        page.behindSince = null;
        socket.send(textFor(page));
      } else {
        page.behindSince ??= now;
        if (now - page.behindSince >= PATIENCE_MILLISECONDS) this.#drop(page);
      }
    }
  }

  #event(event: KeptEvent): void {
    // One for every 16 KiB that an instance gives: the picture has their sums.
    if (event.kind === "reseed") return;
    this.#events.push(event);
    if (this.#events.length > EVENTS_KEPT) this.#events.shift();
    if (this.#pages.size === 0) return;
    const text = eventsText([event]);
    for (const page of this.#pages) {
      if (!page.seesEvents) continue;
      page.socket.send(text);
      if (page.socket.bufferedAmount > EVENTS_WAITING_BYTES) this.#drop(page);
    }
    if (this.#isSoon || !CHANGES.has(event.kind)) return;
    this.#isSoon = true;
    this.#cancel?.();
    this.#cancel = null;
    this.#schedule(SOON_MILLISECONDS);
  }

  #drop(page: Page): void {
    this.#pages.delete(page);
    page.socket.terminate();
  }

  /** One picture, as the text of a frame for each kind of page, written when the first asks for it. */
  #texts(): (page: Page) => string {
    const written = new Map<string, string>();
    const snapshot = this.#context.ports.introspection.snapshot();
    return ({ seesPlaces, seesEvents, seesAssessments }) => {
      const kind = `${seesPlaces} ${seesEvents} ${seesAssessments}`;
      let text = written.get(kind);
      if (text === undefined) {
        const { assessments } = this.#context.ports;
        const frame: StatusFrame = {
          frame: "status",
          status: seesPlaces ? snapshot : withoutPlaces(snapshot),
          doors: this.#doors(),
          clients: seesEvents ? this.#clients() : [],
          refusals: seesEvents ? this.#context.recentRefusals.list() : [],
          assessments: seesAssessments ? assessments.list() : [],
        };
        text = JSON.stringify(frame);
        written.set(kind, text);
      }
      return text;
    };
  }

  #clients(): ClientFigures[] {
    const { quotas, tokens } = this.#context.ports.access;
    return quotas
      .uses()
      .filter(({ bytes }) => bytes > 0)
      .map(({ client, requests, bytes }) => ({
        principal: client,
        name: client === null ? null : tokens.nameOf(client),
        requests,
        bytes,
      }));
  }

  #doors(): DoorFigures[] {
    const { doors } = this.#context.ports.tally;
    return DOORS.map((door) => {
      const { outputBytes, codes } = doors[door];
      let requests = 0;
      let refused = 0;
      for (const [code, count] of codes) {
        requests += count;
        if (code >= 400) refused += count;
      }
      return { door, requests, refused, outputBytes };
    });
  }
}

function eventsText(events: readonly KeptEvent[]): string {
  const frame: EventsFrame = { frame: "events", events };
  return JSON.stringify(frame);
}
