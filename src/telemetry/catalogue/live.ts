import type { LiveSnapshot } from "../../port/liveEstimate.ts";
import type { SourceSnapshot } from "../../port/snapshot.ts";
import { perSource, seconds, type CatalogueEntry } from "./entry.ts";

function perLive(
  value: (live: LiveSnapshot, source: SourceSnapshot) => number | null,
): CatalogueEntry["read"] {
  return perSource((source) => (source.live === null ? null : value(source.live, source)));
}

const LIVE_BOUNDS = ["lower", "estimate", "upper"] as const;
const LIVE_OUTCOMES = ["estimated", "broken", "lost"] as const;

/** How much entropy the sources show while they run. */
export const LIVE = [
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
] as const satisfies readonly CatalogueEntry[];
