import type { DeviceDescription, NoiseSource, SampleSink, SessionEnd } from "../port/source.ts";

/** How a session ended: as the source says, or by a defect of the source or behind the sink. */
export type SessionResult =
  | { readonly end: SessionEnd; readonly fault?: undefined }
  | { readonly end?: undefined; readonly fault: unknown };

/**
 * One session of a source. What the sink throws ends the session instead of unwinding into a
 * device driver's callback, and nothing that comes after the end gets through.
 */
export async function runSession(
  source: NoiseSource,
  sink: SampleSink,
  controller: AbortController,
): Promise<SessionResult> {
  let live = true;
  let fault: { readonly error: unknown } | null = null;
  const guarded = (task: () => void) => {
    if (!live) return;
    try {
      task();
    } catch (error) {
      live = false;
      fault = { error };
      controller.abort();
    }
  };
  const guard: SampleSink = {
    opened: (device: DeviceDescription) => guarded(() => sink.opened(device)),
    samples: (symbols) => guarded(() => sink.samples(symbols)),
    gap: (lost, detail) => guarded(() => sink.gap(lost, detail)),
  };
  try {
    const end = await source.run(guard, controller.signal);
    const found = fault as { readonly error: unknown } | null;
    return found ? { fault: found.error } : { end };
  } catch (error) {
    return { fault: error };
  } finally {
    live = false;
  }
}
