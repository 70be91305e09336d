import type { ErrorCode } from "../port/errors.ts";
import { DOORS, type Door } from "../port/lineage.ts";
import { Durations } from "./durations.ts";

interface DoorTally {
  outputBytes: number;
  /** Requests by HTTP status. */
  readonly codes: Map<number, number>;
  readonly durations: Durations;
}

/**
 * Counts what the front doors did, in plain numbers, because this is on the path of every request;
 * the exposition turns them into metrics when it is scraped.
 */
export class RequestTally {
  readonly doors: Readonly<Record<Door, DoorTally>>;
  /** Refusals by code of the error catalogue. */
  readonly refusals = new Map<ErrorCode, number>();

  constructor() {
    this.doors = Object.fromEntries(
      DOORS.map((door) => [door, { outputBytes: 0, codes: new Map(), durations: new Durations() }]),
    ) as unknown as Record<Door, DoorTally>;
  }

  answered(door: Door, code: number, seconds: number, outputBytes: number): void {
    const tally = this.doors[door];
    tally.outputBytes += outputBytes;
    tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
    tally.durations.observe(seconds);
  }

  /** Adds what an outlet has answered: all of it with 200. */
  absorb(door: Door, outputBytes: number, durationCells: Float64Array): void {
    const tally = this.doors[door];
    tally.outputBytes += outputBytes;
    const requests = tally.durations.absorb(durationCells);
    if (requests > 0) tally.codes.set(200, (tally.codes.get(200) ?? 0) + requests);
  }

  refused(code: ErrorCode): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }
}
