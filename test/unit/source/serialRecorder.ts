import { systemClock } from "../../../src/platform/clock.ts";
import type { DeviceDescription, NoiseSource, SessionEnd } from "../../../src/port/source.ts";
import {
  openSerialSource,
  type SerialSourceOptions,
} from "../../../src/source/serial/openSerialSource.ts";
import type { ListedPort } from "../../../src/source/serial/find.ts";

type Entry =
  | { readonly type: "opened"; readonly device: DeviceDescription }
  | { readonly type: "samples"; readonly symbols: Uint8Array }
  | { readonly type: "gap"; readonly lost: number };

/** One session of a source, with everything that it called in order. */
export interface Recording {
  readonly entries: readonly Entry[];
  readonly ended: Promise<SessionEnd>;
  readonly abort: () => void;
  /** Resolves when so many samples are here, or when the session ended before. */
  atLeast(samples: number): Promise<void>;
  samples(): Buffer;
  device(): DeviceDescription | undefined;
  gaps(): number;
}

export function record(source: NoiseSource): Recording {
  const controller = new AbortController();
  const entries: Entry[] = [];
  let count = 0;
  let wanted = Infinity;
  let reached = (): void => {};
  const ended = source.run(
    {
      opened: (device) => void entries.push({ type: "opened", device }),
      samples(symbols) {
        if (Buffer.isBuffer(symbols)) throw new Error("a Buffer, whose `slice` is no copy");
        entries.push({ type: "samples", symbols: Uint8Array.from(symbols) });
        count += symbols.length;
        if (count >= wanted) reached();
      },
      gap: (lost) => void entries.push({ type: "gap", lost }),
    },
    controller.signal,
  );
  return {
    entries,
    ended,
    abort: () => controller.abort(),
    async atLeast(samples) {
      wanted = samples;
      if (count >= samples) return;
      const here = new Promise<void>((resolve) => (reached = resolve));
      await Promise.race([here, ended]);
    },
    samples: () =>
      Buffer.concat(entries.flatMap((entry) => (entry.type === "samples" ? [entry.symbols] : []))),
    device: () => entries.flatMap((entry) => (entry.type === "opened" ? [entry.device] : []))[0],
    gaps: () => entries.filter((entry) => entry.type === "gap").length,
  };
}

/** A source on the real clock that asks nobody for the list of ports, unless the test gives one. */
export function serialSource(
  options: SerialSourceOptions,
  list: () => Promise<ListedPort[]> = async () => [],
): NoiseSource {
  return openSerialSource(options, { clock: systemClock(), list });
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** How many descriptors this process holds on pseudo-terminals' slaves. */
export async function openPseudoTerminals(): Promise<number> {
  const { readdir, readlink } = await import("node:fs/promises");
  let open = 0;
  for (const fd of await readdir("/proc/self/fd")) {
    const target = await readlink(`/proc/self/fd/${fd}`).catch(() => "");
    if (target.startsWith("/dev/pts/")) open++;
  }
  return open;
}
