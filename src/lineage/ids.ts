/** An output's id: the seed that stood behind it and the reseed counter it was generated at. */
export interface OutputId {
  readonly seed: string;
  readonly counter: number;
}

/** Ten times as long as any id of ours; what is longer is not looked up. */
const PATTERN = /^([a-z0-9-]{1,128})\.([1-9][0-9]{0,15})$/;

export function formatOutputId({ seed, counter }: OutputId): string {
  return `${seed}.${counter}`;
}

/** @returns undefined for anything that `formatOutputId` cannot have made, of whatever type */
export function parseOutputId(id: unknown): OutputId | undefined {
  const match = typeof id === "string" ? PATTERN.exec(id) : null;
  const [seed, digits] = [match?.[1], match?.[2]];
  if (seed === undefined || digits === undefined) return undefined;
  const counter = Number(digits);
  return Number.isSafeInteger(counter) ? { seed, counter } : undefined;
}
