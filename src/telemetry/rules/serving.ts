import { series } from "../query.ts";
import { REFUSED_RATIO, SLOWEST } from "./recordings.ts";
import { adding, again, feed, JUST_STARTED, LONG_STARTED, warm, type Alert } from "./rule.ts";

const answers = (ok: string, refused: string) => [
  feed("requests_total", { door: "http", code: "200" }, ok),
  feed("requests_total", { door: "http", code: "503" }, refused),
  feed("refusals_total", { reason: "pool_exhausted" }, refused),
];

const slow = (fast: string, all: string) => [
  feed("request_duration_seconds_bucket", { door: "http", le: "0.01" }, fast),
  feed("request_duration_seconds_bucket", { door: "http", le: "1" }, all),
  feed("request_duration_seconds_bucket", { door: "http", le: "+Inf" }, all),
];

const aged = (seededAt: string, spent: string, limit = "600x60", instance = "http") => [
  feed("drbg_seed_timestamp_seconds", { exported_instance: instance }, seededAt),
  feed("drbg_seed_age_limit_seconds", { exported_instance: instance }, limit),
  feed("drbg_instance_state", { exported_instance: instance, state: "spent" }, spent),
];

const outlets = (answering: string) => [
  feed("outlets", {}, answering),
  feed("outlets_configured", {}, "2x60"),
];

/** Whether clients get what they ask for. */
export const SERVING: readonly Alert[] = [
  {
    name: "SpringhouseDown",
    expr: 'up{job="springhouse"} == 0',
    for: "2m",
    keepFiringFor: "5m",
    severity: "page",
    summary: "springhouse on {{ $labels.instance }} does not answer",
    remedy: "See whether it runs (`systemctl status springhouse`), and its log if it does not.",
    meaning:
      "Prometheus cannot scrape `/metrics`: the process is gone or hangs, or the network is. Clients get no bytes. The job must be called `springhouse` in Prometheus' configuration.",
    steps: [
      "`systemctl status springhouse` and `journalctl -u springhouse -n 50`: the last line says why it stopped, with a remedy.",
      "`springhouse status` on the machine itself: an answer means that the network or TLS in between is at fault.",
      "With `publicProbes: false` Prometheus needs a token.",
    ],
    fires: {
      feed: [{ series: 'up{instance="a", job="springhouse"}', values: "1x4 0x9 1x20" }],
      firing: [7, 19],
    },
    flaps: {
      feed: [{ series: 'up{instance="a", job="springhouse"}', values: again("0 0 0 1", 10) }],
      firing: [2, 30],
    },
    warmUp: {
      feed: [{ series: 'up{instance="a", job="springhouse"}', values: "0 1x30" }],
      firing: null,
    },
  },
  {
    name: "SpringhouseNotReady",
    expr: warm(`${series("ready")} == 0`),
    for: "1m",
    keepFiringFor: "5m",
    severity: "page",
    summary: "springhouse on {{ $labels.instance }} serves no random bytes",
    remedy: "Run `springhouse doctor`: it names the cause and what to do.",
    meaning:
      "Requests for random bytes and keys are refused with 503: a self-test failed, or no instance has a seed that may be used. The first five minutes after a start are not told.",
    steps: [
      "`springhouse doctor`, or GET `/readyz`: `unready` lists each cause with its remedy.",
      "A source that is absent or failed: see SpringhouseSourceAbsent and SpringhouseSourceFailed.",
      "The database: see SpringhouseStoreDown.",
    ],
    fires: { feed: [feed("ready", {}, "1x4 0x9 1x20"), LONG_STARTED], firing: [6, 19] },
    flaps: {
      feed: [feed("ready", {}, again("0 0 1 1", 10)), LONG_STARTED],
      firing: [1, 30],
    },
    warmUp: { feed: [feed("ready", {}, "0x4 1x30"), JUST_STARTED], firing: null },
  },
  {
    name: "SpringhouseSelfTestFailed",
    expr: `${series("self_test_passed")} == 0`,
    for: "0m",
    severity: "page",
    summary: "Cryptographic self-test {{ $labels.test }} failed; every output is stopped",
    remedy: "Move the service to another machine: this is a defect or broken hardware.",
    meaning:
      "A known answer came out wrong (SP 800-90A 11.3). The instances are in the error state and stay there: nothing that this machine computes can be trusted. It does not come back by itself.",
    steps: [
      "Take the machine out, and start the service on another one; clients are refused meanwhile, never served from a broken DRBG.",
      "Keep the log: the version, the build's hash and the name of the test are needed to tell a defect from broken memory.",
      "What was given since the last self-test that passed, ten minutes before by default: `springhouse recall --source ID --from TIME` for each source.",
    ],
    labels: { test: "t" },
    fires: { feed: [feed("self_test_passed", { test: "t" }, "1x4 0x30")], firing: [5, 30] },
    // Latched: the service never says 1 again after a 0.
    flaps: { feed: [feed("self_test_passed", { test: "t" }, "0x30")], firing: [0, 30] },
    warmUp: { feed: [feed("self_test_passed", { test: "t" }, "1x30")], firing: null },
  },
  {
    name: "SpringhouseRefusing",
    expr: warm(`${REFUSED_RATIO.name} > 0.05`),
    for: "5m",
    keepFiringFor: "10m",
    severity: "ticket",
    summary: "Clients of {{ $labels.instance }} are refused random bytes",
    remedy:
      "See the refusals by cause on the dashboard Clients; `springhouse doctor` for all but pool_exhausted.",
    meaning:
      "More than 5 % of all requests were refused for a reason of the service's own: no noise (`pool_exhausted`), a requirement or the quorum that is not met (`unmet`), no seed, no disk. Quotas and wrong tokens do not count.",
    steps: [
      "`pool_exhausted`: demand outruns the noise. See Blocks in the pool on Sources; add a source, move bulk readers to a stream, or give them a quota.",
      "`unmet`: a client asks for more sources or a younger seed than there can be, or the quorum is lost.",
      "`store_failed`: see SpringhouseStoreDown. Any other: `springhouse doctor`.",
    ],
    // The share passes 5 % with the first minute of it, and leaves it when the five minutes are over.
    fires: {
      feed: [...answers("0+60x60", "0x9 60+60x9 600x40"), LONG_STARTED],
      firing: [15, 33],
      minutes: 45,
    },
    flaps: {
      feed: [...answers("0+60x60", adding([0, 60], 20)), LONG_STARTED],
      firing: [6, 30],
    },
    warmUp: { feed: [...answers("0x3 0+60x60", "0 60 120 180x60"), JUST_STARTED], firing: null },
    // Quotas are the clients' own doing.
    alike: {
      feed: [
        feed("requests_total", { door: "http", code: "429" }, "0+60x60"),
        feed("refusals_total", { reason: "over_quota" }, "0+60x60"),
        LONG_STARTED,
      ],
      firing: null,
    },
  },
  {
    name: "SpringhouseSlow",
    expr: `${SLOWEST.name}{door="http"} > 0.25`,
    for: "10m",
    keepFiringFor: "10m",
    severity: "ticket",
    summary: "One answer in a hundred of {{ $labels.instance }} takes longer than 0.25 s",
    remedy: "See whether seeds are in stock (dashboard DRBG), then the load of the machine.",
    meaning:
      "A draw takes well under a millisecond while a seed is in stock. Requests that wait for noise, for a slow disk or for the processor take longer.",
    steps: [
      "Seeds in stock on DRBG at 0: the noise does not keep up, or clients ask for `fresh` or a small `max_seed_age`.",
      "`nodejs_eventloop_lag_seconds` above 0.01: another program takes the processor, or RSA keys are searched for (`keys.rsaSearches`).",
      "The database's disk: every new seed is written and flushed before its first output.",
    ],
    labels: { door: "http" },
    // Every answer is slow from minute 11 to 31.
    fires: {
      feed: slow("0+60x9 600x21 660+60x40", "0+60x70"),
      firing: [21, 45],
      minutes: 60,
    },
    flaps: {
      feed: slow(adding([0, 60], 20), "0+60x30"),
      firing: [12, 24],
      minutes: 24,
    },
    warmUp: { feed: slow("0 20 40 0+60x60", "0+60x60"), firing: null },
  },
  {
    name: "SpringhouseSeedTooOld",
    expr: `time() - ${series("drbg_seed_timestamp_seconds")} > on (instance, job, exported_instance) ${series("drbg_seed_age_limit_seconds")} and on (instance, job, exported_instance) ${series("drbg_instance_state", { state: "=spent" })} == 1`,
    for: "1m",
    keepFiringFor: "5m",
    severity: "page",
    summary:
      "The seed of DRBG instance {{ $labels.exported_instance }} is older than it may be, and no next one is there",
    remedy: "No new seed can be had: `springhouse doctor` names the source or the disk at fault.",
    meaning:
      "An idle instance keeps its seed beyond its age, with the next one in stock. Here there is none, so its requests are refused: nothing is given from the old one.",
    steps: [
      "Quorum and sources on the dashboard Sources: is there a healthy credited source?",
      "Blocks in the pool: 0 means that the noise does not keep up.",
      "The database: a seed is recorded before it is used (SpringhouseStoreDown, SpringhouseDiskLow).",
    ],
    labels: { exported_instance: "http" },
    // Older than 600 s from minute 11 on, and reseeded at minute 21.
    fires: { feed: aged("0x20 1260x30", "0x10 1x9 0x30"), firing: [12, 25] },
    // A trickle of noise: a seed every six minutes for a limit of one.
    flaps: {
      feed: aged("0x5 360x5 720x5 1080x5 1440x5 1800x5", again("0 0 1 1 1 1", 6), "60x60"),
      firing: [3, 30],
    },
    warmUp: { feed: aged("_ _ 120x30", "0x30"), firing: null, minutes: 12 },
    // Idle: the seed grows old, and the next one waits. Or it gave all that it may, and is young.
    alike: {
      feed: [
        ...aged("0x60", "0x60"),
        ...aged("0 60 120 180 240 300 360 420 480 540 600 660x30", "1x14 0x30", "600x60", "stream"),
      ],
      firing: null,
      minutes: 60,
    },
  },
  {
    name: "SpringhouseOutletsDown",
    expr: `${series("outlets")} < ${series("outlets_configured")}`,
    for: "5m",
    keepFiringFor: "15m",
    severity: "ticket",
    summary: "Fewer threads answer than are configured",
    remedy:
      "The log has `outlet_lost` with each that ended; look for what ends them, such as memory.",
    meaning:
      "A thread beside the main one ends again and again, or cannot listen. Clients are served by those that are left, slower; a connection breaks with the thread that had it.",
    steps: [
      "`springhouse status`: outlets that answer, of those configured.",
      "`journalctl -u springhouse | grep outlet_`: since when, and how often.",
      "Memory (`MemoryMax=` of the unit): each thread takes about 25 MB. `outlets: 1` serves without them.",
    ],
    fires: { feed: outlets("2x2 1x10 2x40"), firing: [8, 28] },
    flaps: { feed: outlets(again("1 1 1 1 1 1 2", 6)), firing: [5, 30] },
    warmUp: { feed: outlets("1 2x30"), firing: null },
  },
];
