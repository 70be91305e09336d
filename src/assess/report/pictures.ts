import type { Samples } from "../samples.ts";
import { barChart, lineChart, stemChart } from "./charts.ts";
import { autocorrelation, histogram, runLengths } from "./figures.ts";
import { greyPng } from "./png.ts";
import { linearScale, logarithmicScale } from "./scale.ts";
import { spectrum } from "./spectrum.ts";
import { escaped, figure, whole } from "./text.ts";

/** Pictures of the samples, each with what a good one looks like and what is to be seen in this one. */

/** As many pixels as a column of the page is wide, so that a bit is a pixel. */
const IMAGE_WIDTH = 448;
const IMAGE_HEIGHT = 224;
const LAGS = 64;
const LONGEST_RUN = 24;
/** With a peak so many times above the rest, bars that are in proportion would only show the peak. */
const PEAKED = 20;

interface Caption {
  readonly title: string;
  readonly good: string;
  /** What is to be seen here, in figures. */
  readonly here: string;
}

function framed({ title, good, here }: Caption, picture: string): string {
  return `<figure>${picture}<figcaption><b>${escaped(title)}</b> ${escaped(good)} <span class="here">${escaped(here)}</span></figcaption></figure>`;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** The bits in the order in which they came, row by row; 1 is dark. */
function bitImage({ symbols, bitsPerSymbol }: Samples): string {
  const bits = symbols.length * bitsPerSymbol;
  // Whole samples a row, so that a bit of them that is biased shows as a stripe.
  const width = Math.min(bits, Math.floor(IMAGE_WIDTH / bitsPerSymbol) * bitsPerSymbol);
  const rows = Math.min(IMAGE_HEIGHT, Math.floor(bits / width));
  const pixels = new Uint8Array(rows * width);
  let ones = 0;
  for (let at = 0; at < pixels.length; at++) {
    const symbol = symbols[Math.floor(at / bitsPerSymbol)]!;
    const bit = (symbol >>> (bitsPerSymbol - 1 - (at % bitsPerSymbol))) & 1;
    ones += bit;
    pixels[at] = bit ? 24 : 245;
  }
  const png = greyPng(pixels, width).toString("base64");
  const here = `Here ${percent(ones / pixels.length)} of them are ones.`;
  return framed(
    {
      title: `The first ${whole(pixels.length)} bits,`,
      good: `${width} a row, most significant first; ones are dark. Good noise is an even grey without stripes or patches.`,
      here,
    },
    `<img class="bits" width="${width}" height="${rows}" alt="The first bits as an image. ${here}" src="data:image/png;base64,${png}">`,
  );
}

function histogramFigure(samples: Samples): string {
  const counts = histogram(samples);
  const { length } = samples.symbols;
  const even = length / counts.length;
  const most = Math.max(...counts);
  const mode = counts.indexOf(most);
  const never = counts.reduce((sum, count) => sum + (count === 0 ? 1 : 0), 0);
  const isPeaked = most > PEAKED * even;
  const high = Math.max(most, even) * 1.08;
  const here = `Here ${mode} is the most common, ${percent(most / length)} of all (evenly: ${percent(1 / counts.length)})${never > 0 ? `; ${whole(never)} of ${counts.length} values never came` : ""}.`;
  const last = counts.length - 1;
  const quarters = last < 4 ? Array.from(counts, (_, value) => value) : [0, 1, 2, 3, 4];
  return framed(
    {
      title: "How often each value came.",
      good: `Bars at the line are those of uniform noise; a raw source need not be uniform, but its claim must allow for the highest bar.${isPeaked ? " The axis is logarithmic." : ""}`,
      here,
    },
    barChart(counts, {
      title: `Histogram of the sample values. ${here}`,
      xLabel: "sample value",
      yLabel: "samples",
      xTicks: quarters.map((part) => {
        const value = last < 4 ? part : Math.round((last * part) / 4);
        return { at: (value + 0.5) / counts.length, text: String(value) };
      }),
      y: isPeaked ? logarithmicScale(high) : linearScale(0, high),
      levels: [{ at: even, text: "uniform" }],
    }),
  );
}

function autocorrelationFigure(samples: Samples): string {
  const lags = Math.min(LAGS, samples.symbols.length - 1);
  const values = autocorrelation(samples, lags);
  if (lags === 0 || !values.every((value) => Number.isFinite(value))) return "";
  const bound = 1.96 / Math.sqrt(samples.symbols.length);
  const sizes = values.map((value) => Math.abs(value));
  const largest = Math.max(...sizes);
  const outside = sizes.filter((size) => size > bound).length;
  const high = Math.max(bound * 2, largest) * 1.1;
  const here = `Here ${outside} of ${lags} are outside, where about ${figure(lags / 20)} are by chance; the largest is ${figure(values[sizes.indexOf(largest)]!)} at lag ${sizes.indexOf(largest) + 1}.`;
  return framed(
    {
      title: "Autocorrelation:",
      good: "how far a sample tells of one that many samples later. Of independent samples 95 in 100 stems end between the dashed lines, without a pattern.",
      here,
    },
    stemChart(values, {
      title: `Autocorrelation. ${here}`,
      xLabel: "lag, samples",
      yLabel: "correlation, -1 to 1",
      xTicks: [1, 8, 16, 24, 32, 40, 48, 56, 64]
        .filter((lag) => lag <= lags)
        .map((lag) => ({ at: (lag - 0.5) / lags, text: String(lag) })),
      y: linearScale(-high, high),
      levels: [
        { at: bound, text: "±1.96 / √L" },
        { at: -bound, text: "" },
      ],
    }),
  );
}

function spectrumFigure(samples: Samples): string {
  const found = spectrum(samples);
  if (!found) return "";
  const { power, segments } = found;
  const peak = Math.max(...power);
  const at = power.indexOf(peak) + 1;
  const high = Math.max(2, peak * 1.08);
  // The mean of `segments` powers that are each exponentially distributed.
  const spread = 1 / Math.sqrt(segments);
  const here = `Here the highest is ${figure(peak)}, at ${figure(at / (2 * (power.length + 1)))} of the sampling rate; by chance a power strays by about ±${figure(spread)}.`;
  return framed(
    {
      title: "Power spectrum,",
      good: "averaged over segments of 1,024 samples, in parts of the mean. White noise lies about 1; a peak is a period, a slope a filter.",
      here,
    },
    lineChart(power, {
      title: `Power spectrum. ${here}`,
      xLabel: "frequency, of the sampling rate",
      yLabel: "power, of the mean",
      xTicks: [0, 0.1, 0.2, 0.3, 0.4, 0.5].map((frequency) => ({
        at: frequency * 2,
        text: String(frequency),
      })),
      y: linearScale(0, high),
      levels: [{ at: 1, text: "white" }],
    }),
  );
}

function runsFigure(samples: Samples): string {
  const { observed, expected } = runLengths(samples, LONGEST_RUN);
  const runs = observed.reduce((sum, count) => sum + count, 0);
  const longest = observed.findLastIndex((count) => count > 0) + 1;
  const here = `Here ${whole(runs)} runs, the longest of ${longest === LONGEST_RUN ? `${LONGEST_RUN} or more` : longest}.`;
  return framed(
    {
      title: "Runs of one value by their length,",
      good: "on a logarithmic axis. The line is what independent samples with this histogram give; bars above it on the right are a source that gets stuck.",
      here,
    },
    barChart(observed, {
      title: `Run lengths. ${here}`,
      xLabel: "length of the run, samples",
      yLabel: "runs",
      xTicks: [1, 4, 8, 12, 16, 20, 24].map((length) => ({
        at: (length - 0.5) / LONGEST_RUN,
        text: length === LONGEST_RUN ? `≥ ${length}` : String(length),
      })),
      y: logarithmicScale(Math.max(1, ...observed, ...expected) * 1.2),
      curve: expected,
    }),
  );
}

/** All of them, for a page. */
export function pictures(samples: Samples): string {
  return [
    bitImage(samples),
    histogramFigure(samples),
    autocorrelationFigure(samples),
    spectrumFigure(samples),
    runsFigure(samples),
  ].join("\n");
}
