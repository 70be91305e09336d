import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { tableOf } from "../assess/whatIf/table.ts";
import { LEAST_SAMPLES, whatIf, type WhatIf } from "../assess/whatIf/whatIf.ts";
import { Failure } from "./failure.ts";
import type { ReadRecording, ReplayOptions } from "./replay.ts";
import { columns, count, paint, type Terminal } from "./terminal.ts";
import { checkReportPlaces, writeReport } from "./reportPlaces.ts";

const PLACES = 20;

function text(terminal: Terminal, file: string, result: WhatIf): string {
  const { samples, samplesPerSecond, faults, places, limitSamples, seed, cells } = result;
  const { head, rows } = tableOf(result);
  const table = columns(
    [head, ...rows.map((row) => row.cells)].map((row) => row.map((cell) => cell.text)),
  );
  const refused = cells.some(({ allowed }) => !allowed);
  return [
    `${file}: ${count(samples)} samples, ${count(samplesPerSecond)} a second`,
    table,
    ...(refused
      ? [
          paint(
            terminal,
            "yellow",
            `  ! more than ${result.mostFalseAlarmsPerDay} false alarms a day, or no test at all: refused of a live source`,
          ),
        ]
      : []),
    "Samples to find a fault, the median of all places / the slowest:",
    ...Object.entries(faults).map(([name, words]) => `  ${name}: ${words}`),
    paint(
      terminal,
      "dim",
      `Each is planted in ${places} places and followed for ${count(limitSamples)} samples; --seed ${seed} repeats it.`,
    ),
    "",
  ].join("\n");
}

/** `springhouse replay` with several claims or alphas. */
export async function showWhatIf(
  terminal: Terminal,
  file: string,
  recording: ReadRecording,
  { h, alpha, html, places = PLACES, seed, json }: ReplayOptions,
): Promise<void> {
  const { symbols, bitsPerSample, samplesPerSecond, sha256 } = recording;
  if (html !== undefined) await checkReportPlaces([html], file);
  if (symbols.length < LEAST_SAMPLES)
    throw new Failure(
      1,
      `${file} has ${count(symbols.length)} samples, too few for a what-if`,
      `It takes ${count(LEAST_SAMPLES)}; a million is what assessments take.`,
    );
  const tooHigh = h.find((entropy) => entropy > bitsPerSample);
  if (tooHigh !== undefined)
    throw new Failure(
      1,
      `a claim of ${tooHigh} bits is more than the ${bitsPerSample} of a sample`,
    );
  const result = await whatIf({
    symbols,
    bitsPerSample,
    samplesPerSecond,
    h: h.toSorted((one, other) => one - other),
    alpha: alpha.toSorted((one, other) => one - other),
    places,
    seed: seed ?? randomBytes(32).toString("hex"),
    progress: (done, all) => terminal.progress(`${done} of ${all} claims and alphas`),
    signal: terminal.signal,
  }).finally(() => terminal.progress(null));
  const name = basename(file);
  if (html !== undefined) {
    const { whatIfPage } = await import("../assess/whatIf/page.ts");
    await writeReport(html, whatIfPage(name, sha256, result));
  }
  await terminal.write(
    json
      ? `${JSON.stringify({ file: name, sha256, ...result }, null, 2)}\n`
      : text(terminal, file, result),
  );
}
