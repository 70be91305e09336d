import { describe, expect, test } from "vitest";
import { CATALOGUE } from "../../../src/telemetry/catalogue.ts";
import { moved, picture, render, type Picture } from "./picture.ts";

interface Case {
  readonly change: (picture: Picture) => void;
  /** Every series that moves, and nothing else may: from what, to what; null is missing. */
  readonly moves: Readonly<Record<string, readonly [number | null, number | null]>>;
}

/** Changes the first source; the second must stay as it is. */
const ofSource =
  (change: (source: Picture["snapshot"]["sources"][number]) => void) =>
  ({ snapshot }: Picture): void =>
    change(snapshot.sources[0]!);

/** Changes the second instance; the first must stay as it is. */
const ofInstance =
  (change: (instance: Picture["snapshot"]["instances"][number]) => void) =>
  ({ snapshot }: Picture): void =>
    change(snapshot.instances[1]!);

/**
 * For each metric what makes it move, and how, as a scraper sees it. A gauge that is always 0
 * (canonical/pollen's SystemEntropy: `if err == nil { return }`) would fail here.
 */
const CASES: Readonly<Record<string, Case>> = {
  ready: {
    change: ({ snapshot }) => void (snapshot.ready = false),
    moves: { ready: [1, 0] },
  },
  build_info: {
    change: ({ snapshot }) => void (snapshot.version = "1.2.4"),
    moves: {
      'build_info{version="1.2.3",configuration="0123456789abcdef"}': [1, null],
      'build_info{version="1.2.4",configuration="0123456789abcdef"}': [null, 1],
    },
  },
  construction_info: {
    change: ({ snapshot }) => void (snapshot.shape = "RBGC"),
    moves: {
      'construction_info{shape="RBG2(P)",validated="false"}': [1, null],
      'construction_info{shape="RBGC",validated="false"}': [null, 1],
    },
  },
  drill_passed: {
    change: ({ snapshot }) => void (snapshot.drills[0]!.passed = false),
    moves: { 'drill_passed{source="one"}': [1, 0] },
  },
  drill_last_passed_timestamp_seconds: {
    change: ({ snapshot }) => void (snapshot.drills[0]!.lastPassedMilliseconds = null),
    moves: { 'drill_last_passed_timestamp_seconds{source="one"}': [7, null] },
  },
  start_timestamp_seconds: {
    change: ({ snapshot }) => void (snapshot.startedMilliseconds = 61_500),
    moves: { start_timestamp_seconds: [1, 61.5] },
  },
  quorum_met: {
    change: ({ snapshot }) => void (snapshot.quorum.met = false),
    moves: { quorum_met: [1, 0] },
  },
  quorum_sources: {
    change: ({ snapshot }) => void (snapshot.quorum.available = 1),
    moves: { quorum_sources: [2, 1] },
  },
  quorum_required_sources: {
    // Whose best two may be removed needs a third to stand on, whatever `sources` says.
    change: ({ snapshot }) => void (snapshot.quorum.withoutBest = 2),
    moves: { quorum_required_sources: [2, 3] },
  },
  source_state: {
    change: ofSource((source) => (source.state = "failed")),
    moves: {
      'source_state{source="one",state="healthy"}': [1, 0],
      'source_state{source="one",state="failed"}': [0, 1],
    },
  },
  source_credited: {
    change: ofSource((source) => (source.credited = true)),
    moves: { 'source_credited{source="one"}': [0, 1] },
  },
  source_samples_total: {
    change: ofSource((source) => (source.samplesTotal += 4096)),
    moves: { 'source_samples_total{source="one"}': [100, 4196] },
  },
  source_dropped_samples_total: {
    change: ofSource((source) => source.droppedSamplesTotal++),
    moves: { 'source_dropped_samples_total{source="one"}': [1, 2] },
  },
  source_diverted_samples_total: {
    change: ofSource((source) => source.divertedSamplesTotal++),
    moves: { 'source_diverted_samples_total{source="one"}': [2, 3] },
  },
  source_discarded_samples_total: {
    change: ofSource((source) => source.discardedSamplesTotal++),
    moves: { 'source_discarded_samples_total{source="one"}': [3, 4] },
  },
  source_conditioned_samples_total: {
    change: ofSource((source) => source.conditionedSamplesTotal++),
    moves: { 'source_conditioned_samples_total{source="one"}': [4, 5] },
  },
  source_gaps_total: {
    change: ofSource((source) => source.gapsTotal++),
    moves: { 'source_gaps_total{source="one"}': [5, 6] },
  },
  source_credited_entropy_bytes_total: {
    change: ofSource((source) => (source.creditedBitsTotal += 256)),
    moves: { 'source_credited_entropy_bytes_total{source="one"}': [64, 96] },
  },
  source_claimed_entropy_ratio: {
    change: ofSource((source) => (source.assessedEntropy = 2)),
    moves: { 'source_claimed_entropy_ratio{source="one"}': [0.5, 0.25] },
  },
  source_compliant_entropy_ratio: {
    change: ofSource((source) => (source.compliantEntropy = 3)),
    moves: { 'source_compliant_entropy_ratio{source="one"}': [0, 0.375] },
  },
  source_live_entropy_ratio: {
    change: ofSource((source) => (source.live!.figures[0]!.upper = 2)),
    moves: {
      'source_live_entropy_ratio{source="one",estimator="multi_mmc",bound="upper"}': [0.625, 0.25],
    },
  },
  source_live_claimed_entropy_ratio: {
    change: ofSource((source) => (source.live!.claimedEntropy = 6)),
    moves: { 'source_live_claimed_entropy_ratio{source="one"}': [0.5, 0.75] },
  },
  source_live_entropy_low: {
    change: ofSource((source) => (source.live!.low = true)),
    moves: { 'source_live_entropy_low{source="one"}': [0, 1] },
  },
  source_live_estimate_timestamp_seconds: {
    change: ofSource((source) => (source.live!.atMilliseconds = null)),
    moves: { 'source_live_estimate_timestamp_seconds{source="one"}': [8, null] },
  },
  source_live_windows_total: {
    change: ofSource((source) => source.live!.windows.lost++),
    moves: { 'source_live_windows_total{source="one",outcome="lost"}': [1, 2] },
  },
  source_last_sample_timestamp_seconds: {
    change: ofSource((source) => (source.lastSampleMilliseconds = null)),
    moves: { 'source_last_sample_timestamp_seconds{source="one"}': [1.5, null] },
  },
  source_expected_false_alarms_per_year: {
    change: ofSource((source) => (source.expectedFalseAlarmsPerYear = 12)),
    moves: { 'source_expected_false_alarms_per_year{source="one"}': [0.75, 12] },
  },
  health_alarms_total: {
    change: ofSource((source) =>
      source.alarms.push({ test: "lag_predictor", severity: "permanent", total: 1 }),
    ),
    moves: {
      'health_alarms_total{source="one",test="lag_predictor",severity="permanent"}': [0, 1],
    },
  },
  health_cutoff: {
    change: ofSource((source) => (source.tests[1]!.cutoffIntermittent = 70)),
    moves: { 'health_cutoff{source="one",test="adaptive_proportion"}': [50, 70] },
  },
  health_cutoff_permanent: {
    change: ofSource((source) => (source.tests[1]!.cutoffPermanent = null)),
    moves: { 'health_cutoff_permanent{source="one",test="adaptive_proportion"}': [60, null] },
  },
  health_recent_watermark: {
    change: ofSource((source) => (source.tests[1]!.recentWatermark = 40)),
    moves: { 'health_recent_watermark{source="one",test="adaptive_proportion"}': [11, 40] },
  },
  health_watermark: {
    change: ofSource((source) => (source.tests[0]!.watermark = 9)),
    moves: { 'health_watermark{source="one",test="repetition_count"}': [3, 9] },
  },
  pool_blocks: {
    change: ofSource((source) => (source.poolBlocks = 0)),
    moves: { 'pool_blocks{source="one"}': [7, 0] },
  },
  drbg_instance_state: {
    change: ofInstance((instance) => (instance.state = "spent")),
    moves: {
      'drbg_instance_state{instance="keys",state="ready"}': [1, 0],
      'drbg_instance_state{instance="keys",state="spent"}': [0, 1],
    },
  },
  drbg_reseeds_total: {
    change: ofInstance((instance) => instance.reseeds.push({ reason: "clock_jump", total: 1 })),
    moves: { 'drbg_reseeds_total{instance="keys",reason="clock_jump"}': [0, 1] },
  },
  drbg_seed_timestamp_seconds: {
    change: ofInstance((instance) => (instance.seedMilliseconds = 4000)),
    moves: { 'drbg_seed_timestamp_seconds{instance="keys"}': [2.5, 4] },
  },
  drbg_seed_credited_entropy_bytes: {
    change: ofInstance((instance) => (instance.seedCreditedBits = 0)),
    moves: { 'drbg_seed_credited_entropy_bytes{instance="keys"}': [48, 0] },
  },
  drbg_seed_sources: {
    change: ofInstance((instance) => (instance.seedSources = 2)),
    moves: { 'drbg_seed_sources{instance="keys"}': [1, 2] },
  },
  drbg_output_bytes_since_seed: {
    change: ofInstance((instance) => (instance.outputBytesSinceSeed += 32)),
    moves: { 'drbg_output_bytes_since_seed{instance="keys"}': [64, 96] },
  },
  drbg_output_limit_bytes: {
    change: ofInstance((instance) => (instance.outputBytesLimit = 2 ** 24)),
    moves: { 'drbg_output_limit_bytes{instance="keys"}': [16_384, 2 ** 24] },
  },
  drbg_seed_age_limit_seconds: {
    change: ofInstance((instance) => (instance.seedAgeLimitMilliseconds = 1500)),
    moves: { 'drbg_seed_age_limit_seconds{instance="keys"}': [600, 1.5] },
  },
  drbg_prepared_seeds: {
    change: ofInstance((instance) => (instance.preparedSeeds = 0)),
    moves: { 'drbg_prepared_seeds{instance="keys"}': [1, 0] },
  },
  self_test_passed: {
    change: ({ snapshot }) => void (snapshot.selfTests[0]!.passed = false),
    moves: { 'self_test_passed{test="HMAC_DRBG"}': [1, 0] },
  },
  self_test_timestamp_seconds: {
    change: ({ snapshot }) => void (snapshot.selfTests[0]!.atMilliseconds = 603_000),
    moves: { 'self_test_timestamp_seconds{test="HMAC_DRBG"}': [3, 603] },
  },
  disk_free_bytes: {
    change: ({ snapshot }) => void (snapshot.disk!.freeBytes = 7),
    moves: { disk_free_bytes: [400, 7] },
  },
  disk_size_bytes: {
    change: ({ snapshot }) => void (snapshot.disk!.totalBytes = 2000),
    moves: { disk_size_bytes: [1000, 2000] },
  },
  database_size_bytes: {
    // Nothing on disk, or a disk that cannot be asked: no figure, rather than an old one or a 0.
    change: ({ snapshot }) => void (snapshot.disk = null),
    moves: {
      database_size_bytes: [30, null],
      disk_free_bytes: [400, null],
      disk_size_bytes: [1000, null],
    },
  },
  tls_certificate_not_after_timestamp_seconds: {
    change: ({ snapshot }) =>
      void snapshot.tlsCertificates.push({ file: "client_authority", notAfterMilliseconds: 1500 }),
    moves: {
      'tls_certificate_not_after_timestamp_seconds{file="client_authority"}': [null, 1.5],
    },
  },
  outlets: {
    change: ({ snapshot }) => void (snapshot.outlets.answering = 1),
    moves: { outlets: [2, 1] },
  },
  outlets_configured: {
    change: ({ snapshot }) => void (snapshot.outlets.configured = 3),
    moves: { outlets_configured: [2, 3] },
  },
  outlets_lost_total: {
    change: ({ snapshot }) => void (snapshot.outlets.lostTotal = 1),
    moves: { outlets_lost_total: [0, 1] },
  },
  store_up: {
    change: ({ snapshot }) => void (snapshot.store.ok = false),
    moves: { store_up: [1, 0] },
  },
  sealed: {
    change: ({ snapshot }) => void (snapshot.vault.sealed = true),
    moves: { sealed: [0, 1] },
  },
  seal_epoch: {
    change: ({ snapshot }) => void (snapshot.vault.epoch = 4),
    moves: { seal_epoch: [3, 4] },
  },
  seal_slots: {
    change: ({ snapshot }) => void (snapshot.vault.slots[0]!.kind = "key-file"),
    moves: { 'seal_slots{kind="passphrase"}': [1, 0], 'seal_slots{kind="key-file"}': [0, 1] },
  },
  seal_refusals_total: {
    change: ({ snapshot }) => void (snapshot.vault.refusedTotal = 3),
    moves: { seal_refusals_total: [2, 3] },
  },
  locked_memory_ok: {
    change: ({ snapshot }) => void (snapshot.vault.lockedMemory.ok = false),
    moves: { locked_memory_ok: [1, 0] },
  },
  locked_memory_bytes: {
    change: ({ snapshot }) => void (snapshot.vault.lockedMemory.bytes = 64),
    moves: { locked_memory_bytes: [32, 64] },
  },
  key_versions: {
    change: ({ snapshot }) => void (snapshot.keys.versions.active = 5),
    moves: { 'key_versions{state="active"}': [4, 5] },
  },
  key_operations_total: {
    change: ({ snapshot }) => void (snapshot.keys.operations.sign = 5),
    moves: { 'key_operations_total{usage="sign"}': [0, 5] },
  },
  key_rotations_total: {
    change: ({ snapshot }) => void (snapshot.keys.rotations = 3),
    moves: { key_rotations_total: [2, 3] },
  },
  key_overdue_total: {
    change: ({ snapshot }) => void (snapshot.keys.overdue = 2),
    moves: { key_overdue_total: [1, 2] },
  },
  intents_total: {
    change: ({ snapshot }) => void (snapshot.custody.intents["seal.recover"].refused = 1),
    moves: { 'intents_total{operation="seal.recover",act="refused"}': [0, 1] },
  },
  destructions_pending: {
    change: ({ snapshot }) => void (snapshot.custody.destructions.pending = 1),
    moves: { destructions_pending: [2, 1] },
  },
  destructions_total: {
    change: ({ snapshot }) => void (snapshot.custody.destructions.ended.cancelled = 2),
    moves: { 'destructions_total{outcome="cancelled"}': [1, 2] },
  },
  destruction_batches_total: {
    change: ({ snapshot }) => void (snapshot.custody.destructions.batches = 3),
    moves: { destruction_batches_total: [2, 3] },
  },
  destruction_delays_total: {
    change: ({ snapshot }) => void (snapshot.custody.destructions.delays = 1),
    moves: { destruction_delays_total: [0, 1] },
  },
  backup_age_seconds: {
    change: ({ snapshot }) => void (snapshot.custody.backups.takenMilliseconds = 2000),
    moves: { backup_age_seconds: [5, 7] },
  },
  backup_drill_age_seconds: {
    change: ({ snapshot }) => void (snapshot.custody.backups.drilledMilliseconds = null),
    moves: { backup_drill_age_seconds: [6, 0] },
  },
  log_leaves: {
    change: ({ snapshot }) => void (snapshot.log.leaves = 21),
    moves: { log_leaves: [20, 21] },
  },
  log_checkpoint_timestamp_seconds: {
    change: ({ snapshot }) => void (snapshot.log.checkpointMilliseconds = null),
    moves: { log_checkpoint_timestamp_seconds: [7, null] },
  },
  log_behind_seconds: {
    change: ({ snapshot }) => void (snapshot.log.behindMilliseconds = 1500),
    moves: { log_behind_seconds: [0, 1.5] },
  },
  log_append_failures_total: {
    change: ({ snapshot }) => void (snapshot.log.failuresTotal = 3),
    moves: { log_append_failures_total: [0, 3] },
  },
  log_witness_leaves: {
    change: ({ snapshot }) => void (snapshot.log.witnesses[0]!.size = 20),
    moves: { 'log_witness_leaves{witness="one"}': [18, 20] },
  },
  log_witness_lag_seconds: {
    change: ({ snapshot }) => void (snapshot.log.witnesses[1]!.lagMilliseconds = 2500),
    moves: { 'log_witness_lag_seconds{witness="two"}': [0, 2.5] },
  },
  log_witness_failures_total: {
    change: ({ snapshot }) => void (snapshot.log.witnesses[1]!.failuresTotal = 2),
    moves: { 'log_witness_failures_total{witness="two"}': [1, 2] },
  },
  client_requests_total: {
    change: ({ clients }) => void (clients[0]!.requests = 6),
    moves: { 'client_requests_total{client="token-1"}': [5, 6] },
  },
  client_charged_bytes_total: {
    change: ({ clients }) => void (clients[2]!.bytes = 320),
    moves: { 'client_charged_bytes_total{client="others"}': [160, 320] },
  },
  client_quota_refusals_total: {
    change: ({ clients }) => void (clients[1]!.refusedBytes = 3),
    moves: { 'client_quota_refusals_total{client="token-2",quota="bytes"}': [2, 3] },
  },
  client_quota_requests_per_second: {
    change: ({ clients }) => void (clients[0]!.quota!.requestsPerSecond = null),
    moves: { 'client_quota_requests_per_second{client="token-1"}': [10, null] },
  },
  client_quota_bytes_per_second: {
    change: ({ clients }) => void (clients[0]!.quota!.bytesPerSecond = 500),
    moves: { 'client_quota_bytes_per_second{client="token-1"}': [1000, 500] },
  },
  output_bytes_total: {
    change: ({ tally }) => tally.answered("stream", 200, 6, 16_384),
    moves: {
      'output_bytes_total{door="stream"}': [0, 16_384],
      'requests_total{door="stream",code="200"}': [null, 1],
      'request_duration_seconds_bucket{le="+Inf",door="stream"}': [0, 1],
      'request_duration_seconds_sum{door="stream"}': [0, 6],
      'request_duration_seconds_count{door="stream"}': [0, 1],
    },
  },
  requests_total: {
    change: ({ tally }) => tally.answered("keys", 503, 6, 0),
    moves: {
      'requests_total{door="keys",code="503"}': [null, 1],
      'request_duration_seconds_bucket{le="+Inf",door="keys"}': [0, 1],
      'request_duration_seconds_sum{door="keys"}': [0, 6],
      'request_duration_seconds_count{door="keys"}': [0, 1],
    },
  },
  refusals_total: {
    change: ({ tally }) => tally.refused("pool_exhausted"),
    moves: { 'refusals_total{reason="pool_exhausted"}': [0, 1] },
  },
};

describe("every metric is seen to change, and only that one", () => {
  test.each(CATALOGUE.map(({ name }) => name))("%s", async (name) => {
    const scripted = CASES[name];
    if (!scripted) throw new Error(`${name} has no case: say what makes it move`);
    const changed = picture();
    const before = await render(changed);
    scripted.change(changed);
    const differences = moved(before, await render(changed));
    expect(differences).toEqual(scripted.moves);
    const own = Object.keys(differences).filter(
      (key) => key === name || key.startsWith(`${name}{`),
    );
    expect(own, `the case of ${name} does not move it`).not.toEqual([]);
  });

  test("no case is left over from a metric that is gone", () => {
    expect(Object.keys(CASES).toSorted()).toEqual(CATALOGUE.map(({ name }) => name).toSorted());
  });

  test.each([
    [5e-5, "0.00005"],
    [0.000_051, "0.0001"],
    [0.25, "0.25"],
    [5.1, "+Inf"],
  ])("a request of %d s is counted in the buckets from le=%s on", async (seconds, le) => {
    const changed = picture();
    const before = await render(changed);
    changed.tally.answered("websocket", 101, seconds, 0);
    const buckets = Object.keys(moved(before, await render(changed))).filter((key) =>
      key.startsWith("request_duration_seconds_bucket"),
    );
    expect(buckets[0]).toBe(`request_duration_seconds_bucket{le="${le}",door="websocket"}`);
    expect(buckets.at(-1)).toBe(`request_duration_seconds_bucket{le="+Inf",door="websocket"}`);
  });

  test("what has come to an end is not told for ever", async () => {
    const changed = picture();
    const before = await render(changed);
    changed.snapshot.sources.pop();
    const gone = Object.entries(moved(before, await render(changed)));
    expect(gone.length).toBeGreaterThan(15);
    for (const [key, [, is]] of gone) {
      expect(key).toContain('source="two"');
      expect(is).toBeNull();
    }
  });
});
