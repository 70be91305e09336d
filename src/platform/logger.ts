import { pino, type DestinationStream } from "pino";
import { SpringhouseError } from "../port/errors.ts";
import type { Log } from "../port/log.ts";

/** pino's names of levels, in the words of the API's events. */
const SEVERITIES: Readonly<Record<string, string>> = {
  debug: "debug",
  info: "info",
  warn: "warning",
  error: "critical",
  fatal: "critical",
};

/** A token, wherever it stands: a field of that name in an event holds its id. */
const TOKEN = /sph_[\w-]{20,}/g;

/** Fields that hold a secret wherever they come from. */
const SECRETS =
  "authorization cookie headers query body passphrase pin secret salt material privateKey plaintext".split(
    " ",
  );

/**
 * Where an error was, and what kind it was. Its message may quote what it choked on, so only the
 * messages that are ours are told.
 */
function errorFields(error: unknown): object {
  if (!(error instanceof Error)) return { name: typeof error };
  const { name, stack } = error;
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  return {
    name,
    ...(code === undefined ? {} : { code }),
    ...(syscall === undefined ? {} : { syscall, errno }),
    ...(error instanceof SpringhouseError ? { detail: error.message } : {}),
    frames: stack?.split("\n").filter((line) => /^\s+at /.test(line)),
  };
}

export interface Logger extends Log {
  /** The least severe that is written: of the configuration's names. */
  level: string;
}

/**
 * One JSON object a line, with the names of the API's events: `severity`, `atMilliseconds`, `kind`,
 * `source`, `actor`, `reason`, `data`, and `detail` in words. What must never be told is not handed to it;
 * that tokens and fields of secrets are left out is for what somebody may add one day.
 */
export function createLogger(level: string, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      messageKey: "detail",
      errorKey: "error",
      timestamp: () => `,"atMilliseconds":${Date.now()}`,
      formatters: { level: (label) => ({ severity: SEVERITIES[label] ?? label }) },
      serializers: { error: errorFields },
      redact: {
        paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        remove: true,
      },
    },
    { write: (line) => destination.write(line.replaceAll(TOKEN, "sph_...")) },
  );
}
