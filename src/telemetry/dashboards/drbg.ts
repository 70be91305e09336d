import { chosen, rate } from "../query.ts";
import { falling, rising, YES_NO, type Dashboard, type Row } from "./panel.ts";
import { INSTANCE_MEANINGS, INSTANCE_STATE } from "./states.ts";

/** The instance for prediction resistance is reseeded for each request: limits and stocks say nothing. */
const LIMITED = { exported_instance: "!=fresh" } as const;
const each = "{{exported_instance}}";

const INSTANCES: Row = {
  title: "Do the instances have a seed that may be used?",
  rows: 8,
  panels: [
    {
      title: "State of each instance",
      description:
        "One for each door. Spent: a limit of the seed is reached and no next one is there, so requests are refused until noise comes. Error: a self-test failed; nothing comes out until the service runs on another machine.",
      type: "state-timeline",
      unit: "none",
      columns: 12,
      meanings: INSTANCE_MEANINGS,
      targets: [INSTANCE_STATE],
    },
    {
      title: "Seeds in stock",
      description:
        "Durable seeds that wait, so that no request waits for noise. 0 under load: the noise does not keep up, see the pool on Sources.",
      type: "timeseries",
      unit: "short",
      columns: 12,
      targets: [{ expr: chosen("drbg_prepared_seeds", LIMITED), legend: each }],
    },
    {
      title: "Age of the seed, of its limit",
      description:
        "An instance is reseeded when it is drawn from, so an idle one goes beyond 100 % and comes back with its first request. Beyond 100 % under load: no seed can be had.",
      type: "timeseries",
      unit: "percentunit",
      columns: 12,
      steps: rising(1, 2),
      targets: [
        {
          expr: `(time() - ${chosen("drbg_seed_timestamp_seconds", LIMITED)}) / on (instance, exported_instance) ${chosen("drbg_seed_age_limit_seconds", LIMITED)}`,
          legend: each,
        },
      ],
    },
    {
      title: "Bytes since the seed, of its limit",
      description:
        "At 100 % the next seed is taken (SP 800-90C: 16,384 bytes). One that stays there waits for noise.",
      type: "timeseries",
      unit: "percentunit",
      columns: 12,
      steps: rising(0.9, 1),
      targets: [
        {
          expr: `${chosen("drbg_output_bytes_since_seed", LIMITED)} / on (instance, exported_instance) ${chosen("drbg_output_limit_bytes", LIMITED)}`,
          legend: each,
        },
      ],
    },
  ],
};

const SEEDS: Row = {
  title: "What are the seeds made of, and why were they taken?",
  rows: 8,
  panels: [
    {
      title: "Seeds taken in 10 minutes, by reason",
      description:
        "output_limit and age are normal; requirement and fresh are clients' wishes; clock_jump and generation_change mean that the machine was suspended, cloned or rolled back: ask who did it.",
      type: "timeseries",
      unit: "short",
      columns: 12,
      targets: [
        {
          expr: `sum by (instance, reason) (increase(${chosen("drbg_reseeds_total")}[10m])) > 0`,
          legend: "{{reason}}",
        },
      ],
    },
    {
      title: "Seeds taken in 10 minutes, by instance",
      description:
        "Each takes noise out of the pool. An instance that takes far more than the others has a client that asks for max_seed_age or fresh.",
      type: "timeseries",
      unit: "short",
      columns: 12,
      targets: [
        {
          expr: `sum by (instance, exported_instance) (increase(${chosen("drbg_reseeds_total")}[10m]))`,
          legend: each,
        },
      ],
    },
    {
      title: "Entropy credited to the seed in use",
      description:
        "32 bytes at least to reseed and 48 to instantiate, where a source is credited; 0 over the OS RNG alone.",
      type: "timeseries",
      unit: "bytes",
      columns: 8,
      targets: [{ expr: chosen("drbg_seed_credited_entropy_bytes"), legend: each }],
    },
    {
      title: "Credited sources in the seed in use",
      description:
        "Fewer than the quorum asks for cannot be: the seed would not have been taken. Fewer than there are: one of them is slow or not healthy.",
      type: "timeseries",
      unit: "short",
      columns: 8,
      targets: [
        { expr: chosen("drbg_seed_sources"), legend: each },
        { expr: chosen("quorum_required_sources"), legend: "quorum" },
      ],
    },
    {
      title: "Random bytes given",
      description: "By front door. What the seeds were spent on.",
      type: "timeseries",
      unit: "Bps",
      columns: 8,
      targets: [{ expr: rate("output_bytes_total"), legend: "{{door}}" }],
    },
  ],
};

const SELF_TESTS: Row = {
  title: "Does the cryptography compute what it should?",
  rows: 5,
  panels: [
    {
      title: "Self-tests passed",
      description:
        "Known answers of HMAC_DRBG and of the conditioning component (SP 800-90A 11.3). A no stops every output: move the service to another machine, this is a defect or broken hardware.",
      type: "state-timeline",
      unit: "none",
      columns: 12,
      meanings: YES_NO,
      targets: [{ expr: chosen("self_test_passed"), legend: "{{test}}" }],
    },
    {
      title: "Since the last self-test",
      description:
        "They run every construction.selfTestSeconds, 10 minutes by default, and on demand (POST /v1/selftest).",
      type: "stat",
      unit: "s",
      columns: 6,
      targets: [
        { expr: `time() - ${chosen("self_test_timestamp_seconds")}`, legend: "{{test}}" },
      ],
    },
    {
      title: "Sources to spare",
      description:
        "Healthy credited sources beyond those that the quorum asks for. At 0 the next loss stops new seeds: bring the missing one back.",
      type: "stat",
      unit: "none",
      columns: 6,
      steps: falling(0, 1),
      none: "no source is credited",
      targets: [
        {
          expr: `(${chosen("quorum_sources")} - ${chosen("quorum_required_sources")}) unless on (instance, job) ${chosen("construction_info", { shape: "=RBGC" })}`,
          legend: "to spare",
        },
      ],
    },
  ],
};

/** Also on the overview. */
export const TO_SPARE = SELF_TESTS.panels[2]!;

export const DRBG: Dashboard = {
  uid: "springhouse-drbg",
  title: "DRBG",
  description: "The HMAC_DRBG instances: their seeds, limits and self-tests.",
  rows: [INSTANCES, SEEDS, SELF_TESTS],
};
