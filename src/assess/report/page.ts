import { ESTIMATOR_NAMES } from "../nonIid/findings.ts";
import type { AnyEstimate } from "../nonIid/nonIid.ts";
import type { Assessment } from "../assessment.ts";
import type { Samples } from "../samples.ts";
import type { Findings, Section } from "../suite.ts";
import { barChart, escaped, lineChart } from "./charts.ts";
import { estimatorBars } from "./estimatorBars.ts";
import { autocorrelation, histogram, runLengths } from "./figures.ts";
import { greyPng } from "./png.ts";
import { spectrum } from "./spectrum.ts";
import { STYLE } from "./style.ts";
import { whole } from "./text.ts";

/** Pictures show the first samples; the caption says how many. */
const PICTURED_SAMPLES = 2 ** 18;
const IMAGE_WIDTH = 512;
const IMAGE_HEIGHT = 192;
const LAGS = 64;
const LONGEST_RUN = 24;

export interface PageInput {
  readonly assessment: Assessment;
  readonly findings: Findings;
  readonly samples: Samples;
}

const figure = (caption: string, picture: string): string =>
  `<figure>${picture}<figcaption>${escaped(caption)}</figcaption></figure>`;

/** The bits in the order in which they came, row by row; 1 is dark. */
function bitImage({ symbols, bitsPerSymbol }: Samples): string {
  const bits = Math.min(IMAGE_WIDTH * IMAGE_HEIGHT, symbols.length * bitsPerSymbol);
  const rows = Math.max(1, Math.floor(bits / IMAGE_WIDTH));
  const width = Math.min(IMAGE_WIDTH, bits);
  const pixels = new Uint8Array(rows * width);
  for (let at = 0; at < pixels.length; at++) {
    const symbol = symbols[Math.floor(at / bitsPerSymbol)]!;
    const bit = (symbol >>> (bitsPerSymbol - 1 - (at % bitsPerSymbol))) & 1;
    pixels[at] = bit ? 24 : 245;
  }
  const png = greyPng(pixels, width).toString("base64");
  return figure(
    `The first ${whole(pixels.length)} bits, ${width} a row, most significant first; ones are dark. Stripes and patches are structure.`,
    `<img class="bits" width="${width}" height="${rows}" alt="The first bits as an image" src="data:image/png;base64,${png}">`,
  );
}

function histogramFigure(samples: Samples): string {
  const counts = histogram(samples);
  const even = samples.symbols.length / counts.length;
  const high = Math.max(...counts, even) * 1.05;
  return figure(
    "How often each value came. The line is where all would be equally frequent.",
    barChart(counts, {
      title: "Histogram of the sample values",
      xFirst: "0",
      xLast: String(counts.length - 1),
      y: { low: 0, high },
      levels: [{ at: even, text: "uniform" }],
    }),
  );
}

function autocorrelationFigure(samples: Samples): string {
  const lags = Math.min(LAGS, samples.symbols.length - 1);
  const values = autocorrelation(samples, lags);
  if (!values.every((value) => Number.isFinite(value))) return "";
  const bound = 1.96 / Math.sqrt(samples.symbols.length);
  const high = Math.max(bound * 2, ...values.map((value) => Math.abs(value))) * 1.05;
  return figure(
    `Autocorrelation at lags 1 to ${lags}. Of independent samples 95 in 100 lie between the lines.`,
    lineChart(values, {
      title: "Autocorrelation",
      xFirst: "lag 1",
      xLast: `lag ${lags}`,
      y: { low: -high, high },
      levels: [
        { at: bound, text: "+1.96 / √L" },
        { at: -bound, text: "" },
      ],
      stems: true,
    }),
  );
}

function spectrumFigure(samples: Samples): string {
  const power = spectrum(samples);
  if (!power) return "";
  const high = Math.max(2, ...power) * 1.05;
  return figure(
    "Power spectrum, averaged over segments of 1,024 samples. White noise lies about 1; a peak is a period.",
    lineChart(power, {
      title: "Power spectrum",
      xFirst: "0",
      xLast: "half the sampling rate",
      y: { low: 0, high },
      levels: [{ at: 1, text: "white" }],
    }),
  );
}

function runsFigure(samples: Samples): string {
  const { observed, expected } = runLengths(samples, LONGEST_RUN);
  // Runs fall off by powers: a logarithm, of one more so that none is none.
  const logged = (values: Float64Array): Float64Array =>
    values.map((value) => Math.log10(1 + value));
  const high = Math.max(1, ...logged(observed), ...logged(expected)) * 1.05;
  return figure(
    `Runs of one value by their length, ${LONGEST_RUN} and longer in the last bar, as log10(1 + count). The line is what independent samples with this histogram give.`,
    barChart(logged(observed), {
      title: "Run lengths",
      xFirst: "length 1",
      xLast: `${LONGEST_RUN} or longer`,
      y: { low: 0, high },
      curve: logged(expected),
    }),
  );
}

/** The non-IID figures as bars a symbol, whichever track they are of, with the claim drawn in. */
function estimatesFigure({ suite, result, parameters, file }: Assessment): string {
  const rows = (estimates: readonly AnyEstimate[], scale: number, of: string) =>
    estimates.map(({ estimator, minEntropy }) => ({
      name: ESTIMATOR_NAMES[estimator],
      of,
      value: minEntropy === null ? null : minEntropy * scale,
    }));
  const { bitsPerSample } = file;
  const bars = ((): ReturnType<typeof rows> | null => {
    switch (suite) {
      case "sp800-90b-non-iid":
        return [
          ...rows(result.literal, 1, "symbols"),
          ...rows(result.bitstring ?? [], bitsPerSample, "bits"),
        ];
      case "sp800-90b-restart":
        return [...rows(result.rows, 1, "rows"), ...rows(result.columns, 1, "columns")];
      case "sp800-90b-conditioned":
        return rows(result.estimates, bitsPerSample, "bits");
      default:
        return null;
    }
  })();
  if (bars === null) return "";
  return figure(
    "Each estimate in bits a sample; the shortest decides.",
    estimatorBars(bars, file.bitsPerSample, parameters.claimedEntropy),
  );
}

function sectionHtml({ title, note, table }: Section): string {
  const [head = [], ...rows] = table;
  const cell = (tag: string, text: string): string => `<${tag}>${escaped(text)}</${tag}>`;
  const rowHtml = (row: readonly string[]): string =>
    `<tr>${row.map((text) => cell("td", text)).join("")}</tr>`;
  const tableHtml = [
    `<div class="wide"><table><thead><tr>${head.map((text) => cell("th", text)).join("")}</tr></thead><tbody>`,
    ...rows.map(rowHtml),
    "</tbody></table></div>",
  ];
  return [
    `<section><h2>${escaped(title)}</h2>`,
    note === undefined ? "" : `<p>${escaped(note)}</p>`,
    ...(rows.length > 0 ? tableHtml : []),
    "</section>",
  ].join("");
}

function factsHtml(assessment: Assessment): string {
  const { file, parameters, command, springhouse, node, atMilliseconds } = assessment;
  const { manifest } = file;
  const rows: readonly (readonly [string, string])[] = [
    ["samples", `${whole(file.samples)} of ${file.bitsPerSample} bits, ${file.name}`],
    ["SHA-256", file.sha256],
    ...(manifest
      ? ([
          [
            "collected",
            `source ${manifest.source} (${manifest.kind}) on ${manifest.host}, ${new Date(manifest.fromMilliseconds).toISOString()}`,
          ],
          ["restarts", manifest.restart],
        ] as const)
      : []),
    ["claim", parameters.claimedEntropy === null ? "none" : `${parameters.claimedEntropy} bits`],
    ...(parameters.seed === null ? [] : ([["seed", parameters.seed]] as const)),
    ["assessed", new Date(atMilliseconds).toISOString()],
    ["by", `springhouse ${springhouse}, Node.js ${node}`],
    ["repeat with", command],
  ];
  return `<dl>${rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join("")}</dl>`;
}

/** A report as one HTML page that needs nothing else: no script, no request, light and dark. */
export function page({ assessment, findings, samples }: PageInput): string {
  const { title, purpose, summary, passed, file, warnings } = assessment;
  const pictured = { ...samples, symbols: samples.symbols.subarray(0, PICTURED_SAMPLES) };
  const verdict = passed === null ? "" : passed ? "pass" : "fail";
  const word =
    passed === null ? "" : `<span class="badge">${passed ? "passed" : "not passed"}</span>`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(file.name)}: ${escaped(title)}</title><style>${STYLE}</style></head><body><main>`,
    `<header class="${verdict}"><p class="suite">${escaped(title)}</p><h1>${escaped(file.name)}${word}</h1>`,
    `<p class="summary">${escaped(summary)}</p><p>${escaped(purpose)}</p></header>`,
    ...(warnings.length > 0
      ? [
          `<section class="warnings"><h2>Warnings</h2><ul>${warnings.map((warning) => `<li>${escaped(warning)}</li>`).join("")}</ul></section>`,
        ]
      : []),
    estimatesFigure(assessment),
    ...findings.sections.slice(0, 1).map(sectionHtml),
    `<section><h2>The samples</h2><p>Pictures are of the first ${whole(pictured.symbols.length)} samples. They are for the eye; no figure above rests on them.</p>`,
    '<div class="pictures">',
    bitImage(pictured),
    histogramFigure(pictured),
    autocorrelationFigure(pictured),
    spectrumFigure(pictured),
    runsFigure(pictured),
    "</div></section>",
    ...findings.sections.slice(1).map(sectionHtml),
    `<section><h2>To repeat it</h2>${factsHtml(assessment)}</section>`,
    "</main></body></html>\n",
  ].join("\n");
}
