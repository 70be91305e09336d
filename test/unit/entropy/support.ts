import { hmacComponent } from "../../../src/conditioning/hmac.ts";
import type { ConditioningComponent } from "../../../src/conditioning/component.ts";
import { EntropyRoom, type EntropyRoomOptions } from "../../../src/entropy/entropyRoom.ts";
import type { SourceOptions } from "../../../src/entropy/sourceOptions.ts";
import type { HealthOptions } from "../../../src/health/monitor.ts";
import type { ServiceEvent } from "../../../src/port/event.ts";
import type {
  DeviceDescription,
  NoiseSource,
  SampleSink,
  SessionEnd,
  SourceKind,
} from "../../../src/port/source.ts";
import { FakeClock } from "../../support/fakeClock.ts";

/** mulberry32: small, seeded, and good enough for the health tests at half the claim. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 24) & 0xff;
  };
}

export const DEVICE: DeviceDescription = {
  location: "/dev/fake",
  vendorId: null,
  productId: null,
  serialNumber: null,
  firmware: "1.0",
  mode: "raw",
  rawConfirmed: true,
  caveats: [],
};

/** A noise source by hand: a port, so that a fake is the thing itself. */
export class FakeSource implements NoiseSource {
  readonly id: string;
  readonly kind: SourceKind;
  readonly physical = true;
  readonly bitsPerSample = 8;
  readonly settleBytes = 0;
  readonly #next: () => number;
  device: DeviceDescription | null = DEVICE;
  sessions = 0;
  sink: SampleSink | null = null;
  #end: ((end: SessionEnd) => void) | null = null;

  constructor(id: string, seed: number, kind: SourceKind = "serial-generic") {
    this.id = id;
    this.kind = kind;
    this.#next = noise(seed);
  }

  run(sink: SampleSink, signal: AbortSignal): Promise<SessionEnd> {
    this.sessions += 1;
    if (this.device === null) return Promise.resolve({ reason: "absent", detail: "no device" });
    return new Promise((resolve) => {
      this.#end = (end) => {
        this.sink = null;
        resolve(end);
      };
      signal.addEventListener("abort", () => this.#end?.({ reason: "aborted", detail: "" }));
      this.sink = sink;
      sink.opened(this.device!);
    });
  }

  unplug(end: SessionEnd = { reason: "unplugged", detail: "it went away" }): void {
    this.#end?.(end);
  }

  /** Fresh noise, delivered at once. A copy is returned. */
  emit(samples: number): Uint8Array {
    return this.send(Uint8Array.from({ length: samples }, this.#next));
  }

  stuck(samples: number): Uint8Array {
    return this.send(new Uint8Array(samples).fill(7));
  }

  send(symbols: Uint8Array): Uint8Array {
    const lent = symbols.slice();
    this.sink?.samples(lent);
    lent.fill(0xee);
    return symbols;
  }
}

export const ENTROPY = 4;
/** HMAC-SHA-512 needs 576 bits: 144 samples at 4 bits. */
export const BLOCK_SAMPLES = 144;

export const HEALTH: HealthOptions = {
  bitsPerSample: 8,
  minEntropyPerSample: ENTROPY,
  alphaIntermittentExponent: 40,
  alphaPermanentExponent: 60,
  samplesPerSecond: 10_000,
  silenceMilliseconds: 1e9,
  lag: false,
};

export function options(source: NoiseSource, more: Partial<SourceOptions> = {}): SourceOptions {
  return {
    source,
    health: HEALTH,
    testedEntropy: ENTROPY,
    assessed: { entropy: ENTROPY, evidence: "a test" },
    compliant: null,
    component: hmacComponent("HMAC-SHA-512"),
    configurationVersion: "0123456789abcdef",
    ...more,
  };
}

/** The component, telling what went in and came out. */
export function recorded(
  component: ConditioningComponent,
  tell: (input: Uint8Array, output: Uint8Array) => void,
): ConditioningComponent {
  return {
    ...component,
    condition(input) {
      const output = component.condition(input);
      tell(input.slice(), output.slice());
      return output;
    },
  };
}

export interface House {
  readonly clock: FakeClock;
  readonly room: EntropyRoom;
  readonly events: ServiceEvent[];
  readonly faults: unknown[];
}

export function house(
  sources: readonly SourceOptions[],
  more: Partial<EntropyRoomOptions> = {},
): House {
  const clock = new FakeClock();
  const events: ServiceEvent[] = [];
  const faults: unknown[] = [];
  const room = new EntropyRoom({
    sources,
    shape: "RBG2(P)",
    quorum: { sources: 1, withoutBest: 0 },
    clock,
    observer: { event: (event) => events.push(event) },
    boot: "00112233445566aa",
    osRandom: (bytes) => new Uint8Array(bytes).fill(0xa5),
    onFault: (_source, error) => faults.push(error),
    ...more,
  });
  return { clock, room, events, faults };
}

/** Started, with every device open and past its startup test. */
export async function healthyHouse(
  sources: readonly FakeSource[],
  more: Partial<EntropyRoomOptions> = {},
): Promise<House> {
  const built = house(
    sources.map((source) => options(source)),
    more,
  );
  built.room.start();
  await built.clock.run(0);
  for (const source of sources) source.emit(1024);
  return built;
}

export const RESEED = {
  minimumBits: 256,
  sources: 1,
  withoutBest: 0,
  maximumAgeMilliseconds: null,
} as const;
