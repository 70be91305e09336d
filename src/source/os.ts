import { randomFill } from "node:crypto";
import type { Clock } from "../port/clock.ts";
import type { NoiseSource, SampleSink, SessionEnd } from "../port/source.ts";
import { Pacer } from "./pacer.ts";
import { Session } from "./session.ts";
import { errnoOf } from "./systemError.ts";

/** Fills the whole buffer and then calls `done`, at once or later. */
export type RandomFill = (buffer: Uint8Array, done: (error: Error | null) => void) => void;

export interface OsSourceOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly samplesPerSecond?: number;
  /** The OS RNG; a simulation passes its own. */
  readonly fill?: RandomFill;
}

/** Twice the shortest startup test (SP 800-90B 4.3 item 4: 1024), so that it passes at the open. */
const SAMPLES_AT_OPEN = 2048;
const LARGEST_CHUNK_SAMPLES = 4096;
/** It is read all the time, also by a service that nobody asks: a wake-up costs more than its bytes. */
const CHUNKS_PER_SECOND = 4;

const OS_RNG: RandomFill = (buffer, done) => {
  randomFill(buffer, (error) => done(error));
};

/**
 * The operating system's RNG, paced. It is a DRBG: it has a security strength and no entropy that
 * could be credited (DESIGN section 4, item 5), and it is tested like any source all the same.
 */
export class OsSource implements NoiseSource {
  readonly id: string;
  readonly kind = "os";
  readonly physical = false;
  readonly bitsPerSample = 8;
  readonly settleBytes = 0;
  readonly #clock: Clock;
  readonly #samplesPerSecond: number;
  readonly #fill: RandomFill;

  constructor({ id, clock, samplesPerSecond = 4096, fill = OS_RNG }: OsSourceOptions) {
    this.id = id;
    this.#clock = clock;
    this.#samplesPerSecond = samplesPerSecond;
    this.#fill = fill;
  }

  run(sink: SampleSink, signal: AbortSignal): Promise<SessionEnd> {
    const session = new Session(signal);
    const pacer = new Pacer(this.#clock, this.#samplesPerSecond, CHUNKS_PER_SECOND);
    let cancel = (): void => {};
    session.defer(() => cancel());

    const deliver = (samples: number, next: () => void): void => {
      const chunk = new Uint8Array(samples);
      this.#fill(chunk, (error) => {
        session.guard(() => {
          if (error) session.end("absent", `the OS RNG failed: ${errnoOf(error)}`);
          else sink.samples(chunk);
        });
        chunk.fill(0);
        session.guard(next);
      });
    };
    const wait = (): void => {
      cancel = this.#clock.schedule(pacer.intervalMilliseconds, tick);
    };
    const tick = (): void => {
      session.guard(() => {
        const samples = Math.min(pacer.due(), LARGEST_CHUNK_SAMPLES);
        if (samples === 0) return wait();
        pacer.taken(samples);
        deliver(samples, pacer.due() > 0 && samples === LARGEST_CHUNK_SAMPLES ? tick : wait);
      });
    };
    session.guard(() => {
      sink.opened({
        location: "getrandom(2), by node:crypto",
        vendorId: null,
        productId: null,
        serialNumber: null,
        firmware: null,
        mode: "DRBG output",
        rawConfirmed: false,
        caveats: ["It is the output of the operating system's DRBG, not raw noise."],
      });
      deliver(SAMPLES_AT_OPEN, wait);
    });
    return session.ended;
  }
}
