import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import type { DeviceDescription, SampleSink } from "../../../src/port/source.ts";

/** A sink that keeps copies, and fails on whatever the contract of `SampleSink` forbids. */
export class Collector implements SampleSink {
  readonly opens: DeviceDescription[] = [];
  readonly gaps: { readonly lost: number; readonly after: number; readonly detail: string }[] = [];
  readonly chunks: Uint8Array[] = [];
  /** The very arrays that were handed over, to see that they are overwritten. */
  readonly handed: Uint8Array[] = [];
  total = 0;
  keep = 1_000_000;
  onSamples: (total: number) => void = () => {};

  opened(device: DeviceDescription): void {
    if (this.opens.length > 0) throw new Error("opened twice in a session");
    this.opens.push(device);
  }

  samples(symbols: Uint8Array): void {
    if (this.opens.length === 0) throw new Error("samples before opened");
    if (symbols.length === 0) throw new Error("an empty chunk");
    if (this.total < this.keep) {
      this.chunks.push(symbols.slice());
      this.handed.push(symbols);
    }
    this.total += symbols.length;
    this.onSamples(this.total);
  }

  gap(lost: number, detail: string): void {
    this.gaps.push({ lost, after: this.total, detail });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

/** Resolves when so many samples came; rejects after 10 s. */
export function enough(collector: Collector, samples: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Error(`only ${collector.total} of ${samples} samples came`));
    }, 10_000);
    collector.onSamples = (total) => {
      if (total < samples) return;
      clearTimeout(late);
      resolve();
    };
    collector.onSamples(collector.total);
  });
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** Descriptors of this process that are open on `path` (all of them without a path). */
export function descriptors(path?: string): string[] {
  return readdirSync("/proc/self/fd").flatMap((name) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`);
      return path === undefined || target === path ? [target] : [];
    } catch {
      return []; // the one that readdir itself had open
    }
  });
}

/** Child processes of this process, zombies included. */
export function children(): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    const parent = parentOf(Number(name));
    return parent === process.pid ? [Number(name)] : [];
  });
}

function parentOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(status.slice(status.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return 0;
  }
}

/** False also for a zombie: not every container has an init that reaps orphans. */
export function alive(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX]/.test(status.slice(status.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** Waits until `condition` holds; rejects after 5 s. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries > 500) throw new Error("it did not come true within 5 s");
    await sleep(10);
  }
}
