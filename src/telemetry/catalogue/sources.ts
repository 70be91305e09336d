import { SOURCE_STATES } from "../../port/health.ts";
import { perSource, seconds, type CatalogueEntry } from "./entry.ts";

/** The noise sources, from the raw sample to the credited block. */
export const SOURCES = [
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
    name: "source_last_sample_timestamp_seconds",
    type: "gauge",
    help: "When the last sample came.",
    labels: ["source"],
    read: perSource((source) =>
      source.lastSampleMilliseconds === null ? null : seconds(source.lastSampleMilliseconds),
    ),
  },
  {
    name: "pool_blocks",
    type: "gauge",
    help: "Conditioned blocks that wait for a seed.",
    labels: ["source"],
    read: perSource((source) => source.poolBlocks),
  },
] as const satisfies readonly CatalogueEntry[];
