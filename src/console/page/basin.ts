import type { SourceSnapshot } from "../../port/snapshot.ts";
import { byId, element, Rows, setText, svg } from "./dom.ts";
import { bytes } from "./format.ts";

/** Blocks of one source that the pool has room for: see `entropy/pool.ts`. */
const ROOM = 64;
/** Of the vessel's inside, in its own units. */
const TOP = 26;
const BOTTOM = 214;

interface Layer {
  readonly id: string;
  readonly blocks: number;
  readonly credited: boolean;
}

/** The pool: blocks of full entropy that wait for a seed, as a vessel and as figures. */
export class Basin {
  readonly vessel: SVGSVGElement;
  readonly #water = svg("g", { class: "water" });
  readonly #total = element("p", { class: "total" });
  readonly #rows: Rows<Layer>;

  constructor() {
    const clip = svg(
      "clipPath",
      { id: "vessel" },
      svg("path", { d: "M8 8V176a40 40 0 0 0 40 40h104a40 40 0 0 0 40-40V8z" }),
    );
    // One wave is 50 units, and moves by one.
    const crest = "q12.5-9 25 0t25 0 25 0 25 0 25 0 25 0 25 0 25 0 25 0 25 0 25 0 25 0";
    this.#water.append(
      svg("path", { class: "far", d: `M-50 3${crest}V260H-50z` }),
      svg("path", { class: "near", d: `M-50 8${crest}V260H-50z` }),
    );
    this.vessel = svg(
      "svg",
      { viewBox: "0 0 200 224", class: "vessel", "aria-hidden": "true" },
      svg("defs", {}, clip),
      svg("g", { "clip-path": "url(#vessel)" }, this.#water),
      svg("path", { class: "wall", d: "M8 8V176a40 40 0 0 0 40 40h104a40 40 0 0 0 40-40V8" }),
    );
    const layers = element("ul", { class: "layers" });
    this.#rows = new Rows<Layer>(layers, ({ id }) => id, makeLayer);
    byId("basin").replaceChildren(element("h2", {}, "Pool"), this.vessel, this.#total, layers);
  }

  update(sources: readonly SourceSnapshot[]): void {
    const layers = sources.map(({ id, poolBlocks, assessedEntropy }) => ({
      id,
      blocks: poolBlocks,
      credited: assessedEntropy > 0,
    }));
    const blocks = layers.reduce((sum, layer) => sum + layer.blocks, 0);
    const full = Math.min(1, blocks / (ROOM * Math.max(1, layers.length)));
    this.#water.style.transform = `translateY(${(BOTTOM - full * (BOTTOM - TOP)).toFixed(1)}px)`;
    // A block is 64 bytes of full entropy.
    setText(this.#total, `${blocks} blocks, ${bytes(blocks * 64)} of full entropy`);
    this.#rows.update(layers);
  }
}

function makeLayer() {
  const name = element("span");
  const figure = element("span", { class: "figure" });
  return {
    element: element("li", {}, name, figure),
    update({ id, blocks, credited }: Layer): void {
      setText(name, id);
      setText(figure, credited ? String(blocks) : `${blocks}, credit 0`);
    },
  };
}
