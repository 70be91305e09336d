/** Figures as people read them. Thin spaces between thousands, as ISO 80000-1 has it. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

const THOUSANDS = ["", "k", "M", "G", "T", "P"];

function scaled(value: number, base: number): readonly [string, number] {
  let step = 0;
  let rest = value;
  // What would be rounded up to the base is the next step's.
  while (rest >= base - 0.5 && step < THOUSANDS.length - 1) {
    rest /= base;
    step++;
  }
  const digits = rest >= 100 || step === 0 ? 0 : 1;
  return [rest.toFixed(digits).replace(/\.0$/, ""), step];
}

/** `50k`, `1.2M`. */
export function short(value: number): string {
  const [text, step] = scaled(value, 1000);
  return `${text}${THOUSANDS[step]}`;
}

/** `16 KiB`. */
export function bytes(value: number): string {
  const [text, step] = scaled(value, 1024);
  return step === 0 ? `${text} B` : `${text} ${THOUSANDS[step]!.toUpperCase()}iB`;
}

/** `4 min`: the largest unit alone, for what changes all the time. */
export function duration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Local time of day; with the day where it is another one than now's. */
export function clockTime(milliseconds: number, nowMilliseconds: number): string {
  const [at, now] = [new Date(milliseconds), new Date(nowMilliseconds)];
  const two = (value: number): string => String(value).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  if (at.toDateString() === now.toDateString()) return time;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** A figure a year, as one can imagine it. */
export function perYear(value: number): string {
  if (value >= 1) return `${value.toFixed(1)} a year`;
  if (value === 0) return "never";
  const years = 1 / value;
  return years > 1e6 ? "less than once in a million years" : `once in ${short(years)} years`;
}

/** Difference quotients of counters that only rise; a restart of the service begins anew. */
export class Rates {
  readonly #last = new Map<string, { value: number; at: number; rate: number }>();

  /** @returns per second; smoothed over a few pictures */
  next(key: string, value: number, atMilliseconds: number): number {
    const last = this.#last.get(key);
    if (last === undefined || value < last.value) {
      this.#last.set(key, { value, at: atMilliseconds, rate: 0 });
      return 0;
    }
    const elapsed = (atMilliseconds - last.at) / 1000;
    if (elapsed <= 0.2) return last.rate;
    const now = (value - last.value) / elapsed;
    const rate = last.rate === 0 ? now : last.rate + (now - last.rate) * Math.min(1, elapsed / 1.5);
    this.#last.set(key, { value, at: atMilliseconds, rate });
    return rate;
  }
}
