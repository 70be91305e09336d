import { diagnose, type Finding } from "../doctor/diagnose.ts";
import type { ServiceSnapshot } from "../port/snapshot.ts";
import { connect, type ConnectionOptions, reach, shownUrl } from "./connection.ts";
import { Failure } from "./failure.ts";
import { sourceLines, statusText, testTable } from "./statusText.ts";
import { paint, type Terminal } from "./terminal.ts";

export interface InspectOptions extends ConnectionOptions {
  readonly json?: boolean;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** `springhouse status` */
export async function status(terminal: Terminal, options: InspectOptions): Promise<void> {
  const snapshot = await connect(terminal, options).status();
  await terminal.write(options.json ? json(snapshot) : statusText(terminal, snapshot));
}

/** `springhouse sources`: each source with its health tests. */
export async function sources(terminal: Terminal, options: InspectOptions): Promise<void> {
  const snapshot = await connect(terminal, options).status();
  if (options.json) {
    await terminal.write(json(snapshot.sources));
    return;
  }
  const text = snapshot.sources.map((source) =>
    [...sourceLines(terminal, source, snapshot.atMilliseconds), testTable(source), ""].join("\n"),
  );
  await terminal.write(`${text.join("\n").trimEnd()}\n`);
}

const LEVELS = {
  fault: ["red", "✗"],
  warning: ["yellow", "!"],
  note: ["blue", "·"],
  ok: ["green", "✓"],
} as const;

function findingText(terminal: Terminal, finding: Finding): string {
  const [colour, symbol] = LEVELS[finding.level];
  const lines = [
    `${paint(terminal, colour, symbol)} ${paint(terminal, "bold", finding.check)}: ${finding.cause}`,
    `    ${finding.evidence}`,
  ];
  if (finding.remedy) lines.push(paint(terminal, "dim", `    → ${finding.remedy}`));
  return lines.join("\n");
}

/** What stands in the way before the service can even be asked. */
function unreachable(terminal: Terminal, options: InspectOptions, error: unknown): Finding {
  if (error instanceof Failure)
    return {
      check: "token",
      level: "fault",
      cause: error.message,
      evidence: "most of what doctor looks at needs a token",
      remedy: error.remedy,
    };
  const code = (error as { code?: string }).code;
  return {
    check: "service",
    level: "fault",
    cause: code ?? "cannot be reached",
    evidence: `${shownUrl(terminal, options)}: ${(error as Error).message}`,
    remedy:
      (error as { remedy?: string }).remedy ??
      "Start it with `npm start`, or give its address by --url or SPRINGHOUSE_URL.",
  };
}

interface Readiness {
  readonly ready?: boolean;
  readonly unready?: readonly {
    readonly code: string;
    readonly detail: string;
    readonly remedy: string;
  }[];
}

/** What the public probe says, for whoever has no token that works. */
async function publicReadiness(terminal: Terminal, options: InspectOptions): Promise<Finding[]> {
  const { url, fetch = globalThis.fetch } = reach(terminal, options);
  let answer: Response;
  let readiness: Readiness;
  try {
    answer = await fetch(`${url}/readyz`, { signal: terminal.signal });
    readiness = (await answer.json()) as Readiness;
  } catch (error) {
    return [unreachable(terminal, options, error)];
  }
  const { ready, unready = [] } = readiness;
  const evidence = `/readyz answers ${answer.status}; sources and seeds were not asked for`;
  if (ready === true)
    return [{ check: "service", level: "ok", cause: "ready", evidence, remedy: null }];
  if (unready.length === 0)
    return [{ check: "service", level: "warning", cause: "not known", evidence, remedy: null }];
  return unready.map(({ code, detail, remedy }) => ({
    check: "service",
    level: "fault",
    cause: `${code}: ${detail}`,
    evidence,
    remedy,
  }));
}

/** Without a token that works there is still the public probe to ask. */
const lacksToken = (error: unknown): boolean =>
  error instanceof Failure || (error as { code?: string }).code === "unauthenticated";

/** `springhouse doctor`: exit code 1 when something stops output. */
export async function doctor(terminal: Terminal, options: InspectOptions): Promise<void> {
  let findings: Finding[];
  try {
    const snapshot: ServiceSnapshot = await connect(terminal, options).status();
    findings = diagnose(snapshot);
  } catch (error) {
    findings = [unreachable(terminal, options, error)];
    if (lacksToken(error)) findings.push(...(await publicReadiness(terminal, options)));
  }
  await terminal.write(
    options.json
      ? json(findings)
      : `${findings.map((finding) => findingText(terminal, finding)).join("\n")}\n`,
  );
  const faults = findings.filter((finding) => finding.level === "fault").length;
  if (faults > 0) throw new Failure(1, `${faults} ${faults === 1 ? "fault" : "faults"}`);
}
