import { pino, type DestinationStream, type Logger } from "pino";
import type { Clock } from "../port/clock.ts";
import type { Log } from "./ports.ts";

/**
 * JSON lines on stderr. The front doors never hand it a header, a URL or a body; the redaction is
 * for what somebody may add one day.
 * @param destination default: stderr
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const secrets = ["authorization", "cookie", "token", "headers", "query", "body", "bytes", "key"];
  return pino(
    {
      level,
      base: null,
      redact: {
        paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        remove: true,
      },
    },
    destination ?? pino.destination(2),
  );
}

const LINES_PER_SECOND = 20;

/** Refusals can come as fast as requests; this many a second are logged, and the rest is counted. */
export class RefusalLog {
  readonly #log: Log;
  readonly #clock: Clock;
  #second = -1;
  #lines = 0;
  #suppressed = 0;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  refused(fields: object): void {
    const second = Math.floor(this.#clock.monotonicMilliseconds() / 1000);
    if (second !== this.#second) {
      if (this.#suppressed > 0)
        this.#log.warn({ suppressed: this.#suppressed }, "refusals not logged");
      this.#second = second;
      this.#lines = 0;
      this.#suppressed = 0;
    }
    if (++this.#lines > LINES_PER_SECOND) this.#suppressed++;
    else this.#log.info(fields, "refused");
  }
}
