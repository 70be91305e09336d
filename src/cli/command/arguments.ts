import { InvalidArgumentError } from "commander";
import { ROLES, type Role } from "../../port/principal.ts";

/** A whole number within bounds; commander reports the fault as wrong usage. */
export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < minimum || value > maximum)
      throw new InvalidArgumentError(`a whole number from ${minimum} to ${maximum} is needed.`);
    return value;
  };
}

/** Several, with commas between them; no value twice. */
export function list<T>(one: (text: string) => T) {
  return (text: string): readonly T[] => {
    const values = text.split(",").map(one);
    if (values.length > 32) throw new InvalidArgumentError("at most 32 are taken.");
    if (new Set(values).size < values.length) throw new InvalidArgumentError("one is there twice.");
    return values;
  };
}

export function seed(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new InvalidArgumentError("64 lower-case hexadecimal digits are needed.");
  return text;
}

/** As it can stand in an evidence, which has 500 characters with all the rest. */
export function words(text: string): string {
  if (!/^\P{Cc}{4,100}$/u.test(text))
    throw new InvalidArgumentError("4 to 100 characters on one line are needed.");
  return text;
}

export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw new InvalidArgumentError("a number above 0 is needed.");
  return value;
}

/** h', bits a bit. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1))
    throw new InvalidArgumentError("a number from 0 to 1 is needed.");
  return value;
}

export function rate(text: string): number | "unlimited" {
  return text === "unlimited" ? text : positive(text);
}

export function role(text: string, previous: readonly Role[] = []): readonly Role[] {
  if (!(ROLES as readonly string[]).includes(text))
    throw new InvalidArgumentError(`one of ${ROLES.join(", ")} is needed.`);
  return [...previous, text as Role];
}

/** Of an option that may be given again. */
export const several = (text: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  text,
];
