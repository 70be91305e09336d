import { link, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { DrillAnswer, DrillOutcome, DrillReport } from "../port/drill.ts";
import { canonicalJson } from "../log/canonicalJson.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { columns, count, paint, type Terminal } from "./terminal.ts";
import { notWritten, writeDurably } from "./wholeFile.ts";

export interface DrillOptions extends ConnectionOptions {
  readonly source?: string;
  readonly output?: string;
  readonly json?: boolean;
}

function outcomeRow(terminal: Terminal, outcome: DrillOutcome): string[] {
  const { test, severity, cutoff, theory, observed, unit, passed, detail, fault } = outcome;
  const word = unit === "milliseconds" ? " ms" : "";
  return [
    paint(terminal, passed ? "green" : "red", passed ? "✓" : "✗"),
    test,
    severity,
    count(cutoff),
    `${count(theory)}${word}`,
    observed === null ? "never" : `${count(observed)}${word}`,
    passed ? fault : detail,
  ];
}

function reportText(terminal: Terminal, report: DrillReport): string {
  const { source, outcomes, notExercised, requirements, passed } = report;
  const verdict = passed
    ? paint(terminal, "green", "every induced failure was found where theory has it")
    : paint(terminal, "red", "not as theory has it");
  return [
    `${paint(terminal, "bold", source.id)}: ${verdict}`,
    columns([
      ["", "test", "severity", "cutoff", "theory", "found after", "fault"],
      ...outcomes.map((outcome) => outcomeRow(terminal, outcome)),
    ]),
    ...requirements.map(
      ({ clause, requirement, demanded, theory, trials, detected, medianSamples, passed: met }) =>
        `  ${paint(terminal, met ? "green" : "red", met ? "✓" : "✗")} ${clause}: ${requirement}: found in ${detected} of ${trials} trials${medianSamples === null ? "" : `, median after ${count(medianSamples)} samples`} (theory ${theory.toPrecision(3)}, demanded ${demanded})`,
    ),
    ...notExercised.map(({ test, severity, why }) =>
      paint(terminal, "dim", `  · ${test} ${severity}: ${why}`),
    ),
  ].join("\n");
}

function answerText(terminal: Terminal, { source, report, refusal }: DrillAnswer): string {
  if (report !== null) return reportText(terminal, report);
  return `${paint(terminal, "bold", source)}: ${paint(terminal, "red", refusal.code)}: ${refusal.detail}\n  → ${refusal.remedy}`;
}

/** `springhouse drill`: exit code 1 when a test did not find what it should, or a device is not there. */
export async function drill(terminal: Terminal, options: DrillOptions): Promise<void> {
  const { source, output, json } = options;
  const answers = await connect(terminal, options).drill(source, { signal: terminal.signal });
  const texts = answers.map((answer) => answerText(terminal, answer));
  await terminal.write(json ? `${JSON.stringify(answers, null, 2)}\n` : `${texts.join("\n\n")}\n`);
  if (output !== undefined) await keep(terminal, output, answers);
  const failed = answers.filter(({ report }) => report?.passed === false);
  const absent = answers.filter(({ refusal }) => refusal !== null);
  const faults = [
    ...(failed.length > 0 ? [`failed: ${failed.map((one) => one.source).join(", ")}`] : []),
    ...(absent.length > 0 ? [`no device: ${absent.map((one) => one.source).join(", ")}`] : []),
  ];
  if (faults.length > 0) throw new Failure(1, faults.join("; "));
}

/** The evidence as canonical JSON, so that its hash is the one that was signed whoever reads it. */
async function keep(
  terminal: Terminal,
  folder: string,
  answers: readonly DrillAnswer[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const { source, report } of answers) {
    if (report === null) continue;
    const stamp = new Date(report.atMilliseconds).toISOString().replaceAll(/[-:]|\.\d+/g, "");
    const path = join(folder, `drill-${source}-${stamp}.json`);
    try {
      await writeDurably(path, Buffer.from(`${canonicalJson(report)}\n`), null, link);
    } catch (error) {
      throw notWritten("the evidence", path, error);
    }
    terminal.tell(`${path}: check it with \`springhouse verify\` and the log's key`);
  }
}
