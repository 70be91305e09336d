import { setAttributes, svg } from "./dom.ts";

/** One end of a reach: how far down the side of an element, 0 to 1. */
export interface End {
  readonly element: Element;
  readonly across: number;
  /** The same where the stages stand below each other. */
  readonly along: number;
}

/** Water from one place to another. */
export interface Reach {
  readonly id: string;
  readonly from: End;
  readonly to: End;
  /** What it carries: 0 is dry. Only its order of magnitude shows. */
  readonly rate: number;
  readonly kind: "credited" | "uncredited" | "stopped" | "served";
}

interface Drawn {
  readonly group: SVGGElement;
  readonly bed: SVGPathElement;
  readonly current: SVGPathElement;
}

/** Where the stages stand below each other, the river runs along their left side. */
const stacked = matchMedia("(max-width: 1279px)");
/** CSS pixels from the left to the middle of that river. */
const SPINE = 13;

/** The lines that join the stages, drawn behind them from where the stages are. */
export class River {
  readonly #course: HTMLElement;
  readonly #picture = svg("svg", { class: "river", "aria-hidden": "true" });
  readonly #drawn = new Map<string, Drawn>();
  #reaches: readonly Reach[] = [];

  constructor(course: HTMLElement) {
    this.#course = course;
    course.prepend(this.#picture);
    const redraw = (): void => this.draw(this.#reaches);
    new ResizeObserver(redraw).observe(course);
    stacked.addEventListener("change", redraw);
  }

  draw(reaches: readonly Reach[]): void {
    this.#reaches = reaches;
    const origin = this.#course.getBoundingClientRect();
    if (origin.width === 0) return;
    setAttributes(this.#picture, {
      viewBox: `0 0 ${origin.width} ${origin.height}`,
      width: String(origin.width),
      height: String(origin.height),
    });
    const gone = new Set(this.#drawn.keys());
    for (const reach of reaches) {
      gone.delete(reach.id);
      this.#put(reach, stacked.matches ? along(reach, origin) : across(reach, origin));
    }
    for (const id of gone) {
      this.#drawn.get(id)!.group.remove();
      this.#drawn.delete(id);
    }
  }

  #put({ id, rate, kind }: Reach, path: string): void {
    let drawn = this.#drawn.get(id);
    if (drawn === undefined) {
      const bed = svg("path", { class: "reach-bed" });
      const current = svg("path", { class: "reach-current" });
      drawn = { bed, current, group: svg("g", {}, bed, current) };
      this.#drawn.set(id, drawn);
      this.#picture.append(drawn.group);
    }
    const { group, bed, current } = drawn;
    const magnitude = rate > 0 ? Math.log10(1 + rate) : 0;
    setAttributes(group, { class: `reach ${kind}`, "data-flows": String(rate > 0) });
    setAttributes(bed, { d: path });
    setAttributes(current, { d: path });
    group.style.setProperty("--width", `${(2 + Math.min(6, magnitude) * 2).toFixed(1)}px`);
    group.style.setProperty("--pace", `${(6 / Math.max(1, magnitude)).toFixed(1)}s`);
  }
}

/** From the right side of one to the left side of the other. */
function across({ from, to }: Reach, origin: DOMRect): string {
  const [a, b] = [from.element.getBoundingClientRect(), to.element.getBoundingClientRect()];
  const x = a.right - origin.left;
  const y = a.top + a.height * from.across - origin.top;
  const endX = b.left - origin.left;
  const endY = b.top + b.height * to.across - origin.top;
  const bend = (endX - x) * 0.55;
  return `M${r(x)} ${r(y)}C${r(x + bend)} ${r(y)} ${r(endX - bend)} ${r(endY)} ${r(endX)} ${r(endY)}`;
}

/** Out of the left side of one into the river, down it, and into the left side of the other. */
function along({ from, to }: Reach, origin: DOMRect): string {
  const [a, b] = [from.element.getBoundingClientRect(), to.element.getBoundingClientRect()];
  const y = a.top + a.height * from.along - origin.top;
  const endY = b.top + b.height * to.along - origin.top;
  const turn = Math.min(16, Math.abs(endY - y) / 2);
  const [x, endX] = [a.left - origin.left, b.left - origin.left];
  return `M${r(x)} ${r(y)}Q${SPINE} ${r(y)} ${SPINE} ${r(y + turn)}V${r(endY - turn)}Q${SPINE} ${r(endY)} ${r(endX)} ${r(endY)}`;
}

function r(value: number): string {
  return value.toFixed(1);
}
