import type {
  InstanceSnapshot,
  ServiceSnapshot,
  SourceSnapshot,
} from "../../../src/port/snapshot.ts";
import type { ClientUse } from "../../../src/port/principal.ts";
import { CustodyTally } from "../../../src/key/custodyTally.ts";
import { KeyTally } from "../../../src/key/managed/tally.ts";
import { Exposition } from "../../../src/telemetry/exposition.ts";
import { RequestTally } from "../../../src/telemetry/requestTally.ts";

/** The same, to be written to. */
type Draft<T> = T extends string | number | boolean | null
  ? T
  : { -readonly [K in keyof T]: Draft<T[K]> };

export interface Picture {
  readonly snapshot: Draft<ServiceSnapshot>;
  readonly tally: RequestTally;
  readonly clients: Draft<ClientUse>[];
}

/** Texts of the snapshot that must never reach a label: each is followed by `!`. */
const confidential = (what: string): string => `${what}!`;

export function source(id: string): SourceSnapshot {
  return {
    id,
    kind: "serial-generic",
    physical: true,
    bitsPerSample: 8,
    state: "healthy",
    cause: null,
    detail: confidential("detail"),
    remedy: confidential("remedy"),
    sinceMilliseconds: 1,
    device: {
      location: confidential("location"),
      vendorId: confidential("vendor"),
      productId: confidential("product"),
      serialNumber: confidential("serial"),
      firmware: confidential("firmware"),
      mode: confidential("mode"),
      rawConfirmed: true,
      caveats: [confidential("caveat")],
    },
    testedEntropy: 4,
    assessedEntropy: 4,
    assessedEvidence: confidential("evidence"),
    compliantEntropy: 0,
    credited: false,
    tapped: false,
    samplesTotal: 100,
    droppedSamplesTotal: 1,
    divertedSamplesTotal: 2,
    discardedSamplesTotal: 3,
    conditionedSamplesTotal: 4,
    gapsTotal: 5,
    creditedBitsTotal: 512,
    lastSampleMilliseconds: 1500,
    tests: [
      {
        test: "repetition_count",
        cutoffIntermittent: 21,
        cutoffPermanent: 31,
        watermark: 3,
        recentWatermark: 2,
        windowSamples: null,
        expectedFalseAlarmsPerYear: 0.5,
      },
      {
        test: "adaptive_proportion",
        cutoffIntermittent: 50,
        cutoffPermanent: 60,
        watermark: 12,
        recentWatermark: 11,
        windowSamples: 512,
        expectedFalseAlarmsPerYear: 0.25,
      },
    ],
    alarms: [{ test: "repetition_count", severity: "intermittent", total: 2 }],
    expectedFalseAlarmsPerYear: 0.75,
    poolBlocks: 7,
    live: {
      claimedEntropy: 4,
      atMilliseconds: 8000,
      samples: 65_536,
      figures: [
        { estimator: "multi_mmc", lower: 3, estimate: 4, upper: 5 },
        { estimator: "markov", lower: 3.5, estimate: 3.5, upper: null },
      ],
      low: false,
      windows: { estimated: 9, broken: 2, lost: 1 },
    },
  };
}

function instance(id: string): InstanceSnapshot {
  return {
    id,
    mechanism: confidential("mechanism"),
    securityStrength: 256,
    state: "ready",
    seed: confidential("seed"),
    seedMilliseconds: 2500,
    seedSources: 1,
    seedCreditedBits: 384,
    outputBytesSinceSeed: 64,
    outputBytesLimit: 16_384,
    seedAgeLimitMilliseconds: 600_000,
    requestsSinceSeed: 2,
    preparedSeeds: 1,
    reseeds: [{ reason: "start", total: 1 }],
  };
}

function client(id: string | null): Draft<ClientUse> {
  const quota = { requestsPerSecond: 10, bytesPerSecond: 1000 };
  return { client: id, quota, requests: 5, bytes: 160, refusedRequests: 1, refusedBytes: 2 };
}

/** Two of everything, so that a case sees whether the other one stays where it is. */
export function picture(): Picture {
  const figures = new KeyTally().figures();
  const custody = new CustodyTally({ read: () => Promise.resolve([]) }, () => {}).figures();
  const snapshot: ServiceSnapshot = {
    version: "1.2.3",
    startedMilliseconds: 1000,
    atMilliseconds: 9000,
    shape: "RBG2(P)",
    validated: false,
    reasons: [confidential("reason")],
    ready: true,
    unready: [],
    configurationVersion: "0123456789abcdef",
    quorum: { sources: 2, withoutBest: 0, met: true, available: 2 },
    sources: [source("one"), source("two")],
    instances: [instance("http"), instance("keys")],
    selfTests: [
      { name: "HMAC_DRBG", passed: true, atMilliseconds: 3000 },
      { name: "conditioning", passed: true, atMilliseconds: 3000 },
    ],
    drills: ["one", "two"].map((name) => ({
      source: name,
      atMilliseconds: 8000,
      passed: true,
      lastPassedMilliseconds: 7000,
    })),
    store: { ok: true, detail: confidential("store") },
    vault: {
      initialised: true,
      sealed: false,
      cause: confidential("cause"),
      epoch: 3,
      slots: [
        {
          id: confidential("slot"),
          kind: "passphrase",
          name: confidential("slot's name"),
          place: confidential("place"),
          epoch: 3,
          createdMilliseconds: 2000,
          recovery: false,
        },
      ],
      refusedTotal: 2,
      lockedMemory: { ok: true, bytes: 32, detail: confidential("memory") },
    },
    keys: { ...figures, rotations: 2, overdue: 1, versions: { ...figures.versions, active: 4 } },
    custody: {
      ...custody,
      destructions: {
        pending: 2,
        ended: { destroyed: 3, cancelled: 1 },
        batches: 2,
        delays: 0,
      },
      backups: { takenMilliseconds: 4000, drilledMilliseconds: 3000 },
    },
    log: {
      origin: confidential("origin"),
      verifierKey: confidential("verifier key"),
      leaves: 20,
      checkpointMilliseconds: 7000,
      behindMilliseconds: 0,
      failuresTotal: 0,
      witnesses: [
        { name: "one", size: 18, lagMilliseconds: 0, failuresTotal: 0 },
        { name: "two", size: 19, lagMilliseconds: 0, failuresTotal: 1 },
      ],
    },
    outlets: { configured: 2, answering: 2, lostTotal: 0 },
    disk: { freeBytes: 400, totalBytes: 1000, databaseBytes: 30 },
    tlsCertificates: [{ file: "certificate", notAfterMilliseconds: 90_000_000 }],
  };
  const tally = new RequestTally();
  tally.answered("http", 200, 0.0002, 32);
  tally.refused("unmet");
  return {
    snapshot: structuredClone(snapshot) as Draft<ServiceSnapshot>,
    tally,
    clients: [client("token-1"), client("token-2"), { ...client(null), quota: null }],
  };
}

/** One series as it stands in the exposition: name and labels; values as numbers. */
export type Series = ReadonlyMap<string, number>;

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$/;

/** What the text format says, springhouse's own series only. Throws on a line that is not of it. */
export function parseExposition(text: string): Series {
  const series = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const match = LINE.exec(line);
    if (!match) throw new Error(`no line of the text format: ${line}`);
    const [, name = "", labels = "", value] = match;
    if (!name.startsWith("springhouse_")) continue;
    const key = name.slice("springhouse_".length) + labels;
    if (series.has(key)) throw new Error(`twice: ${key}`);
    series.set(key, Number(value));
  }
  return series;
}

export async function render({ snapshot, tally, clients }: Picture): Promise<Series> {
  const exposition = new Exposition({ snapshot: () => snapshot }, tally, () => clients);
  return parseExposition(await exposition.render());
}

/** Series that differ: what each was and is; null where it was not there. */
export function moved(
  before: Series,
  after: Series,
): Record<string, readonly [number | null, number | null]> {
  const names = new Set([...before.keys(), ...after.keys()]);
  return Object.fromEntries(
    [...names]
      .map((name) => [name, [before.get(name) ?? null, after.get(name) ?? null]] as const)
      .filter(([, [was, is]]) => was !== is),
  );
}
