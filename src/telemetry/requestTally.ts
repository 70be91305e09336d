import { Histogram } from "prom-client";
import type { ErrorCode } from "../port/errors.ts";
import { DOORS, type Door } from "../port/lineage.ts";

export interface DoorTally {
  outputBytes: number;
  /** Requests by HTTP status. */
  readonly codes: Map<number, number>;
  readonly duration: { observe(seconds: number): void };
}

/**
 * Counts what the front doors did. Plain numbers where it can be, because this is on the path of
 * every request; the catalogue turns them into metrics when it is scraped.
 */
export class RequestTally {
  /** Upper bounds in seconds: a 32-byte draw takes tens of microseconds, an RSA search seconds. */
  readonly durations = new Histogram({
    name: "springhouse_request_duration_seconds",
    help: "Time from a request's head to its answer's end.",
    labelNames: ["door"],
    buckets: [5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 0.05, 0.25, 1, 5],
    registers: [],
  });
  readonly doors: Readonly<Record<Door, DoorTally>>;
  /** Refusals by code of the error catalogue. */
  readonly refusals = new Map<ErrorCode, number>();

  constructor() {
    for (const door of DOORS) this.durations.zero({ door });
    this.doors = Object.fromEntries(
      DOORS.map((door) => [
        door,
        { outputBytes: 0, codes: new Map(), duration: this.durations.labels(door) },
      ]),
    ) as unknown as Record<Door, DoorTally>;
  }

  answered(door: Door, code: number, seconds: number, outputBytes: number): void {
    const tally = this.doors[door];
    tally.outputBytes += outputBytes;
    tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
    tally.duration.observe(seconds);
  }

  refused(code: ErrorCode): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }
}
