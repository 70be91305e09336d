import { writeSync } from "node:fs";
import type { LogKind } from "../port/log.ts";

/** The part of a stream that pino writes to. */
export interface LogDestination {
  write(line: string): void;
}

/**
 * Where log lines go, one write each. A log that cannot be written (a full disk, a reader that has
 * gone or does not read) must not stop the service, nor fill its memory: such lines are lost, and the
 * first one that can be written again says how many.
 * @param descriptor open for writing
 */
export function logDestination(descriptor: number): LogDestination {
  let lost = 0;
  /** After a line that was cut off the next must not stand behind its half. */
  let torn = false;
  const attempt = (text: string): boolean => {
    const bytes = Buffer.from(torn ? `\n${text}` : text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(descriptor, bytes, written);
      torn = false;
      return true;
    } catch {
      torn ||= written > 0;
      return false;
    }
  };
  return {
    write(line) {
      if (lost > 0) {
        const told = {
          severity: "warning",
          atMilliseconds: Date.now(),
          kind: "log_lines_lost" satisfies LogKind,
          lost,
          detail: "log lines could not be written",
        };
        if (attempt(`${JSON.stringify(told)}\n`)) lost = 0;
      }
      if (lost > 0 || !attempt(line)) lost++;
    },
  };
}
