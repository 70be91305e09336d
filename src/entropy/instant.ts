import type { Clock } from "../port/clock.ts";

/** One moment on both clocks: ages count on the monotonic one, records show the wall's. */
export interface Instant {
  readonly wallMilliseconds: number;
  readonly monotonicMilliseconds: number;
}

export function instantOf(clock: Clock): Instant {
  return {
    wallMilliseconds: clock.wallMilliseconds(),
    monotonicMilliseconds: clock.monotonicMilliseconds(),
  };
}

/**
 * How old `then` is, in milliseconds: the greater of both clocks' answers, because the monotonic one
 * may stand still in a suspend and the wall clock may be set back.
 */
export function ageMilliseconds(then: Instant, now: Instant): number {
  return Math.max(
    now.monotonicMilliseconds - then.monotonicMilliseconds,
    now.wallMilliseconds - then.wallMilliseconds,
  );
}
