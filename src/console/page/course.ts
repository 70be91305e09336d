import type { StatusFrame } from "../../port/live.ts";
import { Basin } from "./basin.ts";
import { Clients } from "./clients.ts";
import { byId, Rows } from "./dom.ts";
import { Rates } from "./format.ts";
import { Instances } from "./instances.ts";
import { River, type End, type Reach } from "./river.ts";
import { SourceView } from "./source.ts";

type Source = StatusFrame["status"]["sources"][number];

const roomy = matchMedia("(min-width: 700px)");
const ROOMY_SOURCES = 6;
/** Thirty pictures a second are smooth enough for water, and leave a laptop cool. */
const FRAME_MILLISECONDS = 30;

function middleOf(element: Element): End {
  return { element, across: 0.5, along: 0.5 };
}

/** The water's way: springs, pool, instances, clients, and the river that joins them. */
export class Course {
  readonly #rates = new Rates();
  readonly #views = new Map<string, SourceView>();
  readonly #sources: Rows<Source>;
  readonly #basin = new Basin();
  readonly #instances = new Instances(this.#rates);
  readonly #clients = new Clients(this.#rates);
  readonly #river = new River(byId("course"));
  readonly #may: (permission: string) => boolean;
  #now = 0;
  #isRoomy = true;

  constructor(may: (permission: string) => boolean) {
    this.#may = may;
    this.#sources = new Rows<Source>(
      byId("springs"),
      ({ id }) => id,
      (source) => {
        const view = new SourceView(source, {
          rates: this.#rates,
          now: () => this.#now,
          may,
          isRoomy: this.#isRoomy,
        });
        this.#views.set(source.id, view);
        return view;
      },
    );
    let moved = 0;
    const move = (now: number): void => {
      requestAnimationFrame(move);
      if (now - moved < FRAME_MILLISECONDS) return;
      moved = now;
      for (const { strip } of this.#views.values()) strip.move(now);
    };
    requestAnimationFrame(move);
  }

  update({ status, doors, clients }: StatusFrame): void {
    const now = status.atMilliseconds;
    this.#now = now;
    // Those that count first, as they stand in the configuration.
    const sources = status.sources.toSorted(
      (a, b) => Number(b.assessedEntropy > 0) - Number(a.assessedEntropy > 0),
    );
    this.#isRoomy = sources.length <= ROOMY_SOURCES && roomy.matches;
    this.#sources.update(sources);
    const there = new Set(sources.map(({ id }) => id));
    for (const id of this.#views.keys()) if (!there.has(id)) this.#views.delete(id);
    this.#basin.update(sources);
    const wheels = this.#instances.update(status, doors, now);
    this.#clients.update(clients, now, this.#may("events.read"));
    // What carries most lies on top.
    const tributaries = this.#tributaries(sources).toReversed();
    this.#river.draw([...tributaries, ...this.#outlets(wheels)]);
  }

  #tributaries(sources: readonly Source[]): Reach[] {
    return sources.map(({ id, state, credited }, index) => {
      const view = this.#views.get(id)!;
      return {
        id: `from ${id}`,
        from: middleOf(view.strip.canvas),
        to: {
          element: this.#basin.vessel,
          across: 0.2 + (0.5 * (index + 0.5)) / sources.length,
          along: 0.3,
        },
        rate: state === "healthy" ? view.rate : 0,
        kind: state !== "healthy" ? "stopped" : credited ? "credited" : "uncredited",
      };
    });
  }

  #outlets(wheels: ReturnType<Instances["update"]>): Reach[] {
    return wheels.flatMap(({ id, element, rate, isReady }) => {
      const kind = isReady ? "served" : "stopped";
      return [
        {
          id: `to ${id}`,
          from: { element: this.#basin.vessel, across: 0.5, along: 0.8 },
          to: middleOf(element),
          rate: isReady ? Math.max(1, rate / 16) : 0,
          kind,
        },
        {
          id: `out of ${id}`,
          from: middleOf(element),
          to: middleOf(this.#clients.list),
          rate,
          kind,
        },
      ] as const;
    });
  }
}
