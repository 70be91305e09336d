import type { Problem } from "./ask.ts";
import { Columns } from "./columns.ts";
import { socketUrl } from "./live.ts";
import type { Strip } from "./strip.ts";

const SEQUENCE_BYTES = 8;
const FINISHED = 1000;

/** Samples of a source on its strip, for as long as the service gives them. */
export class Raster {
  readonly #strip: Strip;
  readonly #ended: (problem: Problem | null) => void;
  #socket: WebSocket | null = null;

  /** @param ended when it is over; with the problem where it was refused */
  constructor(strip: Strip, ended: (problem: Problem | null) => void) {
    this.#strip = strip;
    this.#ended = ended;
  }

  get isOn(): boolean {
    return this.#socket !== null;
  }

  start(source: string, bitsPerSample: number): void {
    if (this.isOn) return;
    const socket = new WebSocket(socketUrl(`/v1/raster?source=${encodeURIComponent(source)}`));
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const columns = new Columns(bitsPerSample);
    let last = performance.now();
    let problem: Problem | null = null;
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") {
        problem = JSON.parse(data) as Problem;
        return;
      }
      const now = performance.now();
      const symbols = new Uint8Array(data as ArrayBuffer, SEQUENCE_BYTES);
      this.#strip.showBits(true);
      this.#strip.add(columns.add(symbols), now - last);
      last = now;
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (this.#socket === socket) this.#socket = null;
      this.#strip.showBits(false);
      if (code !== FINISHED && problem === null)
        problem = {
          code: reason || "closed",
          title: "The connection ended.",
          detail: "The connection ended.",
          remedy: "Show the samples again when the service is back.",
        };
      this.#ended(code === FINISHED ? null : problem);
    });
  }

  stop(): void {
    this.#socket?.close(FINISHED);
  }
}
