import type { InstanceSnapshot, ServiceSnapshot, SourceSnapshot } from "../port/snapshot.ts";
import { ago, columns, count, paint, type Terminal } from "./terminal.ts";

const STATE_COLOURS = {
  healthy: "green",
  starting: "blue",
  suspect: "yellow",
  absent: "yellow",
  failed: "red",
} as const;

function credit(source: SourceSnapshot): string {
  if (source.kind === "os") return "none: a DRBG, mixed in";
  if (source.assessedEntropy === 0) return "none: not assessed";
  const claim = `${source.assessedEntropy} of ${source.bitsPerSample} bits a sample`;
  return source.credited ? claim : `none (claim ${claim})`;
}

/** The live estimate on one line: the most pessimistic figure; null where there is none. */
function liveText({ live }: SourceSnapshot): string | null {
  if (live === null) return null;
  const bounded = live.figures.filter((figure) => figure.upper !== null);
  const [least, ...others] = bounded;
  if (!least) return null;
  const worst = others.reduce((one, other) => (other.lower < one.lower ? other : one), least);
  const upper = Math.min(...bounded.map((figure) => figure.upper ?? Infinity));
  const verdict = live.low ? ": below the claim, see events" : "";
  return `live ${worst.lower.toFixed(2)} (${worst.estimator}) to ${upper.toFixed(2)} bits a sample, claim ${live.claimedEntropy}${verdict}`;
}

/** One source on one line; its cause, remedy and tests below it where there is something to say. */
export function sourceLines(terminal: Terminal, source: SourceSnapshot, now: number): string[] {
  const state = paint(terminal, STATE_COLOURS[source.state], source.state.padEnd(8));
  const last =
    source.lastSampleMilliseconds === null ? "never" : ago(now - source.lastSampleMilliseconds);
  const lines = [
    `  ${state}  ${paint(terminal, "bold", source.id)}  ${source.kind}${source.device ? ` at ${source.device.location}` : ""}`,
    `            credit ${credit(source)}; ${count(source.samplesTotal)} samples, last ${last}; ${source.poolBlocks} blocks in the pool`,
  ];
  if (source.state !== "healthy" && source.detail) lines.push(`            ${source.detail}`);
  if (source.state !== "healthy" && source.remedy)
    lines.push(`            ${paint(terminal, "dim", `→ ${source.remedy}`)}`);
  const live = liveText(source);
  if (live !== null)
    lines.push(`            ${source.live?.low ? paint(terminal, "yellow", live) : live}`);
  if (source.tapped)
    lines.push(
      `            ${paint(terminal, "yellow", "tapped: its samples leave and seed nothing")}`,
    );
  return lines;
}

/** The health tests of one source: watermark, cutoffs, false alarms. */
export function testTable(source: SourceSnapshot): string {
  return columns(
    [
      ["test", "closest", "intermittent", "permanent", "window", "false alarms/year"],
      ...source.tests.map((test) => [
        test.test,
        count(test.watermark),
        test.cutoffIntermittent === null ? "off" : count(test.cutoffIntermittent),
        test.cutoffPermanent === null ? "off" : count(test.cutoffPermanent),
        test.windowSamples === null ? "" : count(test.windowSamples),
        test.expectedFalseAlarmsPerYear.toPrecision(2),
      ]),
    ],
    "            ",
  );
}

function instanceRow(instance: InstanceSnapshot, now: number): string[] {
  return [
    instance.id,
    instance.state,
    instance.seedMilliseconds === null
      ? "unseeded"
      : `seeded ${ago(now - instance.seedMilliseconds)}`,
    `${instance.seedCreditedBits} bits credited from ${instance.seedSources} sources`,
    `${count(instance.outputBytesSinceSeed)} bytes since`,
  ];
}

/** `springhouse status`, for people. */
export function statusText(terminal: Terminal, snapshot: ServiceSnapshot): string {
  const now = snapshot.atMilliseconds;
  const ready = snapshot.ready
    ? paint(terminal, "green", "ready")
    : paint(terminal, "red", "not ready");
  const lines = [
    `springhouse ${snapshot.version}: ${ready}, started ${ago(now - snapshot.startedMilliseconds)}`,
    `construction ${snapshot.shape}, validated: ${snapshot.validated}`,
    ...snapshot.reasons.map((reason) => paint(terminal, "dim", `  - ${reason}`)),
    ...snapshot.unready.flatMap((cause) => [
      `  ${paint(terminal, "red", cause.code)}: ${cause.detail}`,
      paint(terminal, "dim", `    → ${cause.remedy}`),
    ]),
  ];
  if (snapshot.shape !== "RBGC") {
    const { quorum } = snapshot;
    const met = quorum.met ? paint(terminal, "green", "met") : paint(terminal, "red", "not met");
    lines.push(
      `quorum ${met}: ${quorum.available} healthy credited, ${quorum.sources} needed, strength holds without the best ${quorum.withoutBest}`,
    );
  }
  lines.push("", "sources");
  for (const source of snapshot.sources) lines.push(...sourceLines(terminal, source, now));
  lines.push("", "DRBG instances");
  lines.push(columns(snapshot.instances.map((instance) => instanceRow(instance, now))));
  const { configured, answering } = snapshot.outlets;
  if (configured > 1) {
    const color = answering === configured ? "green" : "yellow";
    lines.push(`outlets ${paint(terminal, color, `${answering} of ${configured}`)} answer`);
  }
  const { initialised, sealed, cause, epoch } = snapshot.vault;
  if (initialised)
    lines.push(
      "",
      sealed
        ? `vault ${paint(terminal, "yellow", "sealed")}: ${cause}`
        : `vault ${paint(terminal, "green", "open")}, epoch ${epoch}`,
    );
  if (!snapshot.store.ok)
    lines.push("", `${paint(terminal, "red", "database")}: ${snapshot.store.detail}`);
  return `${lines.join("\n")}\n`;
}
