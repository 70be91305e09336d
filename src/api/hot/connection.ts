import { timingSafeEqual } from "node:crypto";
import type { Socket } from "node:net";
import type { DrawResult, Drawn } from "../../port/draw.ts";
import type { Refusal } from "../../port/errors.ts";
import type { Principal } from "../../port/principal.ts";
import { statusOf } from "../problem.ts";
import { drawnHead, type HttpDate, refusalText } from "./answer.ts";
import { readHotHead } from "./head.ts";
import type { HotPorts } from "./ports.ts";

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

/** Who was let in with a head that came before is asked for again after this long. */
const KNOWN_MILLISECONDS = 1000;
/** An answer up to this long, with its head, is written into a buffer that the connection keeps. */
const KEPT_BYTES = 1024;

/** The last head that was let in, to the byte, and who sent it. */
interface Known {
  readonly head: Buffer;
  readonly bytes: number;
  readonly principal: Principal;
  readonly untilMilliseconds: number;
}

/**
 * One connection, for as long as whole heads of the hot route come on it, one at a time. The first
 * thing that is anything else goes to node's own reader of HTTP, and the connection with it.
 */
export class HotConnection {
  readonly #socket: Socket;
  readonly #terms: ConnectionTerms;
  #known: Known | null = null;
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
    socket.on("data", this.#received).on("end", this.#ended).on("timeout", this.#timedOut);
    // For good: whoever has it next may not listen at once. Not twice, should it come back.
    socket.off("error", ignore).on("error", ignore).on("close", this.#closed);
    socket.setTimeout(terms.times.headMilliseconds);
  }

  /** Nothing is asked for, and every answer has left. */
  get isIdle(): boolean {
    return !this.#isWaiting && this.#sending === null && this.#socket.writableLength === 0;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #received = (received: Buffer): void => {
    const { ports, times } = this.#terms;
    const now = ports.clock.monotonicMilliseconds();
    const known = this.#isKnown(received, now) ? this.#known! : this.#identify(received, now);
    if (known === null || !ports.isOpen()) {
      this.#passOn(received);
      return;
    }
    if (this.#startedMilliseconds === 0) this.#socket.setTimeout(times.keepAliveMilliseconds);
    this.#startedMilliseconds = now;
    let result: DrawResult | null | Promise<DrawResult | null>;
    try {
      result = ports.draw(known.principal, known.bytes);
    } catch (error) {
      this.#fail(known.principal, error);
      return;
    }
    if (!(result instanceof Promise)) {
      this.#settle(known.principal, result, received);
      return;
    }
    this.#isWaiting = true;
    this.#socket.pause();
    void result
      .then(
        (later) => this.#settle(known.principal, later, received),
        (error: unknown) => this.#fail(known.principal, error),
      )
      .finally(() => {
        this.#isWaiting = false;
        if (this.#hasLeft) return;
        if (this.#hasEnded) this.#socket.end();
        this.#socket.resume();
      });
  };

  /**
   * The same head again, which most are, from somebody who would still be let in: nothing is read anew.
   * What a client sends is compared with a token, so without telling where they differ.
   */
  #isKnown(received: Buffer, now: number): boolean {
    const known = this.#known;
    return (
      known !== null &&
      known.head.length === received.length &&
      now < known.untilMilliseconds &&
      timingSafeEqual(known.head, received) &&
      this.#terms.ports.isActive(known.principal)
    );
  }

  #identify(received: Buffer, now: number): Known | null {
    this.#forget();
    const read = readHotHead(received);
    if (read === null) return null;
    const { bytes, headers } = read;
    const socket = this.#socket;
    const principal = this.#terms.ports.identify({
      headers,
      socket,
      method: "GET",
      rawHeaders: [],
    });
    if (principal === null || "code" in principal) return null;
    const untilMilliseconds = now + KNOWN_MILLISECONDS;
    this.#known = { head: Buffer.from(received), bytes, principal, untilMilliseconds };
    return this.#known;
  }

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
    if (this.#socket.isPaused() && !this.#isWaiting) this.#socket.resume();
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
    this.#socket.write(refusalText(refusal, id, date.text, times.keepAliveMilliseconds / 1000));
  }

  #passOn(received: Buffer): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    this.#hasLeft = true;
    socket.off("data", this.#received).off("end", this.#ended).off("timeout", this.#timedOut);
    socket.off("close", this.#closed);
    socket.setTimeout(0);
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
    this.#socket.destroy();
  };

  readonly #closed = (): void => {
    this.#forget();
    this.#terms.left(this);
  };

  #forget(): void {
    this.#known?.head.fill(0);
    this.#known = null;
  }
}

/** What the client breaks off is its own business. */
function ignore(): void {}
