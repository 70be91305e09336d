import { ESTIMATOR_NAMES } from "../nonIid/findings.ts";
import type { AnyEstimate } from "../nonIid/nonIid.ts";
import type { Assessment } from "../assessment.ts";
import type { Samples } from "../samples.ts";
import type { Findings, Section } from "../suite.ts";
import { type BarGroup, estimatorBars } from "./estimatorBars.ts";
import { factsOf, type Fact } from "./facts.ts";
import { pictures } from "./pictures.ts";
import { STYLE } from "./style.ts";
import { decimals, escaped, whole } from "./text.ts";

/** Pictures show the first samples; the page says how many. */
const PICTURED_SAMPLES = 2 ** 18;
/** A longer table is folded, and opened by a click or in print. */
const LONG_ROWS = 60;

export interface PageInput {
  readonly assessment: Assessment;
  readonly findings: Findings;
  readonly samples: Samples;
}

function groupsOf(assessment: Assessment): readonly BarGroup[] {
  const width = assessment.file.bitsPerSample;
  const group = (title: string, estimates: readonly AnyEstimate[], scale: number): BarGroup => ({
    title,
    bars: estimates.map(({ estimator, minEntropy }) => ({
      name: ESTIMATOR_NAMES[estimator],
      value: minEntropy === null ? null : minEntropy * scale,
    })),
  });
  const ofBits = width === 1 ? "Of the bits" : `Of the bits, times ${width}`;
  switch (assessment.suite) {
    case "sp800-90b-non-iid": {
      const { literal, bitstring } = assessment.result;
      return [
        group("Of the symbols", literal, 1),
        ...(bitstring ? [group(ofBits, bitstring, width)] : []),
      ];
    }
    case "sp800-90b-restart": {
      const { rows, columns } = assessment.result;
      return [group("Row by row", rows, 1), group("Column by column", columns, 1)];
    }
    case "sp800-90b-conditioned":
      return [group(ofBits, assessment.result.estimates, width)];
    default:
      return [];
  }
}

/** The estimates as bars a sample, with the claim drawn in; nothing for what estimates no entropy. */
function estimatesFigure(assessment: Assessment): string {
  const groups = groupsOf(assessment);
  if (groups.length === 0) return "";
  const { suite, parameters, file } = assessment;
  const { claimedEntropy } = parameters;
  // Of a restart matrix the rule is another: the figures may be as low as half of it.
  const rule =
    claimedEntropy === null || suite !== "sp800-90b-non-iid"
      ? ""
      : " A claim stands only where no bar ends short of its line.";
  return [
    "<section><h2>Estimates</h2>",
    `<p>Min-entropy in bits a sample; the shortest bar (◂) decides. The estimators are conservative: ideal noise does not reach the full width (ideal bytes come to about 7.1 of 8).${rule}</p>`,
    estimatorBars(groups, file.bitsPerSample, claimedEntropy),
    "</section>",
  ].join("");
}

/** Digits and what goes with them: set to the right, below each other. */
const NUMERIC = /^(?:[-+]?[\d.,]+(?:e[-+]?\d+)?(?: ◂)?|—)$/;

function sectionHtml({ title, note, table }: Section): string {
  const [head = [], ...rows] = table;
  const isNumeric = head.map((_, column) => {
    const cells = rows.map((row) => row[column] ?? "").filter((text) => text !== "");
    return cells.length > 0 && cells.every((text) => NUMERIC.test(text) || text === "not run");
  });
  const kind = (column: number): string => (isNumeric[column] ? ' class="n"' : "");
  const headHtml = head
    .map((text, column) => `<th scope="col"${kind(column)}>${escaped(text)}</th>`)
    .join("");
  const rowHtml = (row: readonly string[]): string =>
    `<tr>${row.map((text, column) => `<td${kind(column)}>${escaped(text)}</td>`).join("")}</tr>`;
  // What is wider than the screen is scrolled, also by the keyboard.
  const whole = `<div class="wide" tabindex="0" role="region" aria-label="${escaped(title)}"><table><thead><tr>${headHtml}</tr></thead><tbody>${rows.map(rowHtml).join("\n")}</tbody></table></div>`;
  const tableHtml =
    rows.length > LONG_ROWS
      ? `<details><summary>${rows.length} rows</summary>${whole}</details>`
      : whole;
  return [
    `<section><h2>${escaped(title)}</h2>`,
    note === undefined ? "" : `<p>${escaped(note)}</p>`,
    rows.length > 0 ? tableHtml : "",
    "</section>",
  ].join("");
}

const factHtml = ([name, value]: Fact): string =>
  `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`;

/** What a reader wants to know before all else. */
function glanceHtml({ minEntropy, file, parameters }: Assessment): string {
  const { claimedEntropy } = parameters;
  const width = `${file.bitsPerSample} ${file.bitsPerSample === 1 ? "bit" : "bits"}`;
  const facts: Fact[] = [
    ...(minEntropy === null
      ? []
      : ([["min-entropy a sample", `${decimals(minEntropy)} of ${width}`]] as const)),
    ...(claimedEntropy === null ? [] : ([["claim", String(claimedEntropy)]] as const)),
    ["samples", whole(file.samples)],
    ["width of a sample", width],
  ];
  return `<dl class="glance">${facts.map(factHtml).join("")}</dl>`;
}

/** Whoever reads the page alone sees that it was signed; the JSON is what can be checked. */
function signatureHtml({ attestation }: Assessment): string {
  return attestation === null
    ? ""
    : `<section><h2>Signed by the service</h2><p>Check the report's JSON with <code>springhouse verify</code> and the service's public key. This page is the same report for the eye.</p><pre class="wide" tabindex="0" aria-label="The signed note">${escaped(attestation)}</pre></section>`;
}

/** A report as one HTML page that needs nothing else: no script, no request, light, dark and print. */
export function page({ assessment, findings, samples }: PageInput): string {
  const { title, purpose, summary, passed, file, warnings } = assessment;
  const pictured = { ...samples, symbols: samples.symbols.subarray(0, PICTURED_SAMPLES) };
  const verdict = passed === null ? "" : passed ? "pass" : "fail";
  const word =
    passed === null ? "" : ` <span class="badge">${passed ? "passed" : "not passed"}</span>`;
  const estimates = estimatesFigure(assessment);
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(file.name)}: ${escaped(title)}</title><style>${STYLE}</style></head><body><main>`,
    `<header class="${verdict}"><p class="suite">${escaped(title)}</p><h1>${escaped(file.name)}${word}</h1>`,
    `<p class="summary">${escaped(summary)}</p><p>${escaped(purpose)}</p></header>`,
    glanceHtml(assessment),
    ...(warnings.length > 0
      ? [
          `<section class="warnings"><h2>Warnings</h2><ul>${warnings.map((warning) => `<li>${escaped(warning)}</li>`).join("")}</ul></section>`,
        ]
      : []),
    estimates,
    ...findings.sections.slice(0, 1).map(sectionHtml),
    `<section><h2>The samples</h2><p>Pictures of the first ${whole(pictured.symbols.length)} samples. They are for the eye; no figure of this report rests on them.</p>`,
    '<div class="pictures">',
    pictures(pictured),
    "</div></section>",
    ...findings.sections.slice(1).map(sectionHtml),
    `<section><h2>To repeat it</h2><dl class="facts">${factsOf(assessment).map(factHtml).join("\n")}</dl></section>`,
    signatureHtml(assessment),
    "</main></body></html>\n",
  ].join("\n");
}
