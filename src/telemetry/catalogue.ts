import { ERRORS, type ErrorCode } from "../port/errors.ts";
import { HEALTH_TESTS, SEVERITIES, SOURCE_STATES } from "../port/health.ts";
import { KEY_STATES, KEY_USAGES } from "../port/key.ts";
import type { LiveSnapshot } from "../port/liveEstimate.ts";
import { DOORS, RESEED_REASONS } from "../port/lineage.ts";
import { SLOT_KINDS } from "../port/seal.ts";
import { INSTANCE_STATES, type ServiceSnapshot, type SourceSnapshot } from "../port/snapshot.ts";
import type { RequestTally } from "./requestTally.ts";

/** One value of a metric, with its labels in the order of the entry's `labels`. */
export type Sample = readonly [labels: readonly string[], value: number];

export interface CatalogueEntry {
  /** Without the prefix `springhouse_`; base units, the unit last, `_total` on counters. */
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly labels: readonly string[];
  /** What it is worth now: a projection of the same snapshot that `status` shows. */
  readonly read: (snapshot: ServiceSnapshot, tally: RequestTally) => readonly Sample[];
}

const seconds = (milliseconds: number): number => milliseconds / 1000;

function perSource(value: (source: SourceSnapshot) => number | null): CatalogueEntry["read"] {
  return (snapshot) =>
    snapshot.sources.flatMap((source) => {
      const number = value(source);
      return number === null ? [] : [[[source.id], number] as const];
    });
}

function perLive(
  value: (live: LiveSnapshot, source: SourceSnapshot) => number | null,
): CatalogueEntry["read"] {
  return perSource((source) => (source.live === null ? null : value(source.live, source)));
}

const LIVE_BOUNDS = ["lower", "estimate", "upper"] as const;
const LIVE_OUTCOMES = ["estimated", "broken", "lost"] as const;

function perTest(
  value: (test: SourceSnapshot["tests"][number]) => number | null,
): CatalogueEntry["read"] {
  return (snapshot) =>
    snapshot.sources.flatMap((source) =>
      source.tests.flatMap((test) => {
        const number = value(test);
        return number === null ? [] : [[[source.id, test.test], number] as const];
      }),
    );
}

function perInstance(
  value: (instance: ServiceSnapshot["instances"][number]) => number | null,
): CatalogueEntry["read"] {
  return (snapshot) =>
    snapshot.instances.flatMap((instance) => {
      const number = value(instance);
      return number === null ? [] : [[[instance.id], number] as const];
    });
}

/** Codes that can be an answer over HTTP. */
const REFUSALS = (Object.keys(ERRORS) as ErrorCode[]).filter(
  (code) => ERRORS[code].status !== null,
);

/*
 * Counters with labels are told from 0 on, for every value the labels can have: Prometheus' increase()
 * does not see the step of a series that begins at 1, and the first alarm is the one that matters.
 */

/**
 * Every metric but the duration histogram. The documentation (docs/metrics.md) and the dashboards
 * are generated from this table, and a test sees each entry change.
 */
export const CATALOGUE: readonly CatalogueEntry[] = [
  {
    name: "ready",
    type: "gauge",
    help: "1 while random bytes are served: self-tests passed and an instance is seeded.",
    labels: [],
    read: (snapshot) => [[[], snapshot.ready ? 1 : 0]],
  },
  {
    name: "build_info",
    type: "gauge",
    help: "Always 1; the version and the configuration's version as labels.",
    labels: ["version", "configuration"],
    read: (snapshot) => [[[snapshot.version, snapshot.configurationVersion], 1]],
  },
  {
    name: "construction_info",
    type: "gauge",
    help: "Always 1; the construction in SP 800-90C's words, and whether it is validated.",
    labels: ["shape", "validated"],
    read: (snapshot) => [[[snapshot.shape, String(snapshot.validated)], 1]],
  },
  {
    name: "drill_passed",
    type: "gauge",
    help: "1 when the source's last drill found every induced failure where theory has it.",
    labels: ["source"],
    read: ({ drills }) => drills.map(({ source, passed }) => [[source], passed ? 1 : 0]),
  },
  {
    name: "drill_last_passed_timestamp_seconds",
    type: "gauge",
    help: "When a drill of the source's health tests last passed; missing until one did.",
    labels: ["source"],
    read: ({ drills }) =>
      drills.flatMap(({ source, lastPassedMilliseconds: at }) =>
        at === null ? [] : [[[source], seconds(at)] as const],
      ),
  },
  {
    name: "start_timestamp_seconds",
    type: "gauge",
    help: "When the service started.",
    labels: [],
    read: (snapshot) => [[[], seconds(snapshot.startedMilliseconds)]],
  },
  {
    name: "quorum_met",
    type: "gauge",
    help: "1 while enough credited sources are healthy for the configured quorum.",
    labels: [],
    read: (snapshot) => [[[], snapshot.quorum.met ? 1 : 0]],
  },
  {
    name: "quorum_sources",
    type: "gauge",
    help: "Sources that are healthy and credited now.",
    labels: [],
    read: (snapshot) => [[[], snapshot.quorum.available]],
  },
  {
    name: "quorum_required_sources",
    type: "gauge",
    help: "Sources that the quorum asks for, those removed as the best included.",
    labels: [],
    read: ({ quorum: { sources, withoutBest } }) => [
      [[], Math.max(sources, withoutBest > 0 ? withoutBest + 1 : 0)],
    ],
  },
  {
    name: "source_state",
    type: "gauge",
    help: "1 for the state that the source is in, 0 for the others.",
    labels: ["source", "state"],
    read: (snapshot) =>
      snapshot.sources.flatMap((source) =>
        SOURCE_STATES.map((state) => [[source.id, state], source.state === state ? 1 : 0] as const),
      ),
  },
  {
    name: "source_credited",
    type: "gauge",
    help: "1 while the source's blocks count in a seed's strength.",
    labels: ["source"],
    read: perSource((source) => (source.credited ? 1 : 0)),
  },
  {
    name: "source_samples_total",
    type: "counter",
    help: "Raw samples that were health-tested: those diverted, discarded and conditioned, and the few that wait for the rest of their block.",
    labels: ["source"],
    read: perSource((source) => source.samplesTotal),
  },
  {
    name: "source_dropped_samples_total",
    type: "counter",
    help: "Samples lost before the tests: gaps in the stream, or more than the budget.",
    labels: ["source"],
    read: perSource((source) => source.droppedSamplesTotal),
  },
  {
    name: "source_diverted_samples_total",
    type: "counter",
    help: "Samples that were tested and then left by a tap: spent, never conditioned.",
    labels: ["source"],
    read: perSource((source) => source.divertedSamplesTotal),
  },
  {
    name: "source_discarded_samples_total",
    type: "counter",
    help: "Samples that were tested and thrown away before they were conditioned: startup tests, alarms, the end of a session.",
    labels: ["source"],
    read: perSource((source) => source.discardedSamplesTotal),
  },
  {
    name: "source_conditioned_samples_total",
    type: "counter",
    help: "Samples that went into a conditioned block, also where the block was thrown away unused: an alarm, a full pool.",
    labels: ["source"],
    read: perSource((source) => source.conditionedSamplesTotal),
  },
  {
    name: "source_gaps_total",
    type: "counter",
    help: "Places where samples are missing between two others.",
    labels: ["source"],
    read: perSource((source) => source.gapsTotal),
  },
  {
    name: "source_credited_entropy_bytes_total",
    type: "counter",
    help: "Min-entropy credited to the source's blocks, bytes of 8 bits.",
    labels: ["source"],
    read: perSource((source) => source.creditedBitsTotal / 8),
  },
  {
    name: "source_claimed_entropy_ratio",
    type: "gauge",
    help: "Min-entropy per bit of a sample that is claimed for the source; 0 when uncredited.",
    labels: ["source"],
    read: perSource((source) => source.assessedEntropy / source.bitsPerSample),
  },
  {
    name: "source_compliant_entropy_ratio",
    type: "gauge",
    help: "The same, as far as a certificate allows it; 0 without one.",
    labels: ["source"],
    read: perSource((source) => source.compliantEntropy / source.bitsPerSample),
  },
  {
    name: "source_live_entropy_ratio",
    type: "gauge",
    help: "Min-entropy per bit of a sample by SP 800-90B's estimators on the last window of what is conditioned: the standard's figure (lower), the bare proportion's (estimate), and the most that it leaves possible (upper). Missing when the last window is too old.",
    labels: ["source", "estimator", "bound"],
    read: (snapshot) =>
      snapshot.sources.flatMap(({ id, live, bitsPerSample }) =>
        (live?.figures ?? []).flatMap((figure) =>
          LIVE_BOUNDS.flatMap((bound) => {
            const value = figure[bound];
            return value === null
              ? []
              : [[[id, figure.estimator, bound], value / bitsPerSample] as const];
          }),
        ),
      ),
  },
  {
    name: "source_live_claimed_entropy_ratio",
    type: "gauge",
    help: "The claim that the live figures are held against, also where the source is not credited: what its samples are conditioned at.",
    labels: ["source"],
    read: perLive((live, { bitsPerSample }) => live.claimedEntropy / bitsPerSample),
  },
  {
    name: "source_live_entropy_low",
    type: "gauge",
    help: "1 while the live estimate refutes the claim: an upper bound is below it. Advice: it stops nothing.",
    labels: ["source"],
    read: perLive((live) => (live.low ? 1 : 0)),
  },
  {
    name: "source_live_estimate_timestamp_seconds",
    type: "gauge",
    help: "When the last window was estimated.",
    labels: ["source"],
    read: perLive((live) => (live.atMilliseconds === null ? null : seconds(live.atMilliseconds))),
  },
  {
    name: "source_live_windows_total",
    type: "counter",
    help: "Windows of the live estimate: estimated; broken off by a gap, a tap or an alarm; lost with their thread.",
    labels: ["source", "outcome"],
    read: (snapshot) =>
      snapshot.sources.flatMap(({ id, live }) =>
        live === null
          ? []
          : LIVE_OUTCOMES.map((outcome) => [[id, outcome], live.windows[outcome]] as const),
      ),
  },
  {
    name: "source_last_sample_timestamp_seconds",
    type: "gauge",
    help: "When the last sample came.",
    labels: ["source"],
    read: perSource((source) =>
      source.lastSampleMilliseconds === null ? null : seconds(source.lastSampleMilliseconds),
    ),
  },
  {
    name: "source_expected_false_alarms_per_year",
    type: "gauge",
    help: "Intermittent alarms a year to be expected of good noise at this configuration.",
    labels: ["source"],
    read: perSource((source) => source.expectedFalseAlarmsPerYear),
  },
  {
    name: "health_alarms_total",
    type: "counter",
    help: "Alarms of the health tests.",
    labels: ["source", "test", "severity"],
    read: (snapshot) =>
      snapshot.sources.flatMap((source) =>
        HEALTH_TESTS.flatMap((test) =>
          SEVERITIES.map((severity) => {
            const seen = source.alarms.find(
              (alarm) => alarm.test === test && alarm.severity === severity,
            );
            return [[source.id, test, severity], seen?.total ?? 0] as const;
          }),
        ),
      ),
  },
  {
    name: "health_cutoff",
    type: "gauge",
    help: "Where the test raises an intermittent alarm.",
    labels: ["source", "test"],
    read: perTest((test) => test.cutoffIntermittent),
  },
  {
    name: "health_cutoff_permanent",
    type: "gauge",
    help: "Where the test raises a permanent alarm; missing where it could never be reached.",
    labels: ["source", "test"],
    read: perTest((test) => test.cutoffPermanent),
  },
  {
    name: "health_watermark",
    type: "gauge",
    help: "The closest approach to the cutoff since the start, in the cutoff's unit.",
    labels: ["source", "test"],
    read: perTest((test) => test.watermark),
  },
  {
    name: "pool_blocks",
    type: "gauge",
    help: "Conditioned blocks that wait for a seed.",
    labels: ["source"],
    read: perSource((source) => source.poolBlocks),
  },
  {
    name: "drbg_instance_state",
    type: "gauge",
    help: "1 for the state that the instance is in, 0 for the others.",
    labels: ["instance", "state"],
    read: (snapshot) =>
      snapshot.instances.flatMap((instance) =>
        INSTANCE_STATES.map(
          (state) => [[instance.id, state], instance.state === state ? 1 : 0] as const,
        ),
      ),
  },
  {
    name: "drbg_reseeds_total",
    type: "counter",
    help: "Seeds that the instance took, its instantiation included.",
    labels: ["instance", "reason"],
    read: (snapshot) =>
      snapshot.instances.flatMap((instance) =>
        RESEED_REASONS.map((reason) => {
          const seen = instance.reseeds.find((reseed) => reseed.reason === reason);
          return [[instance.id, reason], seen?.total ?? 0] as const;
        }),
      ),
  },
  {
    name: "drbg_seed_timestamp_seconds",
    type: "gauge",
    help: "When the instance took its seed.",
    labels: ["instance"],
    read: perInstance((instance) =>
      instance.seedMilliseconds === null ? null : seconds(instance.seedMilliseconds),
    ),
  },
  {
    name: "drbg_seed_credited_entropy_bytes",
    type: "gauge",
    help: "Min-entropy credited to the seed in use, bytes of 8 bits; 0 over the OS RNG alone.",
    labels: ["instance"],
    read: perInstance((instance) => instance.seedCreditedBits / 8),
  },
  {
    name: "drbg_seed_sources",
    type: "gauge",
    help: "Credited sources that the seed in use drew on.",
    labels: ["instance"],
    read: perInstance((instance) => instance.seedSources),
  },
  {
    name: "drbg_output_bytes_since_seed",
    type: "gauge",
    help: "Bytes given since the seed; an RBG2 stops at 16,384.",
    labels: ["instance"],
    read: perInstance((instance) => instance.outputBytesSinceSeed),
  },
  {
    name: "drbg_prepared_seeds",
    type: "gauge",
    help: "Durable seeds that wait for the instance.",
    labels: ["instance"],
    read: perInstance((instance) => instance.preparedSeeds),
  },
  {
    name: "self_test_passed",
    type: "gauge",
    help: "1 if the self-test passed when it last ran. A 0 stops every output.",
    labels: ["test"],
    read: (snapshot) =>
      snapshot.selfTests.map((test) => [[test.name], test.passed ? 1 : 0] as const),
  },
  {
    name: "self_test_timestamp_seconds",
    type: "gauge",
    help: "When the self-test last ran.",
    labels: ["test"],
    read: (snapshot) =>
      snapshot.selfTests.map((test) => [[test.name], seconds(test.atMilliseconds)] as const),
  },
  {
    name: "store_up",
    type: "gauge",
    help: "1 while the database takes records.",
    labels: [],
    read: (snapshot) => [[[], snapshot.store.ok ? 1 : 0]],
  },
  {
    name: "sealed",
    type: "gauge",
    help: "1 while there is a vault and it is sealed: no kept key can be used.",
    labels: [],
    read: ({ vault }) => [[[], vault.initialised && vault.sealed ? 1 : 0]],
  },
  {
    name: "seal_epoch",
    type: "gauge",
    help: "The epoch whose key wraps all kept keys; 0 where there is no vault.",
    labels: [],
    read: ({ vault }) => [[[], vault.epoch ?? 0]],
  },
  {
    name: "seal_slots",
    type: "gauge",
    help: "Ways to open the vault.",
    labels: ["kind"],
    read: ({ vault }) =>
      SLOT_KINDS.map((kind) => [[kind], vault.slots.filter((slot) => slot.kind === kind).length]),
  },
  {
    name: "seal_refusals_total",
    type: "counter",
    help: "Attempts to open the vault that no slot accepted.",
    labels: [],
    read: ({ vault }) => [[[], vault.refusedTotal]],
  },
  {
    name: "locked_memory_ok",
    type: "gauge",
    help: "1 while no secret that outlives a call had to be kept in memory that is not locked.",
    labels: [],
    read: ({ vault }) => [[[], vault.lockedMemory.ok ? 1 : 0]],
  },
  {
    name: "locked_memory_bytes",
    type: "gauge",
    help: "Secrets in locked memory; the pages around them come on top.",
    labels: [],
    read: ({ vault }) => [[[], vault.lockedMemory.bytes]],
  },
  {
    name: "key_versions",
    type: "gauge",
    help: "Versions of managed keys, by state.",
    labels: ["state"],
    read: ({ keys }) => KEY_STATES.map((state) => [[state], keys.versions[state]]),
  },
  {
    name: "key_operations_total",
    type: "counter",
    help: "What was done with managed keys.",
    labels: ["usage"],
    read: ({ keys }) => KEY_USAGES.map((usage) => [[usage], keys.operations[usage]]),
  },
  {
    name: "key_rotations_total",
    type: "counter",
    help: "New versions of managed keys, by their policy or on demand.",
    labels: [],
    read: ({ keys }) => [[[], keys.rotations]],
  },
  {
    name: "key_overdue_total",
    type: "counter",
    help: "Acts of keys' policies that could not be done when they were due; each is tried again.",
    labels: [],
    read: ({ keys }) => [[[], keys.overdue]],
  },
  {
    name: "log_leaves",
    type: "gauge",
    help: "Leaves of the transparency log that its last checkpoint covers.",
    labels: [],
    read: (snapshot) => [[[], snapshot.log.leaves]],
  },
  {
    name: "log_behind_seconds",
    type: "gauge",
    help: "For how long a leaf has waited for a checkpoint; 0 when none waits, at most about 1 when all is well.",
    labels: [],
    read: (snapshot) => [[[], seconds(snapshot.log.behindMilliseconds)]],
  },
  {
    name: "log_append_failures_total",
    type: "counter",
    help: "Leaves, each with the change that it tells of, that the database did not take.",
    labels: [],
    read: (snapshot) => [[[], snapshot.log.failuresTotal]],
  },
  {
    name: "log_witness_leaves",
    type: "gauge",
    help: "Leaves of the last checkpoint that the witness took since the start.",
    labels: ["witness"],
    read: (snapshot) => snapshot.log.witnesses.map(({ name, size }) => [[name], size] as const),
  },
  {
    name: "log_witness_lag_seconds",
    type: "gauge",
    help: "For how long the witness has lacked a checkpoint; 0 when it has the newest.",
    labels: ["witness"],
    read: (snapshot) =>
      snapshot.log.witnesses.map(
        ({ name, lagMilliseconds }) => [[name], seconds(lagMilliseconds)] as const,
      ),
  },
  {
    name: "log_witness_failures_total",
    type: "counter",
    help: "Checkpoints that the witness did not take.",
    labels: ["witness"],
    read: (snapshot) =>
      snapshot.log.witnesses.map(({ name, failuresTotal }) => [[name], failuresTotal] as const),
  },
  {
    name: "output_bytes_total",
    type: "counter",
    help: "Random bytes given to clients; for keys, bytes drawn for them.",
    labels: ["door"],
    read: (_snapshot, tally) =>
      DOORS.map((door) => [[door], tally.doors[door].outputBytes] as const),
  },
  {
    name: "requests_total",
    type: "counter",
    help: "Requests answered, by HTTP status.",
    labels: ["door", "code"],
    read: (_snapshot, tally) =>
      DOORS.flatMap((door) =>
        [...tally.doors[door].codes].map(([code, total]) => [[door, String(code)], total] as const),
      ),
  },
  {
    name: "refusals_total",
    type: "counter",
    help: "Requests refused, by code of the error catalogue.",
    labels: ["reason"],
    read: (_snapshot, tally) =>
      REFUSALS.map((reason) => [[reason], tally.refusals.get(reason) ?? 0] as const),
  },
];
