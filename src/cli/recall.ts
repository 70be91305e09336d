import type { RecallLine } from "../port/recall.ts";
import { connect, type ConnectionOptions } from "./connection.ts";
import { Failure } from "./failure.ts";
import { count, paint, type Terminal } from "./terminal.ts";

export interface RecallOptions extends ConnectionOptions {
  readonly source: string;
  readonly from: string;
  /** Default: now. */
  readonly to?: string;
  readonly reason?: string;
  readonly suspend?: boolean;
  readonly json?: boolean;
}

const UNIT_MILLISECONDS = { s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Unix milliseconds, a time as RFC 3339 writes it (without a zone it is the local one), or how long before
 * `now` it was, such as 90min.
 */
function timeOf(option: string, text: string, now: number): number {
  const [, length, unit] = /^(\d{1,9})(s|min|h|d)$/.exec(text) ?? [];
  if (length) return now - Number(length) * UNIT_MILLISECONDS[unit as "s" | "min" | "h" | "d"];
  const milliseconds = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isFinite(milliseconds)) return milliseconds;
  throw new Failure(2, `${option} ${text} is no time`, "Give 2026-11-27T05:00:00Z or 90min.");
}

/** `springhouse recall`: what depended on noise that turned out bad. */
export async function recall(terminal: Terminal, options: RecallOptions): Promise<void> {
  const { source, reason, suspend } = options;
  const now = terminal.clock.wallMilliseconds();
  const fromMilliseconds = timeOf("--from", options.from, now);
  const toMilliseconds = options.to === undefined ? now : timeOf("--to", options.to, now);
  if (toMilliseconds < fromMilliseconds) throw new Failure(2, "--to is before --from");
  const order = { source, fromMilliseconds, toMilliseconds };
  const asked = {
    ...(reason === undefined ? {} : { reason }),
    ...(suspend === undefined ? {} : { suspend }),
  };
  let unsuspended = 0;
  for await (const line of connect(terminal, options).recall(order, asked)) {
    if (line.record === "recall") ({ unsuspended } = line);
    await terminal.write(options.json ? `${JSON.stringify(line)}\n` : textOf(terminal, line));
  }
  if (unsuspended > 0)
    throw new Failure(1, `${count(unsuspended)} active keys could not be suspended`);
}

function textOf(terminal: Terminal, line: RecallLine): string {
  if (line.record === "recall")
    return `${count(line.outputs)} keys and receipted outputs drew on ${line.source} then; ${count(line.failing)} no longer have their strength, ${count(line.suspended)} keys were suspended\n`;
  const { output, key, suspension, holds, sourceBits, remainingBits, strength } = line;
  const verdict = holds ? paint(terminal, "green", "holds") : paint(terminal, "red", "FAILS");
  const when = new Date(output.atMilliseconds).toISOString();
  const bits = `${count(remainingBits)} bits remain of ${count(strength)}, without its ${count(sourceBits)}`;
  const what = key ? `${key.id} version ${key.version}` : output.purpose;
  const then = suspension === null ? "" : `; ${suspension}`;
  return `${verdict}  ${output.id}  ${what}  ${output.principal}  ${when}  ${bits}${then}\n`;
}
