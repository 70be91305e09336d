import type { KeptEvent } from "../../port/event.ts";
import { byId, element, setAttributes } from "./dom.ts";
import { clockTime } from "./format.ts";
import { words } from "./words.ts";

const KEPT = 400;

const FILTERS = ["all", "alarms", "acts"] as const;
type Filter = (typeof FILTERS)[number];

function passes({ severity, actor }: KeptEvent, filter: Filter): boolean {
  if (filter === "alarms") return severity !== "info";
  return filter === "all" || actor !== null;
}

/** What happened, the newest first. */
export class Timeline {
  readonly #list = element("ol", { class: "events" });
  readonly #events: { readonly event: KeptEvent; readonly item: HTMLElement }[] = [];
  #filter: Filter = "all";
  #last = 0;

  constructor() {
    const filters = FILTERS.map((filter) => {
      const button = element(
        "button",
        { type: "button", "aria-pressed": String(filter === this.#filter) },
        filter,
      );
      button.addEventListener("click", () => {
        this.#filter = filter;
        for (const other of filters)
          setAttributes(other, { "aria-pressed": String(other === button) });
        for (const { event, item } of this.#events) item.hidden = !passes(event, filter);
      });
      return button;
    });
    byId("timeline").replaceChildren(
      element(
        "header",
        {},
        element("h2", { id: "timeline-title" }, "What happened"),
        element("div", { class: "filters", role: "group", "aria-label": "Show" }, ...filters),
      ),
      // It scrolls, so the keyboard must be able to.
      element(
        "div",
        { class: "scroll", tabindex: "0", role: "group", "aria-label": "Events, the newest first" },
        this.#list,
      ),
    );
  }

  /** In order; what was shown already is left out. */
  add(events: readonly KeptEvent[]): void {
    for (const event of events) {
      if (event.sequence <= this.#last) continue;
      this.#last = event.sequence;
      const item = itemOf(event);
      item.hidden = !passes(event, this.#filter);
      this.#list.prepend(item);
      this.#events.push({ event, item });
      if (this.#events.length > KEPT) this.#events.shift()!.item.remove();
    }
  }
}

/** A change of state says so in its data alone. */
function saidOf({ kind, detail, data }: KeptEvent): string {
  const { before, state } = data;
  const change = kind === "source_state" && before !== state ? `${before} → ${state}` : "";
  return [change, detail].filter((part) => part !== "").join(": ");
}

function itemOf(event: KeptEvent) {
  const { kind, atMilliseconds, source, severity, actor, reason } = event;
  const said = saidOf(event);
  const time = element(
    "time",
    { class: "when", datetime: new Date(atMilliseconds).toISOString() },
    clockTime(atMilliseconds, Date.now()),
  );
  const who = [
    source,
    actor === null ? null : `by ${actor}`,
    reason === null ? null : `“${reason}”`,
  ]
    .filter((part) => part !== null)
    .join(" · ");
  return element(
    "li",
    { "data-severity": severity },
    time,
    element(
      "div",
      {},
      element("strong", {}, words(kind)),
      ...(said === "" ? [] : [element("span", {}, ` ${said}`)]),
      ...(who === "" ? [] : [element("p", { class: "facts" }, who)]),
    ),
  );
}
