import { close, read } from "node:fs";
import type { Clock } from "../port/clock.ts";
import type { Pacer } from "./pacer.ts";
import type { Session } from "./session.ts";
import { errnoOf } from "./systemError.ts";

/** One read(2) at the descriptor's own position. */
export type ReadDescriptor = (
  descriptor: number,
  buffer: Uint8Array,
  bytes: number,
  done: (error: NodeJS.ErrnoException | null, bytesRead: number) => void,
) => void;

/** A virtio hwrng of 10 kB/s lasts 50 ms with it; /dev/urandom costs 128 reads for 64 KiB. */
const READ_BYTES = 512;
/** Between two looks at a device that has nothing: hw_random's buffers refill in a few ms. */
const POLL_MILLISECONDS = 10;
/** hw_random may make even a non-blocking reader wait while its kernel thread holds the device. */
const STUCK_MILLISECONDS = 3000;

const READ: ReadDescriptor = (descriptor, buffer, bytes, done) => {
  read(descriptor, buffer, 0, bytes, null, done);
};

/**
 * Polls a non-blocking descriptor. No character device outside the terminals can be waited for with
 * epoll, and a blocking read would hold one of the four threads of the pool for as long as the device
 * is silent, and its descriptor beyond the session's end.
 */
export class DevicePoll {
  readonly #clock: Clock;
  readonly #path: string;
  readonly #read: ReadDescriptor;
  #reading = false;

  constructor(clock: Clock, path: string, readDescriptor: ReadDescriptor = READ) {
    this.#clock = clock;
    this.#path = path;
    this.#read = readDescriptor;
  }

  /** True while a driver that ignores O_NONBLOCK holds a read; it must not be opened again then. */
  get stuck(): boolean {
    return this.#reading;
  }

  /**
   * Reads until the session ends, and closes the descriptor.
   * @param push takes the bytes, and returns how many samples they were
   */
  run(
    session: Session,
    descriptor: number,
    pacer: Pacer,
    push: (bytes: Uint8Array) => number,
  ): void {
    const buffer = new Uint8Array(READ_BYTES);
    let cancel = (): void => {};
    const release = (): void => close(descriptor, () => {});
    session.defer(() => {
      cancel();
      if (!this.#reading) release();
    });
    const later = (milliseconds: number): void => {
      session.guard(() => (cancel = this.#clock.schedule(milliseconds, next)));
    };
    // Settled once for each interval: asked anew after every read, it would be a few bytes for ever.
    let due = 0;
    const next = (): void => {
      due = pacer.due();
      if (due > 0) look();
      else later(pacer.intervalMilliseconds);
    };
    const look = (): void => {
      this.#reading = true;
      cancel = this.#clock.schedule(STUCK_MILLISECONDS, () => {
        session.end(
          "silent",
          `${this.#path}: a non-blocking read did not return, so its driver wants \`reader: process\``,
        );
      });
      this.#read(descriptor, buffer, Math.min(READ_BYTES, due), (error, bytes) => {
        this.#reading = false;
        cancel();
        const taken = !session.over && !error && bytes > 0;
        if (taken) {
          session.guard(() => {
            const samples = push(buffer.subarray(0, bytes));
            pacer.taken(samples);
            due -= Math.max(1, samples); // 0 while bytes settle: then a read counts as one
          });
        }
        buffer.fill(0); // also what a read brought after the session's end
        if (taken) return due > 0 ? session.guard(look) : later(pacer.intervalMilliseconds);
        if (session.over) release();
        else if (error && error.code !== "EAGAIN" && error.code !== "EINTR") {
          session.end("unplugged", `${this.#path} cannot be read any more: ${errnoOf(error)}`);
        } else if (error) {
          later(POLL_MILLISECONDS);
        } else {
          session.end("unplugged", `${this.#path} came to its end`);
        }
      });
    };
    session.guard(next);
  }
}
