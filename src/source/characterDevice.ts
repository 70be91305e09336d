import { access, close, constants, fstat, open, stat, type Stats } from "node:fs";
import { Socket } from "node:net";
import { isatty } from "node:tty";
import type { Clock } from "../port/clock.ts";
import type { DeviceDescription, NoiseSource, SampleSink, SessionEnd } from "../port/source.ts";
import { Child, childEnvironment } from "./child.ts";
import { DevicePoll, type ReadDescriptor } from "./devicePoll.ts";
import { Pacer } from "./pacer.ts";
import { SampleStream } from "./sampleStream.ts";
import { Session } from "./session.ts";
import { BYTES, checkFraming, type Framing } from "./symbols.ts";
import { errnoOf, openFailure } from "./systemError.ts";
import { rawClaim, type Vouched } from "./vouched.ts";

export interface CharacterDeviceSourceOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly path: string;
  readonly framing?: Framing;
  readonly settleBytes?: number;
  /**
   * How fast a device is asked; default 65536. A FIFO and dd(1) are not asked but listened to: what
   * comes at more than twice this (default: 1,000,000 samples a second) is dropped, and told as gaps.
   */
  readonly samplesPerSecond?: number;
  /**
   * `nonblocking` (default) needs a driver that honours O_NONBLOCK, as the kernel's hw_random does.
   * `process` reads through dd(1), which can be killed in the middle of a read.
   */
  readonly reader?: "nonblocking" | "process";
  readonly vouched?: Vouched;
  readonly physical?: boolean;
  /** read(2), for tests of drivers that ignore O_NONBLOCK. */
  readonly read?: ReadDescriptor;
}

/**
 * Small, because hw_random fills the whole of a blocking read before it returns: a virtio device of
 * 10 kB/s kept a reader of 64 KiB waiting for seconds.
 */
const DD_BLOCK_BYTES = 64;

/** A character device such as /dev/hwrng, or a FIFO that another program writes into. */
export class CharacterDeviceSource implements NoiseSource {
  readonly id: string;
  readonly kind = "character-device";
  readonly physical: boolean;
  readonly bitsPerSample: number;
  readonly settleBytes: number;
  readonly #options: CharacterDeviceSourceOptions;
  readonly #framing: Framing;
  readonly #samplesPerSecond: number;
  readonly #listenedPerSecond: number;
  readonly #poll: DevicePoll;

  constructor(options: CharacterDeviceSourceOptions) {
    this.#options = options;
    this.#framing = options.framing ?? BYTES;
    checkFraming(this.#framing);
    this.#samplesPerSecond = options.samplesPerSecond ?? 65_536;
    // Twice, because a configured rate is a nominal one.
    this.#listenedPerSecond = 2 * (options.samplesPerSecond ?? 500_000);
    this.#poll = new DevicePoll(options.clock, options.path, options.read);
    this.id = options.id;
    this.physical = options.physical ?? false;
    this.bitsPerSample = this.#framing.bitsPerSample;
    this.settleBytes = options.settleBytes ?? 0;
  }

  async run(sink: SampleSink, signal: AbortSignal): Promise<SessionEnd> {
    const session = new Session(signal);
    if (session.over) return session.ended;
    if (this.#options.reader === "process") return this.#runProcess(session, sink);
    const { path } = this.#options;
    if (this.#poll.stuck) {
      session.end("locked", `${path}: a read of an earlier session has not come back yet`);
      return session.ended;
    }
    // O_NOCTTY: a terminal must not become ours before it is refused.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    open(path, flags, (error, descriptor) => {
      if (error) return endWith(session, openFailure(error, path));
      const release = (): void => close(descriptor, () => {});
      if (session.over) return release();
      fstat(descriptor, (statError, facts) => {
        const refusal = statError
          ? openFailure(statError, path)
          : refuseKind(path, facts, isatty(descriptor));
        if (refusal || session.over) {
          release();
          if (refusal) endWith(session, refusal);
        } else if (facts.isFIFO()) {
          this.#listen(session, sink, descriptor);
        } else {
          session.guard(() => sink.opened(this.#describe("character device")));
          const stream = this.#stream(session, sink, Number.POSITIVE_INFINITY);
          const pacer = new Pacer(this.#options.clock, this.#samplesPerSecond);
          this.#poll.run(session, descriptor, pacer, (bytes) => stream.push(bytes));
        }
      });
    });
    return session.ended;
  }

  /** The event loop waits for a FIFO (epoll takes pipes), and destroying it closes it at once. */
  #listen(session: Session, sink: SampleSink, descriptor: number): void {
    const { path } = this.#options;
    const pipe = new Socket({ fd: descriptor, readable: true, writable: false });
    session.defer(() => pipe.destroy());
    session.guard(() => sink.opened(this.#describe("FIFO")));
    const stream = this.#stream(session, sink, this.#listenedPerSecond);
    pipe.on("data", (chunk: Buffer) => {
      session.guard(() => stream.push(chunk));
      chunk.fill(0);
    });
    pipe.on("error", (error) => session.end("unplugged", `${path}: ${errnoOf(error)}`));
    pipe.on("close", () => {
      session.guard(() => stream.tellLoss());
      session.end("unplugged", `${path}: its last writer went away`);
    });
  }

  async #runProcess(session: Session, sink: SampleSink): Promise<SessionEnd> {
    const { path, clock } = this.#options;
    const refusal = await examine(path);
    if (refusal) endWith(session, refusal);
    const stream = this.#stream(session, sink, this.#listenedPerSecond);
    const child = new Child(session, {
      command: ["dd", `if=${path}`, `bs=${DD_BLOCK_BYTES}`, "status=none"],
      environment: childEnvironment(),
      clock,
      started: () => sink.opened(this.#describe("character device, read by dd")),
      output: (bytes) => void stream.push(bytes),
      exited: (how) => {
        stream.tellLoss();
        session.end("unplugged", `${path}: dd ${how}`);
      },
    });
    try {
      return await session.ended;
    } finally {
      await child.gone;
    }
  }

  #stream(session: Session, sink: SampleSink, maximumSamplesPerSecond: number): SampleStream {
    const stream = new SampleStream(sink, {
      clock: this.#options.clock,
      framing: this.#framing,
      settleBytes: this.settleBytes,
      maximumSamplesPerSecond,
    });
    session.defer(() => stream.wipe());
    return stream;
  }

  #describe(mode: string): DeviceDescription {
    return {
      location: this.#options.path,
      vendorId: null,
      productId: null,
      serialNumber: null,
      firmware: null,
      mode,
      ...rawClaim(this.#options.vouched),
    };
  }
}

function endWith(session: Session, end: SessionEnd): void {
  session.end(end.reason, end.detail);
}

function refuseKind(path: string, facts: Stats, terminal: boolean): SessionEnd | null {
  const no = (what: string): SessionEnd => ({ reason: "protocol", detail: `${path} is ${what}` });
  if (facts.isFile()) return no("a regular file: a source of kind recording plays it");
  if (terminal)
    return no("a serial line or terminal: a source of kind serial-* sets it up and locks it");
  if (!facts.isCharacterDevice() && !facts.isFIFO()) {
    return no("neither a character device nor a FIFO");
  }
  return null;
}

/** The same refusals without opening anything, which might block. */
function examine(path: string): Promise<SessionEnd | null> {
  return new Promise((resolve) => {
    access(path, constants.R_OK, (denied) => {
      if (denied) return resolve(openFailure(denied, path));
      stat(path, (error, facts) => {
        resolve(error ? openFailure(error, path) : refuseKind(path, facts, false));
      });
    });
  });
}
