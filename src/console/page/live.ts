import type { LiveFrame } from "../../port/live.ts";

export type Link = "live" | "waiting";

const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT_MILLISECONDS = 10_000;
/** Pictures come twice a second: without one for this long, the connection is dead. */
const SILENCE_MILLISECONDS = 5000;
/** How the service ends what is no longer signed in. */
const SIGNED_OUT = 1008;
/** A handshake that was refused, which looks like a service that is away. */
const NO_WORD = 1006;

export function socketUrl(path: string): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}

interface LiveTerms {
  frame(frame: LiveFrame): void;
  link(link: Link): void;
  /** Perhaps nobody is signed in any more. @returns whether there is sense in trying again */
  doubt(): Promise<boolean>;
}

/** The connection that everything live comes by. It comes back by itself, until it is stopped. */
export class Live {
  readonly #terms: LiveTerms;
  #socket: WebSocket | null = null;
  #wait = FIRST_WAIT_MILLISECONDS;
  #retry = 0;
  #silence = 0;

  constructor(terms: LiveTerms) {
    this.#terms = terms;
  }

  start(): void {
    this.stop();
    const socket = new WebSocket(socketUrl("/v1/live"));
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      if (socket !== this.#socket) return;
      this.#wait = FIRST_WAIT_MILLISECONDS;
      this.#listen(socket);
      this.#terms.link("live");
      this.#terms.frame(JSON.parse(data as string) as LiveFrame);
    });
    socket.addEventListener("close", ({ code }) => {
      if (socket !== this.#socket) return;
      this.stop();
      this.#terms.link("waiting");
      void this.#comeBack(code);
    });
    this.#listen(socket);
  }

  stop(): void {
    window.clearTimeout(this.#retry);
    window.clearTimeout(this.#silence);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  async #comeBack(code: number): Promise<void> {
    const isInDoubt = code === SIGNED_OUT || code === NO_WORD;
    if (isInDoubt && !(await this.#terms.doubt())) return;
    // Started by somebody else meanwhile.
    if (this.#socket !== null) return;
    this.#retry = window.setTimeout(() => this.start(), this.#wait);
    this.#wait = Math.min(LONGEST_WAIT_MILLISECONDS, this.#wait * 2);
  }

  #listen(socket: WebSocket): void {
    window.clearTimeout(this.#silence);
    this.#silence = window.setTimeout(() => {
      if (socket !== this.#socket) return;
      this.#terms.link("waiting");
      this.start();
    }, SILENCE_MILLISECONDS);
  }
}
