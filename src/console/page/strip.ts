/*
 * The picture of a source's water. Without samples: a current, as quick as the source gives. With
 * samples: their bits, 32 a column, oldest to the right, as they flow away from the spring.
 */

const BITS = 32;
/** CSS pixels of one bit. */
const CELL = 2;
export const STRIP_PIXELS = BITS * CELL;
/** Columns that wait; a page that was hidden has no use for old ones. */
const LONGEST_QUEUE = 512;
const LINES = 44;

const still = matchMedia("(prefers-reduced-motion: reduce)");

/** A sequence of bits, most significant first, cut into columns. */
export class Columns {
  readonly #bitsPerSample: number;
  #column: number[] = [];

  constructor(bitsPerSample: number) {
    this.#bitsPerSample = bitsPerSample;
  }

  /** @returns whole columns of 0 and 1; what is left waits for the next samples */
  add(symbols: Uint8Array): number[][] {
    const whole: number[][] = [];
    for (const symbol of symbols)
      for (let bit = this.#bitsPerSample - 1; bit >= 0; bit--) {
        this.#column.push((symbol >> bit) & 1);
        if (this.#column.length < BITS) continue;
        whole.push(this.#column);
        this.#column = [];
      }
    return whole;
  }
}

interface Line {
  y: number;
  x: number;
  length: number;
  speed: number;
}

export class Strip {
  readonly canvas = document.createElement("canvas");
  readonly #context: CanvasRenderingContext2D;
  readonly #lines: Line[] = [];
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
    // Where the lines of the current begin says nothing: any spread will do.
    for (let at = 0; at < LINES; at++)
      this.#lines.push({
        y: ((at + 0.5) / LINES) * STRIP_PIXELS,
        x: ((at * 0.618) % 1) * 1000,
        length: 30 + ((at * 37) % 90),
        speed: 0.55 + ((at * 29) % 45) / 50,
      });
    new ResizeObserver(() => this.#resize()).observe(this.canvas);
    for (const query of ["(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)"])
      matchMedia(query).addEventListener("change", () => this.#resize());
  }

  /** @param rate samples a second, of a source that flows; 0 stands still */
  flow(rate: number): void {
    this.#flow = rate;
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
    context.lineWidth = 1.4 * scale;
    context.lineCap = "round";
    context.beginPath();
    for (const line of this.#lines) {
      line.x += elapsed * speed * line.speed;
      if (line.x - line.length > this.#width) line.x = -((line.length * 7) % 60);
      const y = (line.y / STRIP_PIXELS) * height;
      context.moveTo((line.x - line.length) * scale, y);
      context.lineTo(line.x * scale, y);
    }
    context.stroke();
  }
}
