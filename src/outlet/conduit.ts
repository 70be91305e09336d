import { X509Certificate } from "node:crypto";
import { Duplex } from "node:stream";
import type { Cancel, Clock } from "../port/clock.ts";
import { portable, type TellConduit } from "./bridge.ts";
import type { ConduitMessage, Peer } from "./protocol.ts";

/**
 * A client's connection that ends in an outlet's thread, as the house's HTTP server may have it: a
 * write calls back when the outlet has handed it to the system, and the client is read from as fast as
 * somebody reads here, so that back-pressure holds to the last byte.
 */
export class ConduitSocket extends Duplex {
  readonly remoteAddress: string | undefined;
  /** As TLS sockets have it: the certificate of the client was verified. */
  readonly authorized: boolean;
  readonly #conduit: number;
  readonly #clock: Clock;
  readonly #tell: TellConduit;
  readonly #certificate: X509Certificate | undefined;
  #written: ((error?: Error | null) => void) | null = null;
  #owesTaken = false;
  #isGone = false;
  #idleMilliseconds = 0;
  #activeMilliseconds = 0;
  #cancelIdle: Cancel = () => {};

  constructor(
    conduit: number,
    { remoteAddress, certificate }: Peer,
    clock: Clock,
    tell: TellConduit,
  ) {
    super({ allowHalfOpen: true });
    this.#conduit = conduit;
    this.#clock = clock;
    this.#tell = tell;
    this.remoteAddress = remoteAddress;
    this.authorized = certificate !== null;
    if (certificate !== null) this.#certificate = new X509Certificate(certificate);
    this.on("error", () => {});
  }

  getPeerX509Certificate(): X509Certificate | undefined {
    return this.#certificate;
  }

  told(message: ConduitMessage): void {
    this.#active();
    if ("chunk" in message) {
      if (this.push(Buffer.from(message.chunk.buffer))) this.#taken();
      else this.#owesTaken = true;
    } else if ("taken" in message) {
      const written = this.#written;
      this.#written = null;
      written?.();
    } else if ("end" in message) {
      this.push(null);
    } else if ("closed" in message) {
      this.#isGone = true;
      this.destroy();
    }
  }

  /** As a socket's: `timeout` when nothing went either way for so long; 0 never. */
  setTimeout(milliseconds: number, listener?: () => void): this {
    this.#idleMilliseconds = milliseconds;
    if (listener !== undefined && milliseconds > 0) this.once("timeout", listener);
    this.#active();
    this.#cancelIdle();
    if (milliseconds > 0) this.#watchIdle(milliseconds);
    return this;
  }

  /** As a socket's: gone when the last byte has left, whether or not the client ends its half. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  override _read(): void {
    if (!this.#owesTaken) return;
    this.#owesTaken = false;
    this.#taken();
  }

  override _write(
    chunk: Uint8Array,
    _encoding: BufferEncoding,
    done: (error?: Error | null) => void,
  ): void {
    this.#active();
    this.#written = done;
    const copy = portable(chunk);
    this.#tell({ conduit: this.#conduit, chunk: copy }, [copy.buffer]);
  }

  override _final(done: () => void): void {
    this.#tell({ conduit: this.#conduit, end: true });
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#cancelIdle();
    if (!this.#isGone) this.#tell({ conduit: this.#conduit, closed: true });
    const written = this.#written;
    this.#written = null;
    written?.(new Error("the client has gone"));
    done(error);
  }

  #taken(): void {
    this.#tell({ conduit: this.#conduit, taken: true });
  }

  #active(): void {
    this.#activeMilliseconds = this.#clock.monotonicMilliseconds();
  }

  #watchIdle(milliseconds: number): void {
    this.#cancelIdle = this.#clock.schedule(milliseconds, () => {
      const idle = this.#clock.monotonicMilliseconds() - this.#activeMilliseconds;
      if (idle < this.#idleMilliseconds) this.#watchIdle(this.#idleMilliseconds - idle);
      else this.emit("timeout");
    });
  }
}
