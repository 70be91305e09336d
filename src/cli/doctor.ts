import { statSync } from "node:fs";
import { RefusalError } from "../client/client.ts";
import { diagnose } from "../doctor/diagnose.ts";
import { finding, worstFirst } from "../doctor/finding.ts";
import { secretFile } from "../doctor/host/files.ts";
import type { Finding } from "../port/finding.ts";
import { connect, type ConnectionOptions, reach, shownUrl, stateDirectory } from "./connection.ts";
import { Failure } from "./failure.ts";
import { paint, type Terminal } from "./terminal.ts";

export interface DoctorOptions extends ConnectionOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** Looks at this machine for a configuration, as a service that is started here would find it. */
export type ExamineHere = (question: {
  /** Null: the embedded default. */
  readonly config: string | null;
  readonly state: string;
  readonly nowMilliseconds: number;
}) => Promise<readonly Finding[]>;

const SYMBOLS = {
  fault: ["red", "✗"],
  warning: ["yellow", "!"],
  note: ["blue", "·"],
  ok: ["green", "✓"],
} as const;

function findingText(terminal: Terminal, found: Finding): string {
  const [colour, symbol] = SYMBOLS[found.level];
  const lines = [
    `${paint(terminal, colour, symbol)} ${paint(terminal, "bold", found.check)}: ${found.cause}`,
    `    ${found.evidence}`,
  ];
  if (found.remedy) lines.push(paint(terminal, "dim", `    → ${found.remedy}`));
  return lines.join("\n");
}

/** What a client's own TLS says against the service's certificate. */
const TLS_REMEDIES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "Renew the service's certificate and send it SIGHUP.",
  CERT_NOT_YET_VALID: "Is a clock wrong, this one or the service's?",
  DEPTH_ZERO_SELF_SIGNED_CERT: "Give its certificate by NODE_EXTRA_CA_CERTS.",
  SELF_SIGNED_CERT_IN_CHAIN: "Give its authority's certificate by NODE_EXTRA_CA_CERTS.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "tls.certificate lacks its issuers, or give the authority by NODE_EXTRA_CA_CERTS.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "Give its authority's certificate by NODE_EXTRA_CA_CERTS.",
  ERR_TLS_CERT_ALTNAME_INVALID: "Ask by a name that the certificate has.",
};

/** The code of an error, or of what caused it. */
function codeOf(error: unknown): string | undefined {
  for (let one = error; one instanceof Error; one = one.cause)
    if (typeof (one as { code?: unknown }).code === "string" && !(one instanceof RefusalError))
      return (one as unknown as { code: string }).code;
  return (error as { code?: string }).code;
}

/** What stands in the way before the service can even be asked. */
function unreachable(terminal: Terminal, options: DoctorOptions, error: unknown): Finding {
  if (error instanceof Failure)
    return finding(
      "token",
      "fault",
      error.message,
      "most of what doctor looks at needs a token",
      error.remedy,
    );
  const code = codeOf(error);
  return finding(
    "service",
    "fault",
    code ?? "cannot be reached",
    `${shownUrl(terminal, options)}: ${(error as Error).message}`,
    (code === undefined ? undefined : TLS_REMEDIES[code]) ??
      (error as { remedy?: string }).remedy ??
      "Start it with `npm start`, or give its address by --url or SPRINGHOUSE_URL.",
  );
}

interface Readiness {
  readonly ready?: boolean;
  readonly unready?: readonly {
    readonly code: string;
    readonly detail: string;
    readonly remedy: string;
  }[];
}

/** What the public probe says, for whoever has no token that works. @throws what a fetch does */
async function publicReadiness(terminal: Terminal, options: DoctorOptions): Promise<Finding[]> {
  const { url, fetch = globalThis.fetch } = reach(terminal, options);
  const answer = await fetch(`${url}/readyz`, { signal: terminal.signal });
  const { ready, unready = [] } = (await answer.json()) as Readiness;
  const evidence = `/readyz answers ${answer.status}; sources and seeds were not asked for`;
  if (ready === true) return [finding("service", "ok", "ready", evidence)];
  if (unready.length === 0) return [finding("service", "warning", "not known", evidence)];
  return unready.map(({ code, detail, remedy }) =>
    finding("service", "fault", `${code}: ${detail}`, evidence, remedy),
  );
}

/** Without a token that works there is still the public probe to ask. */
const lacksToken = (error: unknown): boolean =>
  error instanceof Failure || (error as { code?: string }).code === "unauthenticated";

/** Beyond what a slow answer explains. */
const SKEW_MILLISECONDS = 2000;

function skew(terminal: Terminal, atMilliseconds: number, askedMilliseconds: number): Finding[] {
  const now = terminal.clock.wallMilliseconds();
  const off = atMilliseconds - (askedMilliseconds + now) / 2;
  if (Math.abs(off) < SKEW_MILLISECONDS + (now - askedMilliseconds) / 2) return [];
  const seconds = Math.round(Math.abs(off) / 1000);
  return [
    finding(
      "clocks",
      "warning",
      `the service's clock is ${seconds} s ${off > 0 ? "ahead of" : "behind"} this one`,
      new Date(atMilliseconds).toISOString(),
      "Set the one that is wrong, and keep both with NTP.",
    ),
  ];
}

/** The service's own diagnosis; where that is not for us, what its status shows. */
async function ask(terminal: Terminal, options: DoctorOptions): Promise<readonly Finding[]> {
  const client = connect(terminal, options);
  const asked = terminal.clock.wallMilliseconds();
  try {
    const { atMilliseconds, findings } = await client.doctor();
    return [...findings, ...skew(terminal, atMilliseconds, asked)];
  } catch (error) {
    // A client may see the state, and a service of before has no such route.
    if (!(error instanceof RefusalError) || !/^(forbidden|not_found)$/.test(error.code))
      throw error;
    const snapshot = await client.status();
    return [...diagnose(snapshot), ...skew(terminal, snapshot.atMilliseconds, asked)];
  }
}

/** What the service says, by its diagnosis or at least by its probe. */
async function askSomehow(
  terminal: Terminal,
  options: DoctorOptions,
): Promise<{ readonly findings: readonly Finding[]; readonly reached: boolean }> {
  let problem: Finding;
  try {
    return { findings: await ask(terminal, options), reached: true };
  } catch (error) {
    problem = unreachable(terminal, options, error);
    if (error instanceof RefusalError && !lacksToken(error))
      return { findings: [problem], reached: true };
    if (!lacksToken(error)) return { findings: [problem], reached: false };
  }
  try {
    return {
      findings: [problem, ...(await publicReadiness(terminal, options))],
      reached: true,
    };
  } catch (error) {
    // Where nothing answers, a missing token is not what is wrong.
    return { findings: [unreachable(terminal, options, error)], reached: false };
  }
}

function tokenFile({ tokenFile: path }: DoctorOptions): Finding[] {
  if (path === undefined) return [];
  const about = statSync(path, { throwIfNoEntry: false });
  if (about === undefined) return [];
  const facts = { path, error: null, mode: about.mode & 0o7777, ownerId: about.uid };
  return secretFile("token file", facts);
}

/** Is the service meant to be on this machine? */
function isHere(terminal: Terminal, options: DoctorOptions): boolean {
  const { url } = reach(terminal, options);
  return /^https?:\/\/(localhost|127\.[\d.]+|\[::1\])([:/]|$)/.test(url);
}

/**
 * `springhouse doctor`: exit code 1 when something stops output, or lets others at what is secret. With
 * `--config`, or where no service answers, this machine is looked at from here.
 */
export async function doctor(
  terminal: Terminal,
  examineHere: ExamineHere,
  options: DoctorOptions,
): Promise<void> {
  const { findings: asked, reached } = await askSomehow(terminal, options);
  const findings: Finding[] = [...tokenFile(options), ...asked];
  if (options.config !== undefined || (!reached && isHere(terminal, options)))
    findings.push(
      ...(await examineHere({
        config: options.config ?? null,
        state: stateDirectory(terminal, options),
        nowMilliseconds: terminal.clock.wallMilliseconds(),
      })),
    );
  const sorted = worstFirst(findings);
  await terminal.write(
    options.json
      ? `${JSON.stringify(sorted, null, 2)}\n`
      : `${sorted.map((one) => findingText(terminal, one)).join("\n")}\n`,
  );
  const faults = sorted.filter(({ level }) => level === "fault").length;
  if (faults > 0) throw new Failure(1, `${faults} ${faults === 1 ? "fault" : "faults"}`);
}
