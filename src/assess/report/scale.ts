/** Where values lie on an axis. */
export interface Scale {
  /** 0 at the low end, 1 at the high end; what is beyond them lies on them. */
  place(value: number): number;
  /** Round values to be written beside it. */
  readonly ticks: readonly number[];
}

const within = (fraction: number): number => Math.min(1, Math.max(0, fraction));

/** Two to five steps of 1, 2 or 5 times a power of ten. */
export function linearScale(low: number, high: number): Scale {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const ticks: number[] = [];
  for (let count = Math.ceil(low / step - 1e-9); count * step <= high * (1 + 1e-9); count++)
    // Not 0.30000000000000004, and not -0.
    ticks.push(Number((count * step).toPrecision(6)) || 0);
  return { place: (value) => within((value - low) / (high - low)), ticks };
}

/** Of counts: the logarithm of one more, so that none lies at the low end. */
export function logarithmicScale(high: number): Scale {
  const most = Math.log10(1 + high);
  const ticks = [0];
  const skip = Math.max(1, Math.ceil(most / 6));
  // Of many powers of ten the first lies on the 0.
  for (let exponent = most > 3 ? 1 : 0; 10 ** exponent <= high; exponent += skip)
    ticks.push(10 ** exponent);
  return { place: (value) => within(Math.log10(1 + value) / most), ticks };
}
