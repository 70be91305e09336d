import { LEVELS, type Finding, type Level } from "../port/finding.ts";

export function finding(
  check: string,
  level: Level,
  cause: string,
  evidence: string,
  remedy: string | null = null,
): Finding {
  return { check, level, cause, evidence, remedy };
}

export function worstFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((one, other) => LEVELS.indexOf(one.level) - LEVELS.indexOf(other.level));
}

/** Bytes in the unit that people have limits in. */
export function size(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.round(bytes / 2 ** 10)} KiB`;
  if (bytes < 10 * 2 ** 30) return `${Math.round(bytes / 2 ** 20)} MiB`;
  return `${Math.round(bytes / 2 ** 30)} GiB`;
}
