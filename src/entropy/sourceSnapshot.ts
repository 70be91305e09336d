import type { HealthSnapshot } from "../health/monitor.ts";
import type { SourceSnapshot } from "../port/snapshot.ts";
import type { Pump } from "./pump.ts";
import type { SourceOptions } from "./sourceOptions.ts";
import type { Standing } from "./standing.ts";
import type { StationRoom } from "./stationRoom.ts";

/** Where the figures of a source are. */
export interface SourceParts {
  readonly options: SourceOptions;
  readonly health: HealthSnapshot;
  readonly standing: Standing;
  readonly pump: Pump;
  readonly room: Pick<StationRoom, "ledger" | "pool" | "live">;
}

/** A source, as status, metrics and `doctor` see it. */
export function sourceSnapshot(parts: SourceParts): SourceSnapshot {
  const { health, standing, pump, room } = parts;
  const { source, assessed, compliant, testedEntropy } = parts.options;
  const account = room.ledger.account(source.id);
  return {
    id: source.id,
    kind: source.kind,
    physical: source.physical,
    bitsPerSample: source.bitsPerSample,
    state: health.state,
    ...standing.explanation(health),
    sinceMilliseconds: standing.sinceMilliseconds,
    device: pump.device,
    testedEntropy,
    assessedEntropy: assessed?.entropy ?? 0,
    assessedEvidence: assessed?.evidence ?? null,
    compliantEntropy: compliant?.entropy ?? 0,
    credited: pump.credited && health.state === "healthy",
    tapped: pump.tapped,
    samplesTotal: account.testedSamples,
    droppedSamplesTotal: pump.droppedSamples,
    divertedSamplesTotal: account.divertedSamples,
    discardedSamplesTotal: account.discardedSamples,
    conditionedSamplesTotal: account.conditionedSamples,
    gapsTotal: pump.gaps,
    creditedBitsTotal: account.creditedMadeBits,
    lastSampleMilliseconds: pump.lastSample?.wallMilliseconds ?? null,
    tests: health.tests,
    alarms: health.alarms,
    expectedFalseAlarmsPerYear: health.expectedFalseAlarmsPerYear,
    poolBlocks: room.pool.count(source.id),
    live: room.live?.snapshot(source.id) ?? null,
  };
}
