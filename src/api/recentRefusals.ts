import type { Clock } from "../port/clock.ts";
import { ERRORS, type Refusal } from "../port/errors.ts";
import type { RecentRefusal } from "../port/live.ts";
import { statusOf } from "./problem.ts";

const KEPT = 32;

type Line = { -readonly [Name in keyof RecentRefusal]: RecentRefusal[Name] };

/** The last refusals, for the console: a client that asks again and again is one line with a count. */
export class RecentRefusals {
  readonly #clock: Clock;
  readonly #lines = new Map<string, Line>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param principal its id; @param count how many of them */
  note(refusal: Refusal, method: string, route: string, principal: string | null, count = 1): void {
    const { code, detail, remedy, unmet } = refusal;
    const now = this.#clock.wallMilliseconds();
    const key = `${code} ${method} ${route} ${principal}`;
    const known = this.#lines.get(key);
    // Anew, so that the map is in the order in which they came last.
    this.#lines.delete(key);
    this.#lines.set(key, {
      code,
      meaning: ERRORS[code].meaning,
      detail: [429, 503].includes(statusOf(code)) ? detail : null,
      remedy,
      unmet,
      method,
      route,
      principal,
      count: (known?.count ?? 0) + count,
      firstMilliseconds: known?.firstMilliseconds ?? now,
      lastMilliseconds: now,
    });
    if (this.#lines.size <= KEPT) return;
    for (const oldest of this.#lines.keys()) {
      this.#lines.delete(oldest);
      return;
    }
  }

  /** Newest first. */
  list(): readonly RecentRefusal[] {
    return [...this.#lines.values()].toReversed();
  }
}
