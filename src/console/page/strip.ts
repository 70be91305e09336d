import { BITS } from "./columns.ts";

/*
 * The picture of a source's water. Without samples: a current, as quick as the source gives. With
 * samples: their bits, 32 a column, oldest to the right, as they flow away from the spring.
 */

/** CSS pixels of one bit. */
const CELL = 2;
export const STRIP_PIXELS = BITS * CELL;
/** Columns that wait; a page that was hidden has no use for old ones. */
const LONGEST_QUEUE = 512;
const LINES = 13;
/** CSS pixels between two points of a streamline. */
const SEGMENT = 8;

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** A streamline: it sways, and its strokes drift along it. */
interface Line {
  readonly y: number;
  readonly sway: number;
  readonly waveLength: number;
  readonly dash: readonly [number, number];
  readonly speed: number;
  at: number;
}

/** Where they lie and how they sway says nothing: any spread will do. */
function makeLine(_none: unknown, index: number): Line {
  const spread = (factor: number): number => (index * factor) % 1;
  return {
    y: ((index + 0.5) / LINES) * STRIP_PIXELS,
    sway: 1.2 + spread(0.37) * 2,
    waveLength: 170 + spread(0.618) * 150,
    dash: [46 + spread(0.29) * 110, 30 + spread(0.53) * 90],
    speed: 0.7 + spread(0.71) * 0.6,
    at: spread(0.618) * 400,
  };
}

export class Strip {
  readonly canvas = document.createElement("canvas");
  readonly #context: CanvasRenderingContext2D;
  readonly #lines = Array.from({ length: LINES }, makeLine);
  #columns: number[][] = [];
  #perMillisecond = 0;
  #showsBits = false;
  #flow = 0;
  #at = 0;
  #carry = 0;
  #colours = { water: "", faint: "" };
  #width = 0;

  constructor() {
    this.canvas.className = "strip";
    this.canvas.setAttribute("aria-hidden", "true");
    this.#context = this.canvas.getContext("2d", { alpha: true })!;
    new ResizeObserver(() => this.#resize()).observe(this.canvas);
    for (const query of ["(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)"])
      matchMedia(query).addEventListener("change", () => this.#resize());
  }

  /** @param rate samples a second, of a source that flows; 0 stands still */
  flow(rate: number): void {
    const flowed = this.#flow > 0;
    this.#flow = rate;
    // What stands still is drawn when it changes.
    if (flowed !== rate > 0 && !this.#showsBits) this.#drawCurrent(0);
  }

  get showsBits(): boolean {
    return this.#showsBits;
  }

  showBits(shows: boolean): void {
    if (shows === this.#showsBits) return;
    this.#showsBits = shows;
    this.#columns = [];
    this.#clear();
    if (!shows) this.#drawCurrent(0);
  }

  /** Columns that came in the last so many milliseconds. */
  add(columns: readonly number[][], milliseconds: number): void {
    this.#columns.push(...columns);
    if (this.#columns.length > LONGEST_QUEUE)
      this.#columns.splice(0, this.#columns.length - LONGEST_QUEUE);
    this.#perMillisecond = this.#columns.length / Math.max(50, milliseconds);
    if (still.matches) this.#shift(this.#columns.length);
  }

  /** One frame of motion. */
  move(nowMilliseconds: number): void {
    const elapsed = Math.min(100, nowMilliseconds - this.#at);
    this.#at = nowMilliseconds;
    if (still.matches || this.#width === 0) return;
    if (!this.#showsBits) {
      if (this.#flow > 0) this.#drawCurrent(elapsed);
      return;
    }
    this.#carry += elapsed * this.#perMillisecond;
    const due = Math.min(this.#columns.length, Math.floor(this.#carry));
    this.#carry = this.#columns.length === 0 ? 0 : this.#carry - due;
    if (due > 0) this.#shift(due);
  }

  #resize(): void {
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth } = this.canvas;
    const cell = Math.max(1, Math.round(CELL * ratio));
    this.canvas.width = Math.max(1, Math.round(clientWidth * ratio));
    this.canvas.height = cell * BITS;
    this.#width = clientWidth;
    const style = getComputedStyle(this.canvas);
    this.#colours = {
      water: style.getPropertyValue("--bit"),
      faint: style.getPropertyValue("--current"),
    };
    if (!this.#showsBits) this.#drawCurrent(0);
  }

  #clear(): void {
    this.#context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Moves the picture downstream and puts the next columns at its beginning. */
  #shift(columns: number): void {
    const { width, height } = this.canvas;
    const cell = height / BITS;
    const by = columns * cell;
    const context = this.#context;
    context.globalCompositeOperation = "copy";
    context.drawImage(this.canvas, by, 0);
    context.globalCompositeOperation = "source-over";
    context.clearRect(0, 0, Math.min(by, width), height);
    context.fillStyle = this.#colours.water;
    const fresh = this.#columns.splice(0, columns);
    fresh.forEach((column, index) => {
      const x = (columns - 1 - index) * cell;
      for (let bit = 0; bit < BITS; bit++)
        if (column[bit] === 1) context.fillRect(x, bit * cell, cell, cell);
    });
  }

  #drawCurrent(elapsed: number): void {
    const context = this.#context;
    const { width, height } = this.canvas;
    this.#clear();
    if (this.#flow <= 0 || this.#width === 0) return;
    const scale = width / this.#width;
    // By the logarithm: 100 samples a second creep, a million rush, and both can be looked at.
    const speed = 0.014 * Math.log10(1 + this.#flow);
    context.strokeStyle = this.#colours.faint;
    context.lineWidth = 1.6 * scale;
    context.lineCap = "round";
    for (const line of this.#lines) {
      line.at += elapsed * speed * line.speed;
      context.setLineDash(line.dash.map((length) => length * scale));
      context.lineDashOffset = -line.at * scale;
      context.beginPath();
      for (let x = 0; x <= this.#width + SEGMENT; x += SEGMENT) {
        const y = line.y + line.sway * Math.sin((2 * Math.PI * x) / line.waveLength + line.y);
        context.lineTo(x * scale, (y / STRIP_PIXELS) * height);
      }
      context.stroke();
    }
  }
}
