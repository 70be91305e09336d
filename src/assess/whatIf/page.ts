import { STYLE } from "../report/style.ts";
import { escaped, figure, whole } from "../report/text.ts";
import { FAULT_NAMES, type FaultName } from "./plantedFaults.ts";
import { markOf, MOST_SERIES, type Point, type Series, tradeoffChart } from "./tradeoff.ts";
import { describeDetection, type TableCell, tableOf } from "./table.ts";
import type { WhatIf, WhatIfCell } from "./whatIf.ts";

const COLOURS = `
:root { --s0: #2a6fb5; --s1: #b4540a; --s2: #14713d; --s3: #8b3fb0; --s4: #a3123c; --s5: #5f6b00; --beyond: #f8ece6; }
@media screen and (prefers-color-scheme: dark) { :root { --s0: #6ba1dd; --s1: #f0a04b; --s2: #5ccb8b; --s3: #c792ea; --s4: #ff7d9c; --s5: #c5cf5a; --beyond: #2a1f1c; } }
${Array.from({ length: MOST_SERIES }, (_, index) => `.s${index} { color: var(--s${index}); }`).join(" ")}
.dot { fill: currentColor; stroke: var(--paper); stroke-width: 1; } .dot.none { fill: var(--paper); stroke: currentColor; stroke-width: 1.6; }
.thread { fill: none; stroke: currentColor; stroke-width: 1.6; } .whisker { fill: none; stroke: currentColor; stroke-width: 1.2; opacity: .55; }
.beyond { fill: var(--beyond); }
.mark { display: inline-block; width: 14px; height: 14px; vertical-align: -2px; margin-right: 5px; } .mark path { fill: currentColor; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 22px; list-style: none; padding: 0; margin: 14px 0 0; }
.legend .swatch { display: inline-block; width: 14px; height: 14px; vertical-align: -2px; margin-right: 5px; background: var(--beyond); border-left: 2px dashed var(--least); }
figure h3 { margin: 0 0 8px; font-size: 16px; color: var(--ink); text-transform: capitalize; }
.refused td { color: var(--soft); }
main { max-width: 1080px; }
.cells { font-size: 13px; } .cells th, .cells td { padding-right: 14px; } .cells td { white-space: nowrap; } .cells td:first-child { min-width: 0; }
`;

/** What is beyond these is drawn at the edge, and stands in the table as it is. */
const LEAST_POWER = -12;

function powersOf(values: readonly number[]): readonly [number, number] {
  const logs = values.filter((value) => value > 0).map((value) => Math.log10(value));
  const low = Math.max(LEAST_POWER, Math.floor(Math.min(...logs, Infinity)));
  const high = Math.ceil(Math.max(...logs, -Infinity));
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  return [low, Math.max(high, low + 1)];
}

function pointOf(cell: WhatIfCell, fault: FaultName): Point {
  const { h, alpha, falseAlarmsPerDay, detection } = cell;
  const one = detection![fault];
  return {
    falseAlarms: Math.max(falseAlarmsPerDay, 10 ** LEAST_POWER),
    samples: one.medianSamples,
    slowest: one.medianSamples === null ? null : one.slowestSamples,
    label: String(alpha),
    title: `H ${h}, alpha 2^-${alpha}: ${figure(falseAlarmsPerDay)} false alarms a day; ${describeDetection(one)}`,
  };
}

const sentence = (words: string): string => `${words[0]!.toUpperCase()}${words.slice(1)}.`;

function charts(result: WhatIf): string {
  const cells = result.cells.filter(({ detection }) => detection !== null);
  const claims = [...new Set(cells.map(({ h }) => h))];
  const shown = claims.slice(0, MOST_SERIES);
  const xPowers = powersOf([
    ...cells.map(({ falseAlarmsPerDay }) => falseAlarmsPerDay),
    result.mostFalseAlarmsPerDay,
  ]);
  const yPowers = powersOf([
    ...cells.flatMap(({ detection }) =>
      FAULT_NAMES.flatMap((fault) => {
        const { medianSamples, slowestSamples } = detection![fault];
        return [medianSamples ?? 1, slowestSamples ?? 1];
      }),
    ),
    1,
  ]);
  const figures = FAULT_NAMES.map((fault) => {
    const series: Series[] = shown.map((h) => ({
      name: `H ${h}`,
      points: cells.filter((cell) => cell.h === h).map((cell) => pointOf(cell, fault)),
    }));
    const chart = tradeoffChart(series, {
      title: `${fault}: false alarms a day against samples to find it, a line for each claim`,
      budget: result.mostFalseAlarmsPerDay,
      limitSamples: result.limitSamples,
      xPowers,
      yPowers,
    });
    return `<figure><h3>${fault}</h3>${chart}<figcaption>${escaped(sentence(result.faults[fault]))}</figcaption></figure>`;
  });
  const legend = shown.map((h, index) => `<li>${markOf(index)}H ${h}</li>`);
  const more =
    claims.length > shown.length
      ? `<p>Only the first ${shown.length} claims are drawn; the table has all.</p>`
      : "";
  return `<ul class="legend">${legend.join("")}<li><span class="swatch"></span>more than ${result.mostFalseAlarmsPerDay} false alarms a day: refused of a live source</li></ul>${more}<div class="pictures">${figures.join("\n")}</div>`;
}

const cellHtml = ({ text, numeric }: TableCell, tag: "th" | "td"): string =>
  `<${tag}${tag === "th" ? ' scope="col"' : ""}${numeric ? ' class="n"' : ""}>${escaped(text)}</${tag}>`;

function tableHtml(result: WhatIf): string {
  const { head, rows } = tableOf(result);
  const body = rows.map(
    ({ cells, allowed }) =>
      `<tr${allowed ? "" : ' class="refused"'}>${cells.map((cell) => cellHtml(cell, "td")).join("")}</tr>`,
  );
  return `<div class="wide" tabindex="0" role="region" aria-label="Every claim and alpha"><table class="cells"><thead><tr>${head.map((cell) => cellHtml(cell, "th")).join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

/** A what-if as one HTML page that needs nothing else: no script, no request, light, dark and print. */
export function whatIfPage(name: string, sha256: string, result: WhatIf): string {
  const { samples, bitsPerSample, samplesPerSecond, mostCommonEntropy, places, seed } = result;
  const facts = [
    ["samples", whole(samples)],
    ["width of a sample", `${bitsPerSample} ${bitsPerSample === 1 ? "bit" : "bits"}`],
    ["rate", `${whole(samplesPerSecond)} a second`],
    ["most common value", `${figure(mostCommonEntropy)} bits`],
  ] as const;
  const repeat = [
    ["SHA-256", sha256],
    ["seed", seed],
    ["places", `${places} for each fault, the same for every claim and alpha`],
    ["limit", `a fault is followed for ${whole(result.limitSamples)} samples`],
  ] as const;
  const list = (rows: readonly (readonly [string, string])[]): string =>
    rows.map(([term, value]) => `<div><dt>${term}</dt><dd>${escaped(value)}</dd></div>`).join("");
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(name)}: what if</title><style>${STYLE}${COLOURS}</style></head><body><main>`,
    `<header><p class="suite">What if: claims and alphas of the health tests</p><h1>${escaped(name)}</h1>`,
    "<p>What each claim H and each alpha would mean for this recording: how often its tests alarm without a cause, and how soon they find a fault that is planted into it. The tests are those that run live, all of them on.</p></header>",
    `<dl class="glance">${list(facts)}</dl>`,
    "<section><h2>False alarms against time to detect</h2>",
    "<p>Left is quiet, low is quick. Along a line alpha grows to the right; the mark is the median over all places, the whisker goes to the slowest.</p>",
    charts(result),
    "</section><section><h2>Every claim and alpha</h2>",
    "<p>Computed false alarms are those of independent samples exactly as good as claimed. The recording's alarms a day are an upper bound (95 %) of what it showed: without an alarm it says no more than its length does. Times are those of the rate above; a number behind a slash is the slowest.</p>",
    tableHtml(result),
    "</section>",
    `<section><h2>To repeat it</h2><dl class="facts">${list(repeat)}</dl></section>`,
    "</main></body></html>\n",
  ].join("\n");
}
