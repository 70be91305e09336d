import type { HealthTestSnapshot } from "../../port/health.ts";
import { element, Rows, setAttributes, setText } from "./dom.ts";
import { count, perYear, short } from "./format.ts";
import { words } from "./words.ts";

/** From here on a margin is worth a look. */
const NEAR = 0.8;

const cutoffOf = ({ cutoffIntermittent, cutoffPermanent }: HealthTestSnapshot): number | null =>
  cutoffIntermittent ?? cutoffPermanent;

function shareOf(test: HealthTestSnapshot): number {
  const cutoff = cutoffOf(test);
  return cutoff === null ? 0 : test.watermark / cutoff;
}

function marginOf(test: HealthTestSnapshot): "over" | "near" | "far" {
  const share = shareOf(test);
  return share >= 1 ? "over" : share >= NEAR ? "near" : "far";
}

/** A stuck source goes on counting. */
function figureOf(value: number): string {
  return value < 100_000 ? count(value) : short(value);
}

/** How close each health test came to its cutoff. The end of the bar is the cutoff that alarms. */
export class Margins {
  readonly #list = element("dl", { class: "margins" });
  readonly #nearest = element("summary");
  readonly element: HTMLElement;
  readonly #rows = new Rows<HealthTestSnapshot>(this.#list, ({ test }) => test, makeMargin);

  /** @param isRoomy where it is not, the nearest is enough until somebody wants more */
  constructor(isRoomy: boolean) {
    this.element = element("details", { open: isRoomy }, this.#nearest, this.#list);
  }

  update(tests: readonly HealthTestSnapshot[]): void {
    this.#rows.update(tests);
    const nearest = tests.toSorted((a, b) => shareOf(b) - shareOf(a))[0];
    if (nearest === undefined) return;
    const state = marginOf(nearest);
    setAttributes(this.#nearest, { "data-margin": state });
    const how = state === "over" ? "reached" : `${Math.round(shareOf(nearest) * 100)} % of the way`;
    setText(this.#nearest, `Closest to an alarm since the start: ${words(nearest.test)}, ${how}`);
  }
}

function makeMargin() {
  const name = element("dt");
  const fill = element("span", { class: "fill" });
  const figure = element("span", { class: "figure" });
  const row = element(
    "div",
    { class: "margin" },
    name,
    element("dd", {}, element("span", { class: "gauge", "aria-hidden": "true" }, fill), figure),
  );
  return {
    element: row,
    update(test: HealthTestSnapshot): void {
      const { watermark, cutoffPermanent, expectedFalseAlarmsPerYear } = test;
      const cutoff = cutoffOf(test);
      setAttributes(row, { "data-margin": marginOf(test) });
      setText(name, words(test.test));
      fill.style.inlineSize = `${(Math.min(1, shareOf(test)) * 100).toFixed(1)}%`;
      // Silence is in milliseconds, as its cutoff.
      const unit = test.test === "total_failure" ? " ms" : "";
      setText(
        figure,
        cutoff === null ? "off" : `${figureOf(watermark)} of ${count(cutoff)}${unit}`,
      );
      const latches =
        cutoffPermanent === null ? "It never latches." : `It latches at ${count(cutoffPermanent)}.`;
      setAttributes(row, {
        title: `${latches} False alarms to expect: ${perYear(expectedFalseAlarmsPerYear)}.`,
      });
    },
  };
}
