import { SpringhouseError } from "../port/errors.ts";
import type { ErrorCode } from "../port/errors.ts";
import type { Query, Row, Write } from "./store.ts";

/*
 * What the store and its worker say to each other. One call is answered by one reply with its
 * number; the worker also sends number 0 once, when the database is open or could not be opened.
 */

export type Call =
  | { readonly call: number; readonly commit: readonly (readonly Write[])[] }
  | { readonly call: number; readonly read: readonly Query[] }
  | { readonly call: number; readonly close: true };

/** An error as it crosses threads: a class does not survive structured cloning. */
export interface Fault {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string;
}

export type Answer =
  | { readonly outcomes: readonly (Fault | null)[] }
  | { readonly rows: readonly (readonly Row[])[] }
  | { readonly fault: Fault }
  | { readonly done: true };

export type Reply = { readonly call: number } & Answer;

export function toFault(error: unknown): Fault {
  return error instanceof SpringhouseError
    ? { code: error.code, detail: error.message, remedy: error.remedy }
    : toFault(new SpringhouseError("store_failed", error instanceof Error ? error.message : ""));
}

export function fromFault({ code, detail, remedy }: Fault): SpringhouseError {
  return new SpringhouseError(code, detail, remedy);
}
