import type { RecentRefusal } from "../../port/live.ts";
import { byId, element, Rows, setAttributes, setProse, setText } from "./dom.ts";
import { clockTime } from "./format.ts";
import { sentences, words } from "./words.ts";

/** Each refusal with what it means and what to do: the newest first, those of one kind together. */
export class Refusals {
  readonly #none = element("p", { class: "facts" }, "Nothing has been refused since the start.");
  readonly #rows: Rows<RecentRefusal>;
  #now = 0;

  constructor() {
    const list = element("ol", { class: "refusals" });
    this.#rows = new Rows<RecentRefusal>(
      list,
      ({ code, method, route, principal }) => `${code} ${method} ${route} ${principal}`,
      () => this.#make(),
    );
    byId("refusals").replaceChildren(
      element("h2", { id: "refusals-title" }, "Refused, and why"),
      this.#none,
      list,
    );
  }

  update(refusals: readonly RecentRefusal[], now: number): void {
    this.#now = now;
    this.#rows.update(refusals);
    setAttributes(this.#none, { hidden: refusals.length > 0 });
  }

  #make() {
    const code = element("strong");
    const when = element("span", { class: "when" });
    const why = element("p");
    const remedy = element("p", { class: "remedy" });
    const what = element("p", { class: "facts" });
    return {
      element: element("li", {}, element("header", {}, code, when), why, remedy, what),
      update: (refusal: RecentRefusal): void => {
        const { meaning, detail, unmet, count, method, route, principal } = refusal;
        setText(code, words(refusal.code));
        setText(when, clockTime(refusal.lastMilliseconds, this.#now));
        const missing = unmet.length > 0 ? [`Unmet: ${unmet.join(", ")}`] : [];
        setText(why, sentences(detail ?? meaning, ...missing));
        setProse(remedy, refusal.remedy);
        const times = count > 1 ? `, ${count} times` : "";
        setText(what, `${method} ${route}${times} · ${principal ?? "nobody who is known"}`);
      },
    };
  }
}
