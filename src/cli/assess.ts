import { randomBytes } from "node:crypto";
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename } from "node:path";
import { assessmentOf, SUITE_FLAGS, type Assessment } from "../assess/assessment.ts";
import { runSuite } from "../assess/runSuite.ts";
import type { Samples } from "../assess/samples.ts";
import type { Findings, Section, SuiteChoices } from "../assess/suite.ts";
import {
  choicesFault,
  loadSuite,
  parametersOf,
  SUITE_CARDS,
  SUITE_NAMES,
  type SuiteName,
} from "../assess/suites.ts";
import { orderForm } from "../kernel/order/orderForm.ts";
import { openRecording } from "../source/recordingReader.ts";
import { conditioningOf } from "./outputEntropy.ts";
import { Failure } from "./failure.ts";
import { checkReportPlaces, writeReport } from "./reportPlaces.ts";
import { columns, count, paint, type Terminal } from "./terminal.ts";

export interface AssessOptions {
  readonly bits?: number;
  readonly h?: number;
  readonly json?: boolean;
  /** 64 hexadecimal digits, from the report that is to be repeated. */
  readonly seed?: string;
  readonly constants?: "text" | "program";
  readonly html?: string;
  /** A file to write the report to in the shape of NIST's tool. */
  readonly nistJson?: string;
  /** Of conditioned data: all four or none. */
  readonly nIn?: number;
  readonly nOut?: number;
  readonly nw?: number;
  readonly hIn?: number;
  readonly timeLimit?: number;
}

/** The suite whose flag is set; without one the non-IID track. */
function suiteAsked(flags: Readonly<Record<string, unknown>>): SuiteName {
  const asked = SUITE_NAMES.filter((name) => {
    const flag = SUITE_FLAGS[name];
    return flag !== "" && flags[camelCase(flag.slice(2))] === true;
  });
  if (asked.length > 1)
    throw new Failure(
      2,
      `${asked.map((name) => SUITE_FLAGS[name]).join(" and ")} cannot be asked for together`,
      "Ask one after the other.",
    );
  return asked[0] ?? "sp800-90b-non-iid";
}

/** As the parser of the command line names `--some-flag`. */
function camelCase(flag: string): string {
  return flag.replaceAll(/-(.)/g, (_all, letter: string) => letter.toUpperCase());
}

/**
 * Of all samples together. Sorting takes 12 bytes a bit and the bits themselves one each, on both
 * threads: this many need about 2 GB.
 */
const MOST_BITS = 2 ** 27;
const THREADS = Math.max(2, Math.min(8, availableParallelism()));

function sectionText(terminal: Terminal, { table }: Section): string {
  const [first = "", ...rest] = columns(table.map((row) => [...row])).split("\n");
  return [paint(terminal, "dim", first), ...rest].join("\n");
}

/** A screenful: the first section; what is behind the figures is in the JSON and the HTML. */
function reportText(terminal: Terminal, assessment: Assessment, { sections }: Findings): string {
  const { file, title, summary, minEntropy, parameters, warnings } = assessment;
  const lines = [
    // A name may be anything, and this is a terminal.
    `${file.name.replaceAll(/\p{Cc}/gu, "?")}: ${count(file.samples)} samples of ${file.bitsPerSample} bits, sha256 ${file.sha256}`,
    ...sections.slice(0, 1).map((section) => sectionText(terminal, section)),
    `${title}: ${paint(terminal, "bold", summary)}`,
  ];
  if (parameters.claimedEntropy !== null && minEntropy !== null) {
    const supported = minEntropy >= parameters.claimedEntropy;
    const text = supported ? "supported" : "NOT supported";
    lines.push(
      `the claim of ${parameters.claimedEntropy} is ${paint(terminal, supported ? "green" : "red", text)} by these samples`,
    );
  }
  lines.push(...warnings.map((warning) => `${paint(terminal, "yellow", "warning:")} ${warning}`));
  return `${lines.join("\n")}\n`;
}

interface Loaded {
  readonly samples: Samples;
  readonly file: Assessment["file"];
}

async function load(terminal: Terminal, path: string, bits: number | null): Promise<Loaded> {
  const tooLarge = (most: string): Failure =>
    new Failure(
      1,
      `${path} has more than ${most}, which is the most that is assessed`,
      "Cut a contiguous part with `head -c`, and say in your evidence which.",
    );
  // Before a gigabyte is read through for its hash.
  const known = await stat(path).catch(() => null);
  if (known?.isFile() && known.size > MOST_BITS) throw tooLarge(`${count(MOST_BITS)} samples`);
  const recording = await openRecording(path, { bitsPerSample: bits, signal: terminal.signal });
  if (!recording.ok)
    throw new Failure(
      1,
      recording.detail,
      "FILE holds one sample a byte, right-justified; --bits says how wide they are.",
    );
  try {
    const { bitsPerSample, samples, sha256, manifest } = recording;
    if (samples * bitsPerSample > MOST_BITS) throw tooLarge(`${count(MOST_BITS)} bits`);
    // Shared, so that both threads read the same memory.
    const symbols = new Uint8Array(new SharedArrayBuffer(samples));
    // A figure would be of samples that the report's hash is not of.
    if (!(await recording.readWhole(symbols)))
      throw new Failure(1, `${path} changed while it was read`, "Assess a file that is at rest.");
    return {
      samples: { symbols, bitsPerSymbol: bitsPerSample },
      file: { name: basename(path), sha256, samples, bitsPerSample, manifest },
    };
  } finally {
    await recording.close();
  }
}

/** `springhouse assess`: exit code 1 where the samples do not support what is claimed of them. */
export async function assess(
  terminal: Terminal,
  version: string,
  path: string,
  options: AssessOptions,
): Promise<void> {
  const suite = suiteAsked(options as Readonly<Record<string, unknown>>);
  try {
    orderForm();
  } catch (error) {
    throw new Failure(2, (error as Error).message, "Take it out of the environment, or mend it.");
  }
  if (options.nistJson !== undefined && !SUITE_CARDS[suite].hasNistShape)
    throw new Failure(
      2,
      `--nist-json: NIST's tool does not run ${SUITE_CARDS[suite].title}, so it has no shape for it`,
      "--json writes every suite's report.",
    );
  const choices: SuiteChoices = {
    claimedEntropy: options.h ?? null,
    ...(options.seed === undefined ? {} : { seed: options.seed }),
    ...(options.constants === undefined ? {} : { constants: options.constants }),
    conditioning: conditioningOf(options),
  };
  const idle = choicesFault(suite, choices);
  if (idle !== null) throw new Failure(2, idle, "Leave it out, or ask for the suite it is for.");
  const reports = [options.html, options.nistJson].filter((report) => report !== undefined);
  await checkReportPlaces(reports, path);
  const { samples, file } = await load(terminal, path, options.bits ?? null);
  if (options.h !== undefined && options.h > file.bitsPerSample)
    throw new Failure(
      2,
      `--h ${options.h} is more than the ${file.bitsPerSample} bits of a sample`,
    );
  const parameters = parametersOf(suite, choices, () => randomBytes(32).toString("hex"));
  const loaded = await loadSuite(suite);
  const fault = loaded.fault(samples, parameters, file.manifest);
  if (fault !== null) throw new Failure(1, fault);
  terminal.progress("estimating");
  const expiry = new AbortController();
  const { timeLimit } = options;
  const stopWatch =
    timeLimit === undefined
      ? () => {}
      : terminal.clock.schedule(timeLimit * 1000, () =>
          expiry.abort(
            new Failure(
              1,
              `not finished within ${timeLimit} s, so that there is no result`,
              "Give it a longer --time-limit.",
            ),
          ),
        );
  let result: unknown;
  try {
    result = await runSuite({
      suite,
      samples,
      parameters,
      threads: THREADS,
      niceness: 0,
      mayBlock: true,
      signal: terminal.signal,
      expiry: expiry.signal,
      progress: (text) => terminal.progress(text),
    });
  } finally {
    stopWatch();
    terminal.progress(null);
  }
  const { assessment, findings } = assessmentOf(loaded, result, samples, file, parameters, {
    atMilliseconds: terminal.clock.wallMilliseconds(),
    springhouse: version,
    node: process.version,
  });
  if (options.html !== undefined) {
    const { htmlOf } = await import("../assess/report/htmlOf.ts");
    const html = await htmlOf({ assessment, findings, samples }, 0, terminal.signal);
    await writeReport(options.html, html);
  }
  if (options.nistJson !== undefined) {
    const { nistJson } = await import("../assess/nistJson.ts");
    const json = nistJson(assessment);
    if (json !== null) await writeReport(options.nistJson, json);
  }
  await terminal.write(
    options.json
      ? `${JSON.stringify(assessment, null, 2)}\n`
      : reportText(terminal, assessment, findings),
  );
  if (expiry.signal.aborted && assessment.passed === null)
    throw new Failure(1, assessment.summary, "Give it a longer --time-limit and the same --seed.");
  if (assessment.passed === null && SUITE_CARDS[suite].judges)
    throw new Failure(1, `no verdict: ${assessment.summary}`, "Assess more samples.");
  if (assessment.passed === false) throw new Failure(1, `not passed: ${assessment.summary}`);
}
