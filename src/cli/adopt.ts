import { link, mkdir, realpath, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Failure } from "./failure.ts";
import { readWhole, syncFolder, unreadable, writeDurably } from "./wholeFile.ts";
import { paint, type Terminal } from "./terminal.ts";

interface Claim {
  readonly entropy: number;
  readonly evidence: string;
}

/** What the room of the configuration makes of a report; that room is above this one. */
export type Adopt = (request: {
  readonly configuration: string;
  readonly id: string;
  readonly report: Uint8Array;
  readonly entropy: number | null;
  readonly vouched: string | null;
  readonly nowMilliseconds: number;
}) => Promise<
  | {
      readonly ok: true;
      readonly configuration: string;
      readonly changed: boolean;
      readonly before: Claim | null;
      readonly after: Claim;
      readonly testedEntropy: number | null;
      readonly reportPath: string;
      readonly warnings: readonly string[];
    }
  | {
      readonly ok: false;
      readonly objections: readonly { readonly detail: string; readonly remedy: string }[];
    }
>;

export interface AdoptOptions {
  readonly config: string;
  readonly h?: number;
  readonly vouch?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `springhouse sources adopt`: an assessed figure and its report into the configuration, or why not. */
export async function adoptReport(
  terminal: Terminal,
  adopt: Adopt,
  id: string,
  reportPath: string,
  options: AdoptOptions,
): Promise<void> {
  // What a link points at is replaced, not the link.
  const path = await realpath(options.config).catch((error: unknown) => {
    throw unreadable(options.config, error);
  });
  const configuration = await readWhole(path);
  const report = await readWhole(reportPath);
  const adoption = await adopt({
    configuration: textOf(path, configuration),
    id,
    report,
    entropy: options.h ?? null,
    vouched: options.vouch ?? null,
    nowMilliseconds: terminal.clock.wallMilliseconds(),
  });
  if (!adoption.ok) {
    const [last, ...others] = adoption.objections.toReversed();
    for (const { detail, remedy } of others.toReversed()) {
      terminal.tell(`${paint(terminal, "red", "springhouse:")} ${detail}`);
      terminal.tell(`  → ${remedy}`);
    }
    throw new Failure(1, last?.detail ?? "refused", last?.remedy ?? null);
  }
  const kept = join(dirname(path), adoption.reportPath);
  const write = adoption.changed && options.dryRun !== true;
  if (write) {
    await keepReport(kept, report);
    await replaceConfiguration(path, configuration, adoption.configuration);
  }
  const { before, after, testedEntropy, warnings } = adoption;
  if (options.json) {
    const answer = { source: id, configuration: path, report: kept, written: write };
    await terminal.write(
      `${JSON.stringify({ ...answer, before, after, testedEntropy, warnings }, null, 2)}\n`,
    );
  } else {
    await terminal.write(difference(terminal, id, before, after, testedEntropy));
    for (const warning of warnings)
      terminal.tell(`${paint(terminal, "yellow", "warning:")} ${warning}`);
  }
  if (!adoption.changed) terminal.tell(`${path} says so already`);
  else if (!write) terminal.tell(`nothing was written; without --dry-run it is ${path}`);
  else
    terminal.tell(
      `written: ${path}, and the report beside it in ${adoption.reportPath}\n  → Restart the service: sources and their claims are read when it starts. A reload (SIGHUP) checks the file and says the same.`,
    );
}

/** Every character as it stands there, so that all but the claim can be written back. */
function textOf(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Failure(1, `${path} is not UTF-8`);
  }
}

function difference(
  terminal: Terminal,
  id: string,
  before: Claim | null,
  after: Claim,
  testedEntropy: number | null,
): string {
  const row = (sign: "-" | "+", name: string, value: string): string =>
    paint(terminal, sign === "-" ? "red" : "green", `${sign} ${name}: ${value}`);
  const lines = [`sources, ${id}, assessed:`];
  if (before?.entropy !== after.entropy) {
    if (before) lines.push(row("-", "entropy", String(before.entropy)));
    lines.push(row("+", "entropy", String(after.entropy)));
  }
  if (before?.evidence !== after.evidence) {
    if (before) lines.push(row("-", "evidence", before.evidence));
    lines.push(row("+", "evidence", after.evidence));
  }
  if (testedEntropy !== null)
    lines.push(row("-", "testedEntropy", `${testedEntropy} (the tests run at the claim)`));
  return `${lines.join("\n")}\n`;
}

/** The report first, so that a configuration that names it never stands without it. */
async function keepReport(path: string, report: Uint8Array): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeDurably(path, report, null, link);
    await syncFolder(dirname(dirname(path)));
  } catch (error) {
    // Its name holds its hash.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(path, error);
  }
}

async function replaceConfiguration(path: string, before: Buffer, text: string): Promise<void> {
  // Whoever edited it meanwhile keeps what they wrote.
  if (!(await readWhole(path)).equals(before))
    throw new Failure(1, `${path} was changed meanwhile`, "Run it again.");
  try {
    await writeDurably(path, Buffer.from(text), path, rename);
  } catch (error) {
    throw unwritable(path, error);
  }
}

function unwritable(path: string, error: unknown): Failure {
  const { code = "unknown" } = error as NodeJS.ErrnoException;
  return new Failure(1, `${path} cannot be written (${code})`, "The configuration is as it was.");
}
