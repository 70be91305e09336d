import { SerialPort } from "serialport";
import type { SessionEndReason } from "../../port/source.ts";
import { SessionEnded, settledWithin, type Scope } from "./scope.ts";

type Binding = Awaited<ReturnType<typeof SerialPort.binding.open>>;

/** The most that one read delivers: 5 ms of the fastest device known (3.3 Mbit/s) is 2 KiB. */
export const LARGEST_READ_BYTES = 16_384;

/**
 * When nothing came for so long, the port is asked whether it still exists. On Linux a port that
 * hangs up in the middle of a read returns 0 bytes for ever, and serialport's read loop then spins
 * without end and without a word (seen in one of five unplugs under load).
 */
const PROBE_MILLISECONDS = 50;

/** Closing must not hold up an abort: `run` resolves within a second (port/source.ts). */
const CLOSE_MILLISECONDS = 400;
/** Draining, flushing, closing, and the read that is under way. */
const ALL_CLOSE_MILLISECONDS = (7 * CLOSE_MILLISECONDS) / 4;
const OPEN_MILLISECONDS = 3_000;
const WRITE_MILLISECONDS = 1_000;

/** serialport gives the cause of a failed open only as text: strerror(3), in the C locale. */
const OPEN_FAILURES: readonly (readonly [RegExp, SessionEndReason, string])[] = [
  [/cannot lock port/i, "locked", "another program has locked it"],
  [/device or resource busy/i, "locked", "another program holds it"],
  [/permission denied|operation not permitted/i, "permission", "it may not be opened"],
  [/no such file|no such device|input\/output error/i, "absent", "there is no such device"],
  [/inappropriate ioctl|invalid argument/i, "protocol", "it is no serial port"],
];

/**
 * An open serial port, locked for us alone. It reads from open to close, whether anybody listens
 * or not: a port that is not read does not notice that it was unplugged. It sits on serialport's
 * binding and not on its stream, because a stream can be paused and keeps samples in buffers of its
 * own that cannot be overwritten.
 */
export class SerialLine {
  readonly path: string;
  readonly #binding: Binding;
  readonly #scope: Scope;
  readonly #buffer = Buffer.alloc(LARGEST_READ_BYTES);
  readonly #reading: Promise<void>;
  #receive: (bytes: Uint8Array) => void = () => {};
  #reads = 0;
  #cancelProbe = (): void => {};
  #closing = false;
  #closed: Promise<unknown> = Promise.resolve();

  private constructor(path: string, binding: Binding, scope: Scope) {
    this.path = path;
    this.#binding = binding;
    this.#scope = scope;
    drainMicrotasks(binding);
    this.#reading = this.#read();
    this.#probe(-1);
  }

  /** @throws SessionEnded with `absent`, `permission`, `locked`, `protocol`, `silent` or `aborted` */
  static async open(path: string, baudRate: number, scope: Scope): Promise<SerialLine> {
    const opening: Promise<Binding> = SerialPort.binding.open({
      path,
      baudRate,
      lock: true,
      hupcl: true,
    });
    try {
      const binding = await scope.wait(
        opening.catch((error: Error) => {
          throw openFailure(path, error);
        }),
        {
          milliseconds: OPEN_MILLISECONDS,
          end: { reason: "silent", detail: `${path}: open did not return` },
        },
      );
      return new SerialLine(path, binding, scope);
    } catch (error) {
      // Aborted in the middle of an open: the port must not stay locked behind our back.
      const released = opening.then((binding) => binding.close());
      await settledWithin(scope.clock, CLOSE_MILLISECONDS, released);
      throw error;
    }
  }

  /** Everything read from now on goes to `receive`, in an array that is overwritten afterwards. */
  listen(receive: (bytes: Uint8Array) => void): void {
    this.#receive = receive;
  }

  /**
   * DTR and RTS on: a TrueRNG streams only with DTR, a OneRNG only with RTS. A pseudo-terminal has
   * neither, which is no failure.
   * @returns whether the port has such lines
   */
  async raiseLines(): Promise<boolean> {
    const raised = this.#binding.set({ dtr: true, rts: true, cts: false, dsr: false, brk: false });
    return this.#scope.wait(
      raised.then(
        () => true,
        (error: Error) => {
          if (/inappropriate ioctl|not supported/i.test(error.message)) return false;
          throw new SessionEnded("unplugged", `${this.path}: DTR cannot be set: ${error.message}`);
        },
      ),
      { milliseconds: WRITE_MILLISECONDS, end: this.#stalled("setting DTR") },
    );
  }

  /** @throws SessionEnded: `unplugged`, or `silent` when the device does not take it in time */
  async write(text: string, milliseconds: number = WRITE_MILLISECONDS): Promise<void> {
    const written = this.#binding.write(Buffer.from(text, "latin1")).catch((error: Error) => {
      throw new SessionEnded("unplugged", `${this.path}: write failed: ${error.message}`);
    });
    written.catch(() => {});
    await this.#scope.wait(written, { milliseconds, end: this.#stalled("a write") });
  }

  /**
   * A last word to the device on the way out. It waits neither for the scope, which may be over,
   * nor for a device that is gone.
   */
  async farewell(text: string, milliseconds: number): Promise<void> {
    if (!this.#binding.isOpen) return;
    const said = this.#binding.write(Buffer.from(text, "latin1"));
    await settledWithin(this.#scope.clock, milliseconds, said);
  }

  /** Releases the port and its lock, and overwrites what was read. Never throws. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#receive = () => {};
    this.#cancelProbe();
    const { clock } = this.#scope;
    const began = clock.monotonicMilliseconds();
    if (this.#binding.isOpen) {
      // Output that a device does not take would hold close(2) up for 30 s (closing_wait), so it is
      // thrown away; but only then, or a farewell would be.
      if (!(await settledWithin(clock, CLOSE_MILLISECONDS / 4, this.#binding.drain()))) {
        await settledWithin(clock, CLOSE_MILLISECONDS / 4, this.#binding.flush());
      }
      this.#closed = this.#binding.close();
      await settledWithin(clock, CLOSE_MILLISECONDS, this.#closed);
    }
    // Most often all of it is left: whoever opens the port next needs the lock.
    const left = ALL_CLOSE_MILLISECONDS - (clock.monotonicMilliseconds() - began);
    const bound = Math.max(CLOSE_MILLISECONDS / 4, left);
    if (await settledWithin(clock, bound, this.#reading)) this.#buffer.fill(0);
  }

  /**
   * Closes the port that is to be opened again. The lock is the open file's (flock(2)): it outlives
   * close(2) while a read of ours is under way in another thread, which a busy machine makes long.
   * @throws SessionEnded `silent` when the port does not let go
   */
  async release(): Promise<void> {
    await this.close();
    const over = Promise.allSettled([this.#closed, this.#reading]);
    await this.#scope.wait(over, {
      milliseconds: OPEN_MILLISECONDS,
      end: this.#stalled("the last read"),
    });
  }

  async #read(): Promise<void> {
    try {
      while (!this.#closing) {
        const { bytesRead } = await this.#binding.read(this.#buffer, 0, this.#buffer.length);
        this.#reads++;
        if (!this.#closing) this.#deliver(bytesRead);
      }
    } catch (error) {
      if (!this.#closing) {
        const { message } = error as Error;
        this.#scope.fail(new SessionEnded("unplugged", `${this.path} is gone: ${message}`));
      }
    }
  }

  #deliver(bytesRead: number): void {
    try {
      // Not a Buffer: its `slice` is no copy, so a consumer's "copy" would be overwritten.
      const { buffer, byteOffset } = this.#buffer;
      this.#receive(new Uint8Array(buffer, byteOffset, bytesRead));
    } catch (error) {
      this.#receive = () => {};
      this.#scope.fail(error);
    }
  }

  /** Asks the port whether it is still there, whenever nothing was read since the last time. */
  #probe(readsBefore: number): void {
    const reads = this.#reads;
    const ask = reads === readsBefore && this.#binding.isOpen;
    const asked = ask ? alive(this.#binding) : Promise.resolve();
    void asked.then(
      () => {
        if (this.#closing) return;
        this.#cancelProbe = this.#scope.clock.schedule(PROBE_MILLISECONDS, () =>
          this.#probe(reads),
        );
      },
      (error: Error) => {
        this.#scope.fail(new SessionEnded("unplugged", `${this.path} is gone: ${error.message}`));
      },
    );
  }

  #stalled(what: string): { reason: "silent"; detail: string } {
    return { reason: "silent", detail: `${this.path}: ${what} was not taken in time` };
  }
}

function openFailure(path: string, error: Error): SessionEnded {
  for (const [pattern, reason, meaning] of OPEN_FAILURES) {
    if (pattern.test(error.message)) {
      return new SessionEnded(reason, `${path}: ${meaning} (${error.message.trim()})`);
    }
  }
  return new SessionEnded("absent", `${path} cannot be opened: ${error.message.trim()}`);
}

/** Rejects when the port has hung up. What a port cannot answer at all says nothing. */
async function alive(binding: Binding): Promise<void> {
  try {
    // Only Linux implements the first; only a real port, not a pseudo-terminal, the second.
    await (process.platform === "linux" ? binding.getBaudRate() : binding.get());
  } catch (error) {
    if (!/inappropriate ioctl|not implemented/i.test((error as Error).message)) throw error;
  }
}

interface Poller {
  on?(event: string, listener: () => void): unknown;
}

/**
 * Node >= 26.4 (nodejs/node#62969) no longer runs promise continuations after a native callback
 * that was made the way serialport's poller makes it (node-serialport#3148): reads stall. An empty
 * immediate runs them. It does no harm where it is not needed.
 */
function drainMicrotasks(binding: Binding): void {
  const { poller } = binding as { poller?: Poller };
  for (const event of ["readable", "writable", "disconnect"]) {
    poller?.on?.(event, () => void setImmediate(() => {}));
  }
}
