import type { Clock } from "../port/clock.ts";
import type { DrawRequest, DrawResult, Drawn } from "../port/draw.ts";
import type { ErrorCode, Refusal } from "../port/errors.ts";

/** A stream looks again this often, whatever it was told meanwhile. */
const SLEEP_MILLISECONDS = 1000;
/** How long a stream that has begun waits for something other than noise: a replug, a short alarm. */
export const STREAM_PATIENCE_MILLISECONDS = 30_000;

const WAITED_FOR: ReadonlySet<ErrorCode> = new Set(["unmet", "busy", "store_failed"]);

/** Streams that wait for a seed. */
export class Sleepers {
  readonly #clock: Clock;
  readonly #resumes = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    for (const resume of this.#resumes) resume();
  }

  /** Until something changes, the signal fires, or a second has passed. */
  sleep(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const resume = (): void => {
      cancel();
      signal.removeEventListener("abort", resume);
      this.#resumes.delete(resume);
      resolve();
    };
    const cancel = this.#clock.schedule(SLEEP_MILLISECONDS, resume);
    signal.addEventListener("abort", resume, { once: true });
    this.#resumes.add(resume);
    return promise;
  }
}

export interface StreamTerms {
  readonly clock: Clock;
  readonly sleepers: Sleepers;
  /** How many bytes to draw at a time. */
  readonly chunkBytes: () => number;
  /** One chunk's draw. */
  readonly draw: (request: DrawRequest) => DrawResult | Promise<DrawResult>;
  /** Asks the background for seeds. */
  readonly refill: () => void;
}

/**
 * Chunk after chunk at the pace of the noise, for which it waits as long as the consumer does.
 * Anything else that is missing refuses it at the beginning; later it is waited for, as it was there
 * a moment ago, but not for ever.
 */
export async function* pacedStream(
  request: Omit<DrawRequest, "bytes"> & { readonly bytes: number | null },
  signal: AbortSignal,
  terms: StreamTerms,
): AsyncGenerator<Drawn, Refusal | undefined> {
  const { clock, sleepers, chunkBytes, draw, refill } = terms;
  let begun = false;
  /** One array for all chunks: one each would keep the collector busy. */
  let room = new Uint8Array(0);
  /** Since when something other than noise is missing. */
  let unmetSince: number | null = null;
  for (let left = request.bytes ?? Infinity; left > 0 && !signal.aborted;) {
    const bytes = Math.min(left, chunkBytes());
    if (room.length < bytes) room = new Uint8Array(bytes);
    const into = room.length === bytes ? room : room.subarray(0, bytes);
    const drawn = draw({ ...request, bytes, into });
    const result = drawn instanceof Promise ? await drawn : drawn;
    if (result.ok) {
      left -= bytes;
      begun = true;
      unmetSince = null;
      if (signal.aborted) result.bytes.fill(0);
      else yield result;
      continue;
    }
    const { code } = result;
    if (code === "pool_exhausted") {
      unmetSince = null;
    } else {
      const now = clock.monotonicMilliseconds();
      unmetSince ??= now;
      const patient = begun && now - unmetSince < STREAM_PATIENCE_MILLISECONDS;
      if (!patient || !WAITED_FOR.has(code)) return result;
    }
    refill();
    await sleepers.sleep(signal);
  }
  return undefined;
}
