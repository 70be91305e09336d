/** Cancels what was scheduled; calling it twice, or after the task ran, does nothing. */
export type Cancel = () => void;

/**
 * Time, as the service may know it. The real one stands in `platform/`; a simulation passes a
 * fake one, so nothing outside `platform/` calls Date, performance or setTimeout.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. It may jump: after a resume, by NTP, by an operator. */
  wallMilliseconds(): number;
  /** Milliseconds from an arbitrary origin. It never goes back; it may stand still in a suspend. */
  monotonicMilliseconds(): number;
  /** Runs `task` once, not before `milliseconds` have passed. Never keeps the process alive. */
  schedule(milliseconds: number, task: () => void): Cancel;
}
