import type { Socket } from "node:net";
import type { DrawResult, Drawn } from "../../port/draw.ts";
import type { Refusal } from "../../port/errors.ts";
import type { Principal } from "../../port/principal.ts";
import { statusOf } from "../problem.ts";
import { answerText, drawnHead, type HttpDate, refusalAnswer } from "./answer.ts";
import { LastHead, type Post } from "./lastHead.ts";
import { REQUEST_TIMEOUT_MILLISECONDS } from "./limits.ts";
import type { HotAnswer, HotPorts } from "./ports.ts";

export interface ConnectionTimes {
  readonly headMilliseconds: number;
  readonly keepAliveMilliseconds: number;
}

export interface ConnectionTerms {
  readonly ports: HotPorts;
  readonly date: HttpDate;
  readonly times: ConnectionTimes;
  /** Takes the connection, paused; what was read of it and not answered stands in front again. */
  readonly passOn: (socket: Socket) => void;
  readonly left: (connection: HotConnection) => void;
}

/** An answer up to this long, with its head, is written into a buffer that the connection keeps. */
const KEPT_BYTES = 1024;

/** A request of which the end has not come yet. */
interface Part {
  readonly chunks: Buffer[];
  readonly wholeBytes: number;
  readonly untilMilliseconds: number;
  bytes: number;
}

/**
 * One connection, for as long as whole requests of hot routes come on it, one at a time. The first
 * thing that is anything else goes to node's own reader of HTTP, and the connection with it.
 */
export class HotConnection {
  readonly #socket: Socket;
  readonly #terms: ConnectionTerms;
  readonly #head: LastHead;
  #part: Part | null = null;
  #gone: AbortController | null = null;
  #kept: Buffer | null = null;
  /** What is being sent, to be overwritten when it has left. */
  #sending: Buffer | null = null;
  #startedMilliseconds = 0;
  #outputBytes = 0;
  #isWaiting = false;
  #hasEnded = false;
  #hasLeft = false;

  constructor(socket: Socket, terms: ConnectionTerms) {
    this.#socket = socket;
    this.#terms = terms;
    this.#head = new LastHead(terms.ports, socket);
    socket.on("data", this.#received).on("end", this.#ended).on("timeout", this.#timedOut);
    // For good: whoever has it next may not listen at once. Not twice, should it come back.
    socket.off("error", ignore).on("error", ignore).on("close", this.#closed);
    socket.setTimeout(terms.times.headMilliseconds);
  }

  /** Nothing is asked for, and every answer has left. */
  get isIdle(): boolean {
    const isBusy = this.#isWaiting || this.#sending !== null || this.#part !== null;
    return !isBusy && this.#socket.writableLength === 0;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #received = (chunk: Buffer): void => {
    if (this.#isWaiting) {
      // It comes before the answer to the one before it, and has its turn afterwards.
      this.#socket.pause();
      this.#socket.unshift(chunk);
      return;
    }
    const { ports, times } = this.#terms;
    const now = ports.clock.monotonicMilliseconds();
    const part = this.#part;
    const received = part === null ? chunk : this.#join(part, chunk, now);
    if (received === null) return;
    const known = this.#head.read(received, now);
    if (known === null || !ports.isOpen()) {
      this.#passOn(received);
      return;
    }
    const { head, asks } = known;
    const missing = head.length + (typeof asks === "number" ? 0 : asks.bodyBytes) - received.length;
    if (missing !== 0) {
      if (missing < 0 || part !== null) this.#passOn(received);
      else this.#await(received, missing, now);
      return;
    }
    if (this.#startedMilliseconds === 0) this.#socket.setTimeout(times.keepAliveMilliseconds);
    this.#startedMilliseconds = now;
    if (typeof asks === "number") this.#draw(known.principal, asks, received);
    else this.#post(known.principal, asks, received.subarray(head.length));
  };

  /** Keeps the beginning of a body, until the rest of it has come. */
  #await(received: Buffer, missing: number, now: number): void {
    this.#part = {
      chunks: [received],
      bytes: received.length,
      wholeBytes: received.length + missing,
      untilMilliseconds: now + REQUEST_TIMEOUT_MILLISECONDS,
    };
  }

  /** Null while more has to come; when that takes too long, node is given what is there. */
  #join(part: Part, chunk: Buffer, now: number): Buffer | null {
    part.chunks.push(chunk);
    part.bytes += chunk.length;
    if (part.bytes < part.wholeBytes && now < part.untilMilliseconds) return null;
    this.#part = null;
    return Buffer.concat(part.chunks);
  }

  #draw(principal: Principal, bytes: number, received: Buffer): void {
    let result: DrawResult | null | Promise<DrawResult | null>;
    try {
      result = this.#terms.ports.draw(principal, bytes);
    } catch (error) {
      this.#fail(principal, error);
      return;
    }
    if (!(result instanceof Promise)) {
      this.#settle(principal, result, received);
      return;
    }
    this.#isWaiting = true;
    this.#socket.pause();
    void result
      .then(
        (later) => this.#settle(principal, later, received),
        (error: unknown) => this.#fail(principal, error),
      )
      .finally(() => this.#goOn());
  }

  /** Read from while it waits, so that a client that goes away is noticed. */
  #post(principal: Principal, { route, id }: Post, body: Buffer): void {
    const startedMilliseconds = this.#startedMilliseconds;
    const gone = (): AbortSignal => (this.#gone ??= new AbortController()).signal;
    const answer = route.answer({ principal, id, body, startedMilliseconds, gone });
    if (!(answer instanceof Promise)) {
      this.#tell(answer);
      return;
    }
    this.#isWaiting = true;
    void answer
      .then((later) => this.#tell(later))
      .finally(() => {
        this.#gone = null;
        this.#goOn();
      });
  }

  #goOn(): void {
    this.#isWaiting = false;
    if (this.#hasLeft) return;
    if (this.#hasEnded) this.#socket.end();
    if (this.#socket.writableLength === 0) this.#socket.resume();
  }

  #tell(answer: HotAnswer | null): void {
    const socket = this.#socket;
    if (answer === null || socket.destroyed) return;
    const { date, times } = this.#terms;
    const text = answerText(answer, date.text, times.keepAliveMilliseconds / 1000);
    socket.write(text, this.#written);
    if (answer.closes) socket.off("data", this.#received).destroySoon();
    else if (socket.writableLength > 0) socket.pause();
  }

  readonly #written = (): void => {
    if (this.#socket.isPaused() && !this.#isWaiting) this.#socket.resume();
  };

  #settle(principal: Principal, result: DrawResult | null, received: Buffer): void {
    if (result === null) this.#passOn(received);
    else if (result.ok) this.#answer(result);
    else this.#refuse(principal, result);
  }

  #answer(drawn: Drawn): void {
    const { bytes } = drawn;
    if (this.#socket.destroyed) {
      bytes.fill(0);
      return;
    }
    const { date, times } = this.#terms;
    const head = drawnHead(drawn, date.text, times.keepAliveMilliseconds / 1000);
    const length = head.length + bytes.length;
    const buffer = this.#bufferOf(length);
    buffer.write(head, 0, "latin1");
    buffer.set(bytes, head.length);
    bytes.fill(0);
    this.#sending = buffer;
    this.#outputBytes = bytes.length;
    this.#socket.write(buffer.length === length ? buffer : buffer.subarray(0, length), this.#sent);
    // A client that does not read is not read from, so that one answer at most waits for it.
    if (this.#socket.writableLength > 0) this.#socket.pause();
  }

  #bufferOf(length: number): Buffer {
    if (length > KEPT_BYTES) return Buffer.allocUnsafeSlow(length);
    this.#kept ??= Buffer.allocUnsafeSlow(KEPT_BYTES);
    return this.#kept;
  }

  /** Also when the client has gone. */
  readonly #sent = (error?: Error | null): void => {
    this.#sending?.fill(0);
    this.#sending = null;
    const { clock, answered } = this.#terms.ports;
    const seconds = (clock.monotonicMilliseconds() - this.#startedMilliseconds) / 1000;
    answered(200, seconds, error ? 0 : this.#outputBytes);
    this.#written();
  };

  /** The log has a defect under the id that the answer names. */
  #fail(principal: Principal, error: unknown): void {
    const { ports } = this.#terms;
    const id = ports.nextId();
    this.#refuse(principal, ports.explain(error, id), id);
  }

  #refuse(principal: Principal, refusal: Refusal, id = this.#terms.ports.nextId()): void {
    const { ports, date, times } = this.#terms;
    ports.note(refusal, id, principal);
    const now = ports.clock.monotonicMilliseconds();
    ports.answered(statusOf(refusal.code), (now - this.#startedMilliseconds) / 1000, 0);
    const answer = refusalAnswer(refusal, id);
    const text = answerText(answer, date.text, times.keepAliveMilliseconds / 1000);
    this.#socket.write(text, this.#written);
    if (this.#socket.writableLength > 0) this.#socket.pause();
  }

  #passOn(received: Buffer): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    this.#hasLeft = true;
    socket.off("data", this.#received).off("end", this.#ended).off("timeout", this.#timedOut);
    socket.off("close", this.#closed);
    socket.setTimeout(0);
    this.#part = null;
    this.#closed();
    // Not read from while it changes hands.
    socket.pause();
    socket.unshift(received);
    this.#terms.passOn(socket);
  }

  /** A client that has said its last word still gets its answer. */
  readonly #ended = (): void => {
    this.#hasEnded = true;
    if (!this.#isWaiting) this.#socket.end();
  };

  readonly #timedOut = (): void => {
    // How long an answer may take is the house's to say.
    if (this.#isWaiting) return;
    if (this.#part === null) this.#socket.destroy();
    else this.#passOn(Buffer.concat(this.#part.chunks));
  };

  readonly #closed = (): void => {
    this.#gone?.abort();
    this.#head.forget();
    this.#terms.left(this);
  };
}

/** What the client breaks off is its own business. */
function ignore(): void {}
