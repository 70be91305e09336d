import { parseConfiguration } from "../../src/config/parse.ts";
import type { Configuration } from "../../src/config/schema.ts";
import { Generator } from "./generator.ts";

export interface DevicePlan {
  readonly id: string;
  readonly samplesPerSecond: number;
  readonly wordsOf12Bits: boolean;
  /** Bits a sample that the operator claims; null: not assessed, credited 0. */
  readonly claim: number | null;
}

const DEVICE_FAULTS = ["unplugged", "locked", "stuck", "silent", "drift", "torn"] as const;

/** What goes wrong, from when to when, in milliseconds since the start. */
export type FaultPlan = { readonly from: number; readonly to: number } & (
  | {
      readonly what: (typeof DEVICE_FAULTS)[number];
      readonly device: number;
      readonly perSecond: number;
    }
  | { readonly what: "full_disk" | "os_stuck" }
  | { readonly what: "slow_disk"; readonly latencyMilliseconds: number }
  | { readonly what: "clock_jump"; readonly byMilliseconds: number }
  | { readonly what: "clone" | "kill" }
);

export type ActionPlan = { readonly at: number; readonly client: number } & (
  | { readonly what: "random"; readonly query: string; readonly accept: string }
  | { readonly what: "burst"; readonly requests: number; readonly bytes: number }
  | {
      readonly what: "stream";
      readonly bytes: number;
      readonly pauseMilliseconds: number;
      /** Hangs up then; null: reads to the end. */
      readonly hangUpAfter: number | null;
    }
  | { readonly what: "key"; readonly type: string; readonly count: number }
  | { readonly what: "tap"; readonly device: number; readonly count: number }
  | { readonly what: "test" | "reset"; readonly device: number }
  | { readonly what: "status" | "metrics" | "bad" }
  | { readonly what: "receipted"; readonly bytes: number }
  | { readonly what: "torn_request"; readonly bytes: number }
  | { readonly what: "hang_up"; readonly bytes: number; readonly after: number }
);

export interface Scenario {
  readonly seed: number;
  readonly configuration: Configuration;
  readonly devices: readonly DevicePlan[];
  readonly faults: readonly FaultPlan[];
  readonly actions: readonly ActionPlan[];
  readonly clients: number;
  /** Until then things go wrong; after that everything is mended and must come back. */
  readonly troubleMilliseconds: number;
}

/** Of `random`, besides the number of bytes. Most requests ask for nothing more. */
const REQUIREMENTS = [
  "",
  "",
  "",
  "",
  "&strength=256",
  "&strength=512",
  "&sources=1",
  "&sources=2",
  "&max_seed_age=1",
  "&max_seed_age=30",
  "&fresh=true",
];
const KEY_TYPES = ["aes-256", "chacha20", "ed25519", "x25519", "p-256", "uuid", "passphrase"];

/** Everything that happens in one scenario follows from its seed. */
export function makeScenario(seed: number): Scenario {
  const scenario = makeTrouble(seed);
  // Of a stream of their own: what else happens under a seed stays as it is.
  const actions = [...scenario.actions, ...makeReceipts(new Generator(seed ^ 0x109), scenario)];
  return { ...scenario, actions: actions.toSorted((a, b) => a.at - b.at) };
}

/** Requests that are to be in the log. */
function makeReceipts(
  generator: Generator,
  { clients, troubleMilliseconds }: Pick<Scenario, "clients" | "troubleMilliseconds">,
): ActionPlan[] {
  return Array.from({ length: generator.integer(0, 12) }, () => ({
    at: generator.integer(0, troubleMilliseconds),
    client: generator.integer(0, clients - 1),
    what: "receipted" as const,
    bytes: generator.pick([16, 32, 1000, 20_000]),
  }));
}

function makeTrouble(seed: number): Scenario {
  const generator = new Generator(seed);
  const troubleMilliseconds = generator.integer(8_000, 25_000);
  const devices = makeDevices(generator);
  const clients = generator.integer(1, 3);
  const common = { seed, devices, clients, troubleMilliseconds };
  const configuration = makeConfiguration(generator, devices);
  if (generator.chance(0.15)) return { ...common, configuration, ...makeSiege(generator, common) };
  return {
    ...common,
    configuration,
    faults: makeFaults(generator, devices.length, troubleMilliseconds),
    actions: makeActions(generator, devices.length, clients, troubleMilliseconds),
  };
}

/** Every source goes and stays away, one after the other, while clients take whatever they can get. */
function makeSiege(
  generator: Generator,
  {
    devices,
    clients,
    troubleMilliseconds: to,
  }: Pick<Scenario, "devices" | "clients" | "troubleMilliseconds">,
): Pick<Scenario, "faults" | "actions"> {
  const faults = devices.map((_, device): FaultPlan => ({
    from: generator.integer(3_000, 6_000),
    to,
    what: generator.pick(["unplugged", "stuck"]),
    device,
    perSecond: 0,
  }));
  const parentGone: FaultPlan = { from: generator.integer(3_000, 6_000), to, what: "os_stuck" };
  const actions = Array.from({ length: 15 }, (): ActionPlan => ({
    // Not before, so that the pools are full and what is left could be much.
    at: generator.integer(Math.min(7_600, to), to),
    client: generator.integer(0, clients - 1),
    what: "burst",
    requests: 2,
    bytes: 65_536,
  }));
  return {
    faults: [...faults, ...(devices.length === 0 ? [parentGone] : [])],
    actions: actions.toSorted((a, b) => a.at - b.at),
  };
}

function makeDevices(generator: Generator): DevicePlan[] {
  const count = generator.pick([0, 1, 1, 1, 2, 2, 3]);
  // A third of the houses with devices credit none of them: additional input over the OS RNG.
  const assessed = generator.chance(0.7);
  return Array.from({ length: count }, (_, index) => ({
    id: `rng-${index + 1}`,
    samplesPerSecond: generator.pick([2_000, 4_000, 8_000]),
    wordsOf12Bits: generator.chance(0.4),
    claim: assessed && (index === 0 || generator.chance(0.8)) ? generator.pick([2, 4, 5.5]) : null,
  }));
}

function makeConfiguration(generator: Generator, devices: readonly DevicePlan[]): Configuration {
  const credited = devices.filter(({ claim }) => claim !== null).length;
  const sources = credited === 0 ? 1 : generator.integer(1, credited);
  const withoutBest = credited > 1 && generator.chance(0.3) ? 1 : 0;
  return parseConfiguration(
    JSON.stringify({
      discover: false,
      construction: {
        physicalOnly: credited > 0 && generator.chance(0.5),
        hash: generator.pick(["sha256", "sha384", "sha512"]),
        parentOutputBytes: generator.pick([16_384, 2 ** 20]),
        parentAgeSeconds: generator.pick([5, 60]),
        seedAgeSeconds: generator.pick([5, 600]),
      },
      quorum: { sources, withoutBest },
      sources: devices.map(({ id, samplesPerSecond, wordsOf12Bits, claim }) => ({
        kind: "serial-generic",
        id,
        path: `/dev/simulated/${id}`,
        samplesPerSecond,
        framing: { bitsPerSample: 8, mapping: wordsOf12Bits ? "low-bits" : "byte" },
        raw: { evidence: "a simulation" },
        physical: true,
        component: generator.pick(["HMAC-SHA-512", "HMAC-SHA-256"]),
        ...(claim === null ? {} : { assessed: { entropy: claim, evidence: "a simulation" } }),
      })),
    }),
  );
}

function makeFaults(generator: Generator, devices: number, until: number): FaultPlan[] {
  return Array.from({ length: generator.integer(1, 5) }, (): FaultPlan => {
    const from = generator.integer(0, until - 1);
    const to = Math.min(until, from + generator.integer(100, 12_000));
    const span = { from, to };
    if (devices > 0 && generator.chance(0.65)) {
      return {
        ...span,
        what: generator.pick(DEVICE_FAULTS),
        device: generator.integer(0, devices - 1),
        perSecond: generator.pick([0.02, 0.2, 2]),
      };
    }
    const what = generator.pick([
      "full_disk",
      "slow_disk",
      "os_stuck",
      "clock_jump",
      "clone",
      "kill",
    ] as const);
    if (what === "slow_disk") {
      return { ...span, what, latencyMilliseconds: generator.pick([5, 50, 400]) };
    }
    if (what === "clock_jump") {
      return { ...span, what, byMilliseconds: generator.pick([-3_600_000, -10_000, 10_000, 1e8]) };
    }
    return { ...span, what };
  }).toSorted((a, b) => a.from - b.from);
}

function makeActions(
  generator: Generator,
  devices: number,
  clients: number,
  until: number,
): ActionPlan[] {
  return Array.from({ length: generator.integer(20, 60) }, () => {
    const common = { at: generator.integer(0, until), client: generator.integer(0, clients - 1) };
    return { ...common, ...makeAct(generator, devices) };
  }).toSorted((a, b) => a.at - b.at);
}

function makeAct(generator: Generator, devices: number) {
  const bytes = () => generator.pick([1, 16, 32, 32, 1000, 1000, 16_385, 65_536]);
  const device = generator.integer(0, Math.max(0, devices - 1));
  const dice = generator.integer(1, 100);
  if (dice <= 35) {
    return {
      what: "random",
      query: `bytes=${bytes()}${generator.pick(REQUIREMENTS)}`,
      accept: generator.pick(["application/octet-stream", "application/json"]),
    } as const;
  }
  if (dice <= 50) {
    return { what: "burst", requests: generator.integer(2, 12), bytes: bytes() } as const;
  }
  if (dice <= 62) {
    return {
      what: "stream",
      bytes: generator.pick([1000, 100_000, 400_000]),
      pauseMilliseconds: generator.pick([0, 0, 20, 1000, 70_000]),
      hangUpAfter: generator.chance(0.4) ? generator.integer(1, 5000) : null,
    } as const;
  }
  if (dice <= 70) {
    return {
      what: "key",
      type: generator.pick(KEY_TYPES),
      count: generator.pick([1, 1, 5]),
    } as const;
  }
  if (dice <= 78 && devices > 0) {
    return { what: "tap", device, count: generator.pick([1, 1000, 20_000]) } as const;
  }
  if (dice <= 84 && devices > 0) {
    return { what: generator.pick(["test", "reset"] as const), device } as const;
  }
  if (dice <= 92) return { what: generator.pick(["status", "metrics", "bad"] as const) } as const;
  if (dice <= 96) return { what: "torn_request", bytes: generator.integer(0, 140) } as const;
  return { what: "hang_up", bytes: bytes(), after: generator.integer(0, 50) } as const;
}
