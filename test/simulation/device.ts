import { Session } from "../../src/source/session.ts";
import { SampleStream } from "../../src/source/sampleStream.ts";
import type { Framing } from "../../src/source/symbols.ts";
import type { Clock } from "../../src/port/clock.ts";
import type { NoiseSource, SampleSink, SessionEnd } from "../../src/port/source.ts";
import type { Generator } from "./generator.ts";

const TICK_MILLISECONDS = 50;
const OPEN_MILLISECONDS = 10;
const SETTLE_BYTES = 64;
/** What a drifting device falls towards. */
const FAVOURITE = 0x5a;

export interface DeviceTerms {
  readonly id: string;
  readonly clock: Clock;
  readonly noise: Generator;
  readonly samplesPerSecond: number;
  /** A byte a sample, or a word with four bits that are always 0. */
  readonly wordsOf12Bits: boolean;
}

/** What is wrong with it at the moment. */
export type DeviceFault =
  | { readonly kind: "none" }
  | { readonly kind: "unplugged" }
  | { readonly kind: "locked" }
  | { readonly kind: "stuck"; readonly value: number }
  | { readonly kind: "silent" }
  /** From `from` on, the favourite comes instead of noise with a probability that grows by `perSecond`. */
  | { readonly kind: "drift"; readonly from: number; readonly perSecond: number }
  /** Bytes get lost on the way, a few times a second. */
  | { readonly kind: "torn" };

/**
 * A serial TRNG as the rest of the service sees it, behind the real framing and settling. It is a
 * port, so it is simulated; the adapters themselves are tried against the C emulators.
 */
export class SimulatedDevice implements NoiseSource {
  readonly id: string;
  readonly kind = "serial-generic";
  readonly physical = true;
  readonly bitsPerSample = 8;
  readonly settleBytes = SETTLE_BYTES;
  readonly #terms: DeviceTerms;
  #fault: DeviceFault = { kind: "none" };
  #endSession: (reason: "unplugged", detail: string) => void = () => {};
  #sent: Uint8Array[] = [];

  constructor(terms: DeviceTerms) {
    this.#terms = terms;
    this.id = terms.id;
  }

  get fault(): DeviceFault {
    return this.#fault;
  }

  set fault(fault: DeviceFault) {
    this.#fault = fault;
    if (fault.kind === "unplugged") this.#endSession("unplugged", "it went away");
  }

  /**
   * The process that read it is gone.
   * @returns every symbol that it was given, in order: a sample's number is its index here
   */
  released(): Uint8Array {
    this.#endSession("unplugged", "its reader was killed");
    const sent = Buffer.concat(this.#sent);
    this.#sent = [];
    return sent;
  }

  run(sink: SampleSink, signal: AbortSignal): Promise<SessionEnd> {
    const { clock } = this.#terms;
    const session = new Session(signal);
    const stream = new SampleStream(this.#logged(sink), {
      clock,
      framing: this.#framing(),
      settleBytes: SETTLE_BYTES,
      maximumSamplesPerSecond: Infinity,
    });
    let cancel = (): void => {};
    session.defer(() => cancel());
    session.defer(() => stream.wipe());
    session.defer(() => (this.#endSession = () => {}));
    this.#endSession = (reason, detail) => session.end(reason, detail);
    const tick = (): void => {
      session.guard(() => {
        const bytes = this.#bytes();
        stream.push(bytes);
        bytes.fill(0);
      });
      if (!session.over) cancel = clock.schedule(TICK_MILLISECONDS, tick);
    };
    cancel = clock.schedule(OPEN_MILLISECONDS, () => {
      if (this.#fault.kind === "unplugged") return session.end("absent", "no such device");
      if (this.#fault.kind === "locked") return session.end("locked", "another program holds it");
      session.guard(() => sink.opened(this.#description()));
      tick();
    });
    return session.ended;
  }

  #framing(): Framing {
    if (!this.#terms.wordsOf12Bits) return { bitsPerSample: 8, mapping: "byte" };
    return { bitsPerSample: 8, mapping: "low-bits", bytesPerSample: 2, zeroBits: 4 };
  }

  #description() {
    return {
      location: `/dev/simulated/${this.id}`,
      vendorId: null,
      productId: null,
      serialNumber: null,
      firmware: "1",
      mode: "raw",
      rawConfirmed: true,
      caveats: [],
    };
  }

  #logged(sink: SampleSink): SampleSink {
    return {
      opened: (device) => sink.opened(device),
      gap: (lost, detail) => sink.gap(lost, detail),
      samples: (symbols) => {
        this.#sent.push(symbols.slice());
        sink.samples(symbols);
      },
    };
  }

  /** What comes over the wire in one tick. */
  #bytes(): Uint8Array {
    const { samplesPerSecond, wordsOf12Bits, noise } = this.#terms;
    if (this.#fault.kind === "silent") return new Uint8Array(0);
    const samples = Math.round((samplesPerSecond * TICK_MILLISECONDS) / 1000);
    const symbols = new Uint8Array(samples);
    for (let at = 0; at < samples; at++) symbols[at] = this.#symbol();
    const wire = wordsOf12Bits ? asWords(symbols, noise) : symbols;
    if (this.#fault.kind !== "torn" || !noise.chance(0.2)) return wire;
    const lostAt = noise.integer(0, wire.length - 1);
    const kept = new Uint8Array(wire.length - 1);
    kept.set(wire.subarray(0, lostAt));
    kept.set(wire.subarray(lostAt + 1), lostAt);
    return kept;
  }

  #symbol(): number {
    const { noise, clock } = this.#terms;
    const fault = this.#fault;
    if (fault.kind === "stuck") return fault.value;
    if (fault.kind === "drift") {
      const seconds = (clock.monotonicMilliseconds() - fault.from) / 1000;
      if (noise.fraction() < seconds * fault.perSecond) return FAVOURITE;
    }
    return noise.word() >>> 24;
  }
}

/** Low byte first; the high one has four bits of noise and four that are always 0. */
function asWords(symbols: Uint8Array, noise: Generator): Uint8Array {
  const wire = new Uint8Array(2 * symbols.length);
  for (let at = 0; at < symbols.length; at++) {
    wire[2 * at] = symbols[at]!;
    wire[2 * at + 1] = noise.word() >>> 28;
  }
  return wire;
}
