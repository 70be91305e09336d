import uPlot from "uplot";
import type { StatusFrame } from "../../port/live.ts";
import { byId, element, setAttributes } from "./dom.ts";
import { bytes, Rates } from "./format.ts";

const SPAN_SECONDS = 600;
const STEP_SECONDS = 2;
const HEIGHT = 170;

/** The last ten minutes: entropy that was credited, and bytes that were given. */
export class History {
  readonly #figure = element("div", { class: "chart", role: "img" });
  readonly #rates = new Rates();
  readonly #data: [number[], number[], number[]] = [[], [], []];
  #chart: uPlot | null = null;
  #width = 0;

  constructor() {
    byId("history").replaceChildren(
      element("h2", { id: "history-title" }, "The last ten minutes"),
      this.#figure,
      element(
        "p",
        { class: "legend" },
        element("span", { class: "key in" }, "credited in"),
        element("span", { class: "key out" }, "given out"),
        element("span", { class: "facts" }, "bytes a second, since this page was opened"),
      ),
    );
    new ResizeObserver(() => this.#resize()).observe(this.#figure);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#make());
  }

  update({ status, doors }: StatusFrame): void {
    const now = status.atMilliseconds;
    const credited = status.sources.reduce((sum, source) => sum + source.creditedBitsTotal, 0) / 8;
    const given = doors.reduce((sum, door) => sum + door.outputBytes, 0);
    const into = this.#rates.next("in", credited, now);
    const out = this.#rates.next("out", given, now);
    const [times, ins, outs] = this.#data;
    const at = now / 1000;
    if (times.length > 0 && at - times.at(-1)! < STEP_SECONDS) return;
    times.push(at);
    ins.push(into);
    outs.push(out);
    while (times[0]! < at - SPAN_SECONDS) for (const series of this.#data) series.shift();
    setAttributes(this.#figure, {
      "aria-label": `Now ${bytes(into)} a second credited, ${bytes(out)} a second given.`,
    });
    if (this.#chart === null) this.#make();
    this.#chart?.setData(this.#data);
  }

  #resize(): void {
    const { clientWidth } = this.#figure;
    if (clientWidth === this.#width) return;
    this.#width = clientWidth;
    if (this.#chart) this.#chart.setSize({ width: clientWidth, height: HEIGHT });
  }

  #make(): void {
    this.#chart?.destroy();
    this.#chart = null;
    this.#width = this.#figure.clientWidth;
    if (this.#width === 0 || this.#data[0].length === 0) return;
    const style = getComputedStyle(this.#figure);
    const colour = (name: string): string => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--quiet"),
      font: `12px ${style.fontFamily}`,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
    };
    this.#chart = new uPlot(
      {
        width: this.#width,
        height: HEIGHT,
        cursor: { show: false },
        legend: { show: false },
        padding: [10, 6, 0, 0],
        scales: {
          x: { range: (_chart, _least, most) => [most - SPAN_SECONDS, most] },
          y: { range: (_chart, _least, most) => [0, Math.max(1024, most * 1.15)] },
        },
        axes: [
          {
            ...axis,
            space: 70,
            values: (_chart, ticks) =>
              ticks.map((tick) => new Date(tick * 1000).toTimeString().slice(0, 5)),
          },
          {
            ...axis,
            size: 64,
            incrs: Array.from({ length: 40 }, (_none, power) => 2 ** power),
            values: (_chart, ticks) => ticks.map((tick) => bytes(tick)),
          },
        ],
        series: [
          {},
          {
            stroke: colour("--water"),
            fill: colour("--wash"),
            width: 2,
            points: { show: false },
          },
          { stroke: colour("--ink"), width: 1.5, dash: [5, 4], points: { show: false } },
        ],
      },
      this.#data,
      this.#figure,
    );
  }
}
