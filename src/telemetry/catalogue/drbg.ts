import { RESEED_REASONS } from "../../port/lineage.ts";
import { INSTANCE_STATES, type InstanceSnapshot } from "../../port/snapshot.ts";
import { seconds, type CatalogueEntry } from "./entry.ts";

function perInstance(value: (instance: InstanceSnapshot) => number | null): CatalogueEntry["read"] {
  return (snapshot) =>
    snapshot.instances.flatMap((instance) => {
      const number = value(instance);
      return number === null ? [] : [[[instance.id], number] as const];
    });
}

/** The DRBG instances and their seeds. */
export const DRBG = [
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
    name: "drbg_output_limit_bytes",
    type: "gauge",
    help: "What one seed of the instance may give: SP 800-90C's 2^17 bits, or the policy over the OS RNG.",
    labels: ["instance"],
    read: perInstance((instance) => instance.outputBytesLimit),
  },
  {
    name: "drbg_seed_age_limit_seconds",
    type: "gauge",
    help: "How old a seed may be that is drawn from. An idle instance is not reseeded, and its seed may be older.",
    labels: ["instance"],
    read: perInstance((instance) => seconds(instance.seedAgeLimitMilliseconds)),
  },
] as const satisfies readonly CatalogueEntry[];
