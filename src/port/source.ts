/** What a noise source is made of; `serial-*` are the device families of `source/serial/`. */
export type SourceKind =
  | "os"
  | "serial-truerng"
  | "serial-truerngpro"
  | "serial-onerng"
  | "serial-generic"
  | "character-device"
  | "tpm"
  | "program"
  | "recording";

/** What is known of the device behind a source once it has been opened. */
export interface DeviceDescription {
  /** Where it was found: `/dev/ttyACM0`, `tcp://127.0.0.1:2321`, the program's path. */
  readonly location: string;
  readonly vendorId: string | null;
  readonly productId: string | null;
  readonly serialNumber: string | null;
  readonly firmware: string | null;
  /** The mode the device was put into, in the vendor's words: `RAW_BIN`, `cmd1 (avalanche raw)`. */
  readonly mode: string;
  /**
   * True only when the device itself confirmed that what it sends is unwhitened noise, or when the
   * operator vouched for it in the configuration together with evidence. Else its credit is 0.
   */
  readonly rawConfirmed: boolean;
  /** What stands against trusting it, for status and receipts; empty when nothing does. */
  readonly caveats: readonly string[];
}

/** Why a session with a device ended. An end is expected, so it is a value and not an error. */
export type SessionEndReason =
  | "aborted" // the signal fired
  | "absent" // no such device, file or program
  | "permission" // it is there, but may not be opened
  | "locked" // another program holds it
  | "unplugged" // it went away while open
  | "silent" // opened, and did not answer the handshake
  | "protocol" // it answered something that its protocol does not allow
  | "exhausted" // a recording came to its end; not opened again
  | "exited"; // the external program ended

export interface SessionEnd {
  readonly reason: SessionEndReason;
  /** One line for status and `doctor`, with the evidence: path, errno, exit code. No samples. */
  readonly detail: string;
}

/**
 * Where a source puts what it reads. All of it is synchronous and never refuses: the consumer
 * drops and counts when it cannot keep up, because a noise source must never feel back-pressure
 * (a paused serial port does not even notice that it was unplugged).
 */
export interface SampleSink {
  /** The device is open and in its mode. Called once in a session, before any sample. */
  opened(device: DeviceDescription): void;
  /**
   * Consecutive samples, one symbol a byte, right-justified. The array belongs to the caller, which
   * overwrites it after the call: keep a copy or nothing.
   */
  samples(symbols: Uint8Array): void;
  /** Samples are missing between the last call and the next one. `lost` is 0 where unknown. */
  gap(lost: number, detail: string): void;
}

/**
 * A noise source (SP 800-90B 2.2.1) as this service sees it: something that can be opened again and
 * again and that delivers consecutive digitised samples while it is open.
 *
 * The contract:
 * - `run` is one session, from open to close. It resolves with the reason why it ended and rejects
 *   only for a bug. After `signal` fires it resolves within a second, whatever the device does, and
 *   releases every lock, descriptor, child process and timer it took.
 * - Samples are raw: nothing in a source whitens, compresses or debiases. The first bytes after an
 *   open are thrown away in the source (`source.settleBytes`), they are not samples.
 * - Samples of one session are consecutive. A loss is reported by `gap`, never papered over.
 * - A source never retries, never keeps credit and never judges: the entropy room opens it again
 *   with back-off, and the health tests judge.
 * - It reads at its own pace, and all the time: it does not wait for the consumer. A source that
 *   could deliver without end (the OS RNG, a TPM, a recording) is paced by its configuration.
 * - It never logs a sample, nor puts one into a detail.
 */
export interface NoiseSource {
  /** Stable name from the configuration, `[a-z0-9-]{1,32}`. */
  readonly id: string;
  readonly kind: SourceKind;
  /** True for a physical noise source in the sense of SP 800-90C 2.3 (Method 1 counts only these). */
  readonly physical: boolean;
  /** Width of a symbol, 1 to 8. */
  readonly bitsPerSample: number;
  /** Thrown away after each open: they are of unknown age, or not settled yet. */
  readonly settleBytes: number;
  run(sink: SampleSink, signal: AbortSignal): Promise<SessionEnd>;
}
