import { series } from "../query.ts";
import { ALARMS_A_DAY, CLOSEST } from "./recordings.ts";
import { adding, again, feed, JUST_STARTED, LONG_STARTED, warm, type Alert } from "./rule.ts";

const SOURCE = { source: "s" } as const;

const state = (name: string, values: string) =>
  feed("source_state", { ...SOURCE, state: name }, values);

/** Two sources assessed, of which `needed` make the quorum. */
const quorum = (available: string, needed: string, other = "0.5x60") => [
  feed("quorum_sources", {}, available),
  feed("quorum_required_sources", {}, needed),
  feed("source_claimed_entropy_ratio", { source: "s" }, "0.5x60"),
  feed("source_claimed_entropy_ratio", { source: "t" }, other),
  feed("source_claimed_entropy_ratio", { source: "os" }, "0x60"),
];

const shape = (name: string) =>
  feed("construction_info", { shape: name, validated: "false" }, "1x60");

const watermark = (values: string) => [
  feed("health_recent_watermark", { ...SOURCE, test: "repetition_count" }, values),
  feed("health_cutoff", { ...SOURCE, test: "repetition_count" }, "11x60"),
];

const alarms = (values: string, expectedPerYear: string) => [
  feed(
    "health_alarms_total",
    { ...SOURCE, test: "repetition_count", severity: "intermittent" },
    values,
  ),
  feed("source_expected_false_alarms_per_year", SOURCE, expectedPerYear),
];

const losses = (dropped: string) => [
  feed("source_dropped_samples_total", SOURCE, dropped),
  feed("source_samples_total", SOURCE, "0+600x60"),
];

/** Whether there is noise, and whether it is what was claimed. */
export const SOURCES: readonly Alert[] = [
  {
    name: "SpringhouseSourceFailed",
    expr: `sum without (state) (${series("source_state", { state: "=failed" })}) == 1`,
    for: "0m",
    severity: "page",
    summary: "Noise source {{ $labels.source }} failed its health tests and is latched",
    remedy: "Find the cause, then reset it with a reason: POST /v1/sources/ID/reset.",
    meaning:
      "A permanent alarm, the third intermittent one in a day, or a startup test that failed twice (SP 800-90B 4.3). What it had collected was thrown away. It gives nothing more until an operator resets it; unplugging is no cure.",
    steps: [
      "`springhouse sources` names the test, what it counted and its cutoff; GET `/v1/events` what came before.",
      "Capture it (`springhouse capture`) and `springhouse replay` the recording: does it fail again?",
      "A device that fails once more after a reset is to be replaced. `springhouse recall --source ID` lists the outputs that depended on it.",
    ],
    labels: SOURCE,
    fires: { feed: [state("failed", "0x4 1x9 0x20")], firing: [5, 14] },
    // It is latched: only an operator's reset ends it, and each failure after a reset is news.
    flaps: { feed: [state("failed", "1x30")], firing: [0, 30] },
    warmUp: { feed: [state("failed", "0x30"), state("starting", "1 0x29")], firing: null },
  },
  {
    name: "SpringhouseSourceAbsent",
    expr: warm(
      `sum without (state) (avg_over_time(${series("source_state", { state: "=absent" })}[5m])) > 0.45`,
    ),
    for: "0m",
    keepFiringFor: "10m",
    severity: "ticket",
    summary: "Noise source {{ $labels.source }} is not there, or comes and goes",
    remedy: "Run `springhouse doctor`: unplugged, not permitted, or held by another program.",
    meaning:
      "For two of the last five minutes the source was unplugged, silent or not permitted. One that comes and goes runs a startup test each time, and gives little.",
    steps: [
      "`springhouse doctor` names the path, its permissions and who holds it (ModemManager above all).",
      "`dmesg` shows a device that resets: try another cable, port or hub.",
      "A source that is gone for good is to be taken out of the configuration.",
    ],
    labels: SOURCE,
    fires: { feed: [state("absent", "0x4 1x9 0x30"), LONG_STARTED], firing: [7, 27] },
    flaps: { feed: [state("absent", again("1 0", 20)), LONG_STARTED], firing: [0, 30] },
    warmUp: { feed: [state("absent", "1x2 0x30"), JUST_STARTED], firing: null },
  },
  {
    name: "SpringhouseQuorumLost",
    // Over the OS RNG alone no quorum is configured, and the shape says so.
    expr: warm(
      `${series("quorum_met")} == 0 unless on (instance, job) ${series("construction_info", { shape: "=RBGC" })}`,
    ),
    for: "0m",
    keepFiringFor: "10m",
    severity: "page",
    summary: "Too few healthy credited sources: seeds run out, then requests are refused",
    remedy: "Bring the absent or failed sources back; `springhouse doctor` lists them.",
    meaning:
      "Fewer sources are healthy and credited than the quorum asks for. The instances go on within the limits of their seeds (16,384 bytes, or construction.seedAgeSeconds), then refuse with 503; `fresh` is refused at once.",
    steps: [
      "`springhouse sources`: which are failed (reset them once the cause is found) or absent?",
      "A source that is healthy and does not count has no `assessed` entropy.",
      "Lowering the quorum is a decision about trust, not a repair: it needs a restart and is in the log.",
    ],
    fires: {
      feed: [feed("quorum_met", {}, "1x4 0x9 1x30"), shape("RBG2(NP)"), LONG_STARTED],
      firing: [5, 24],
    },
    flaps: {
      feed: [feed("quorum_met", {}, again("0 1", 20)), shape("RBG2(NP)"), LONG_STARTED],
      firing: [0, 30],
    },
    warmUp: {
      feed: [feed("quorum_met", {}, "0x3 1x30"), shape("RBG2(NP)"), JUST_STARTED],
      firing: null,
    },
    alike: { feed: [feed("quorum_met", {}, "0x60"), shape("RBGC"), LONG_STARTED], firing: null },
  },
  {
    name: "SpringhouseQuorumAtEdge",
    expr: warm(
      `${series("quorum_sources")} == ${series("quorum_required_sources")} and on (instance, job) count by (instance, job) (${series("source_claimed_entropy_ratio")} > 0) > on (instance, job) ${series("quorum_required_sources")}`,
    ),
    for: "2m",
    keepFiringFor: "10m",
    severity: "ticket",
    summary: "{{ $labels.instance }} has no source to spare: the next loss ends the quorum",
    remedy:
      "Bring the missing source back before another one goes; `springhouse sources` names it.",
    meaning:
      "The configuration has more credited sources than the quorum asks for, and all that were to spare are gone. Nothing is refused yet. Where exactly as many are configured as are asked for, this never fires.",
    steps: [
      "`springhouse sources`: the one that is not healthy has a cause and a remedy.",
      "See SpringhouseSourceAbsent and SpringhouseSourceFailed, which fire for the same source.",
    ],
    fires: { feed: [...quorum("2x4 1x9 2x30", "1x60"), LONG_STARTED], firing: [7, 24] },
    flaps: { feed: [...quorum(again("1 1 1 2", 10), "1x60"), LONG_STARTED], firing: [2, 30] },
    warmUp: { feed: [...quorum("0 0 1 1 1 2x30", "1x60"), JUST_STARTED], firing: null },
    // As many as are asked for are all that there ever were: the others are not credited.
    alike: { feed: [...quorum("1x60", "1x60", "0x60"), LONG_STARTED], firing: null },
  },
  {
    name: "SpringhouseMarginShrinking",
    expr: `${CLOSEST.name} >= 0.9`,
    for: "25m",
    keepFiringFor: "30m",
    severity: "ticket",
    summary: "A health test of {{ $labels.source }} comes close to its alarm again and again",
    remedy: "Capture and assess the source now, while it still passes.",
    meaning:
      "For 25 minutes a test has been above 90 % of the way to its intermittent cutoff. One such approach is remembered for 20 minutes at most, so there were two: with exactly the claimed entropy at 50,000 samples a second that happens once in some decades. The noise gets worse: age, temperature, supply, or somebody near it.",
    steps: [
      "The dashboard Sources shows which test; compare with the live min-entropy beside it.",
      "`springhouse capture ID --samples 1000000 -o FILE`, then `springhouse assess FILE`.",
      "An assessment below the claim: lower `assessed.entropy`, which moves the cutoffs too, or take the source out.",
    ],
    labels: SOURCE,
    fires: { feed: watermark("6x4 10x35 6x60"), firing: [30, 70], minutes: 75 },
    // One approach, seen for 20 minutes: chance.
    flaps: { feed: watermark("6x4 10x19 6x9 10x19 6x30"), firing: null, minutes: 75 },
    warmUp: { feed: watermark("_ 3 4 5 6x30"), firing: null },
  },
  {
    name: "SpringhouseLiveEntropyLow",
    expr: `${series("source_live_entropy_low")} == 1`,
    for: "0m",
    keepFiringFor: "1h",
    severity: "ticket",
    summary: "The live estimate of {{ $labels.source }} refutes its claimed entropy",
    remedy:
      "Assess it anew: `springhouse capture`, then `springhouse assess`; lower its claim or take it out.",
    meaning:
      "The upper end of an estimator's 99 % interval, on a window of what is conditioned, lies below the claim. It is advice and stops nothing: seeds may hold less entropy than they are credited with.",
    steps: [
      'Which estimator: `springhouse_source_live_entropy_ratio` with `bound="upper"`. `lag` and `multi_mmc` point to dependence, `most_common_value` to bias.',
      "`springhouse capture`, `springhouse assess` on a million samples.",
      "Where the assessment agrees: lower the claim; `springhouse recall --source ID` lists what depended on it.",
    ],
    labels: SOURCE,
    fires: {
      feed: [feed("source_live_entropy_low", SOURCE, "0x4 1x9 0x90")],
      firing: [5, 74],
      minutes: 90,
    },
    flaps: { feed: [feed("source_live_entropy_low", SOURCE, again("1 0", 20))], firing: [0, 30] },
    warmUp: { feed: [feed("source_live_entropy_low", SOURCE, "0x30")], firing: null },
  },
  {
    name: "SpringhouseAlarmRateHigh",
    expr: `${ALARMS_A_DAY.name} > on (instance, job, source) ${series("source_expected_false_alarms_per_year")} / 365 + 3 * sqrt(${series("source_expected_false_alarms_per_year")} / 365)`,
    for: "0m",
    severity: "ticket",
    summary: "{{ $labels.source }} alarms more often than sound noise would",
    remedy: "It is the device or its surroundings: look at the events around the alarms.",
    meaning:
      "In the last day there were more intermittent alarms than the configuration lets expect of noise with exactly the claimed entropy, by three standard deviations. With the default cutoffs (2^-40) not one is to be expected in years, so one is enough. The third in 24 h latches the source.",
    steps: [
      "GET `/v1/events?since=`: which test, how often, at what times of the day?",
      "At a rate that was configured too low the expectation is too low: compare with Raw samples tested on Sources.",
      "Capture and assess; a source that alarms is to be looked at before it latches.",
    ],
    labels: SOURCE,
    fires: { feed: alarms("0x4 1x60", "0.001x60"), firing: [5, 60], minutes: 60 },
    // Expected once a day, as with a bold configuration: one or two are chance, and stay silent.
    flaps: { feed: alarms("0x4 1x9 2x60", "365x60"), firing: null, minutes: 60 },
    warmUp: { feed: alarms("0x30", "0.001x60"), firing: null },
  },
  {
    name: "SpringhouseSamplesDropped",
    expr: `rate(${series("source_dropped_samples_total")}[10m]) / (rate(${series("source_dropped_samples_total")}[10m]) + rate(${series("source_samples_total")}[10m])) > 0.01`,
    for: "5m",
    keepFiringFor: "10m",
    severity: "ticket",
    summary:
      "More than 1 % of the samples of {{ $labels.source }} are lost before they can be tested",
    remedy: "A torn cable or frame, or a device faster than its configured samplesPerSecond.",
    meaning:
      "Samples are missing in the stream (a gap), or came faster than the source's budget and were dropped. What is lost is never credited, but a startup test needs consecutive samples, and a source with many gaps may never become healthy.",
    steps: [
      "Gaps on the dashboard Sources: many say that bytes are lost on the way, none that the budget is too small.",
      "Raise `samplesPerSecond` to what the device gives, and look at the expected false alarms that follow from it.",
      "A machine without time for the port loses bytes: see its load.",
    ],
    labels: SOURCE,
    fires: {
      feed: losses(`0x4 ${adding([60], 10)} 600x60`),
      firing: [10, 32],
      minutes: 45,
    },
    flaps: { feed: losses(adding([60, 0], 30)), firing: [7, 30] },
    // Opening the device in the middle of a frame costs a few.
    warmUp: { feed: losses("0 3 3x60"), firing: null },
  },
];
