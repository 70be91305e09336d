import type { Clock } from "../port/clock.ts";
import type { DeviceDescription, NoiseSource, SampleSink, SessionEnd } from "../port/source.ts";
import { Pacer } from "./pacer.ts";
import { openRecording, type Recording } from "./recordingReader.ts";
import { Session } from "./session.ts";
import { errnoOf } from "./systemError.ts";

export interface RecordingSourceOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly path: string;
  readonly bitsPerSample: number;
  /** Without it, as fast as the clock lets: a chunk in each turn. */
  readonly samplesPerSecond?: number;
  readonly physical?: boolean;
}

const CHUNK_SAMPLES = 4096;

/** A recording played as if it were a device. It is for trials: whoever has the file knows all of it. */
export class RecordingSource implements NoiseSource {
  readonly id: string;
  readonly kind = "recording";
  readonly physical: boolean;
  readonly bitsPerSample: number;
  readonly settleBytes = 0;
  readonly #options: RecordingSourceOptions;

  constructor(options: RecordingSourceOptions) {
    this.#options = options;
    this.id = options.id;
    this.physical = options.physical ?? false;
    this.bitsPerSample = options.bitsPerSample;
  }

  run(sink: SampleSink, signal: AbortSignal): Promise<SessionEnd> {
    const session = new Session(signal);
    if (!session.over) void this.#open(session, sink, signal);
    return session.ended;
  }

  async #open(session: Session, sink: SampleSink, signal: AbortSignal): Promise<void> {
    const { path, bitsPerSample } = this.#options;
    const recording = await openRecording(path, { bitsPerSample, signal });
    if (!recording.ok) return session.end(recording.reason, recording.detail);
    session.guard(() => sink.opened(describe(recording)));
    this.#play(session, sink, recording);
  }

  #play(session: Session, sink: SampleSink, recording: Recording): void {
    const { clock, samplesPerSecond } = this.#options;
    const pacer = samplesPerSecond === undefined ? null : new Pacer(clock, samplesPerSecond);
    const chunk = new Uint8Array(CHUNK_SAMPLES);
    let reading = false;
    let cancel = (): void => {};
    // A read under way ends by itself within its 4 KiB; the descriptor is closed after it.
    const close = (): void => void recording.close().catch(() => {});
    session.defer(() => {
      cancel();
      if (!reading) close();
    });
    const next = (): void => {
      session.guard(() => {
        const pause = pacer && pacer.due() < CHUNK_SAMPLES ? pacer.intervalMilliseconds : 0;
        cancel = clock.schedule(pause, read);
      });
    };
    const read = (): void => {
      const due = Math.min(pacer?.due() ?? CHUNK_SAMPLES, CHUNK_SAMPLES);
      if (due === 0) return next();
      reading = true;
      recording.read(chunk.subarray(0, due)).then(deliver, (error: unknown) => {
        reading = false;
        if (session.over) close();
        else session.end("unplugged", `${recording.path} cannot be read: ${errnoOf(error)}`);
      });
    };
    const deliver = (samples: number): void => {
      reading = false;
      if (session.over) {
        close();
      } else if (samples === 0) {
        session.end("exhausted", `${recording.path} ended after ${recording.samples} samples`);
      } else {
        pacer?.taken(samples);
        session.guard(() => sink.samples(chunk.subarray(0, samples)));
      }
      chunk.fill(0);
      next();
    };
    next();
  }
}

function describe({ path, manifest, sha256 }: Recording): DeviceDescription {
  const caveats = ["It is a recording: everybody who has the file knows its samples."];
  if (!manifest) caveats.push("It has no manifest, so nothing is known of where it comes from.");
  const device = manifest?.device;
  return {
    location: path,
    vendorId: device?.vendorId ?? null,
    productId: device?.productId ?? null,
    serialNumber: device?.serialNumber ?? null,
    firmware: device?.firmware ?? null,
    mode: `recording ${sha256.slice(0, 16)}${device ? ` of ${device.mode}` : ""}`,
    rawConfirmed: false,
    caveats,
  };
}
