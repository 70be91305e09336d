import { type ErrorCode, ERRORS } from "../port/errors.ts";
import { DOORS, type Door } from "../port/lineage.ts";
import { Durations } from "./durations.ts";

interface DoorTally {
  outputBytes: number;
  /** Requests by HTTP status. */
  readonly codes: Map<number, number>;
  readonly durations: Durations;
}

/** What another thread answered. */
export interface AnsweredElsewhere {
  readonly outputBytes: number;
  /** With bytes. */
  readonly served: number;
  /** Of whatever it answered, as `Durations` has them. */
  readonly durationCells: Float64Array;
  readonly refused: ReadonlyMap<ErrorCode, number>;
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

  absorb(door: Door, { outputBytes, served, durationCells, refused }: AnsweredElsewhere): void {
    const tally = this.doors[door];
    const add = <Key>(counts: Map<Key, number>, key: Key, count: number): void => {
      if (count > 0) counts.set(key, (counts.get(key) ?? 0) + count);
    };
    tally.outputBytes += outputBytes;
    tally.durations.absorb(durationCells);
    add(tally.codes, 200, served);
    for (const [code, count] of refused) {
      add(tally.codes, ERRORS[code].status ?? 500, count);
      add(this.refusals, code, count);
    }
  }

  refused(code: ErrorCode): void {
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
  }
}
