import type { Clock } from "../port/clock.ts";
import type { NoiseSource, SampleSink, SessionEnd } from "../port/source.ts";
import { Child, childEnvironment } from "./child.ts";
import { SampleStream } from "./sampleStream.ts";
import { Session } from "./session.ts";
import { BYTES, checkFraming, type Framing } from "./symbols.ts";
import { rawClaim, type Vouched } from "./vouched.ts";

export interface ProgramSourceOptions {
  readonly id: string;
  readonly clock: Clock;
  /** Program and arguments, such as `["infnoise", "--raw"]`. No shell. */
  readonly command: readonly string[];
  readonly framing?: Framing;
  readonly settleBytes?: number;
  /** What comes faster is dropped, and told as gaps. Default 1,000,000. */
  readonly maximumSamplesPerSecond?: number;
  /** In addition to PATH, HOME, LANG, LC_ALL and TZ; nothing else is handed on. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly vouched?: Vouched;
  readonly physical?: boolean;
}

/** The stdout of an external program, so that a vendor's tool is a source. */
export class ProgramSource implements NoiseSource {
  readonly id: string;
  readonly kind = "program";
  readonly physical: boolean;
  readonly bitsPerSample: number;
  readonly settleBytes: number;
  readonly #options: ProgramSourceOptions;
  readonly #framing: Framing;
  readonly #command: readonly [string, ...string[]];

  constructor(options: ProgramSourceOptions) {
    const [program, ...args] = options.command;
    if (!program || options.command.some((word) => word.includes("\0"))) {
      throw new RangeError("command must name a program, and hold no NUL");
    }
    this.#options = options;
    this.#command = [program, ...args];
    this.#framing = options.framing ?? BYTES;
    checkFraming(this.#framing);
    this.id = options.id;
    this.physical = options.physical ?? false;
    this.bitsPerSample = this.#framing.bitsPerSample;
    this.settleBytes = options.settleBytes ?? 0;
  }

  async run(sink: SampleSink, signal: AbortSignal): Promise<SessionEnd> {
    const { clock, environment, vouched } = this.#options;
    const program = this.#command[0];
    const session = new Session(signal);
    const stream = new SampleStream(sink, {
      clock,
      framing: this.#framing,
      settleBytes: this.settleBytes,
      maximumSamplesPerSecond: this.#options.maximumSamplesPerSecond ?? 1_000_000,
    });
    session.defer(() => stream.wipe());
    const child = new Child(session, {
      command: this.#command,
      environment: childEnvironment(environment),
      clock,
      started: () => {
        sink.opened({
          location: program,
          vendorId: null,
          productId: null,
          serialNumber: null,
          firmware: null,
          mode: "stdout of the program",
          ...rawClaim(vouched),
        });
      },
      output: (bytes) => void stream.push(bytes),
      exited: (how) => {
        stream.tellLoss();
        session.end("exited", `${program} ${how}`);
      },
    });
    try {
      return await session.ended;
    } finally {
      await child.gone;
    }
  }
}
