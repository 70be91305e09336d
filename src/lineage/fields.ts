import { SpringhouseError } from "../port/errors.ts";
import type { Row, Value } from "../store/store.ts";

/**
 * Strict readers of a row's columns: a database that somebody edited, or that rotted, is reported and
 * never believed.
 */
export class Fields {
  readonly #row: Row;
  readonly #what: string;

  /** @param what names the record in an error; an id is no secret */
  constructor(row: Row, what: string) {
    this.#row = row;
    this.#what = what;
  }

  text(column: string): string {
    const value = this.#row[column];
    return typeof value === "string" ? value : this.#damaged(column);
  }

  textOrNull(column: string): string | null {
    return this.#row[column] === null ? null : this.text(column);
  }

  number(column: string): number {
    const value = this.#row[column];
    return typeof value === "number" && Number.isFinite(value) ? value : this.#damaged(column);
  }

  integer(column: string): number {
    const value = this.number(column);
    return Number.isSafeInteger(value) ? value : this.#damaged(column);
  }

  flag(column: string): boolean {
    const value = this.integer(column);
    return value === 0 || value === 1 ? value === 1 : this.#damaged(column);
  }

  oneOf<T extends string>(column: string, allowed: readonly T[]): T {
    const value = this.text(column);
    return allowed.find((one) => one === value) ?? this.#damaged(column);
  }

  /** JSON that this room wrote; `check` says whether it has the shape that was written. */
  json<T>(column: string, check: (value: unknown) => value is T): T {
    let value: unknown;
    try {
      value = JSON.parse(this.text(column));
    } catch {
      return this.#damaged(column);
    }
    return check(value) ? value : this.#damaged(column);
  }

  #damaged(column: string): never {
    throw new SpringhouseError(
      "store_failed",
      `The kept record ${this.#what} is damaged in ${column}.`,
      "Restore the database from a backup; `sqlite3 springhouse.db 'PRAGMA integrity_check'` says more.",
    );
  }
}

/** What is wrong with a record on its way in is a defect of its maker. */
export function requireInteger(value: number, name: string, least: number): number {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new SpringhouseError("internal", `${name} is not an integer of at least ${least}`);
  }
  return value;
}

export function requireFinite(value: number, name: string): number {
  if (!Number.isFinite(value)) throw new SpringhouseError("internal", `${name} is not finite`);
  return value;
}

export function requireText(value: string, name: string): string {
  if (typeof value !== "string" || value === "") {
    throw new SpringhouseError("internal", `${name} is empty`);
  }
  return value;
}

export function toFlag(value: boolean): Value {
  return value ? 1 : 0;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isListOf<T>(
  check: (value: unknown) => value is T,
): (value: unknown) => value is readonly T[] {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(check);
}

export function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
