import type { FastifyInstance } from "fastify";
import { SpringhouseError } from "../port/errors.ts";
import { refuseHalfPairs } from "./text.ts";

/** @throws Error that `problem.ts` knows, for what is no JSON or must not be taken for it */
export type ReadJson = (text: string) => unknown;

/** A body of JSON: the framework's own reader, behind what is refused before. */
export function jsonReader(app: FastifyInstance): ReadJson {
  const parse = app.getDefaultJsonParser("error", "error");
  let fault: Error | null = null;
  let value: unknown;
  // Called before the reader returns.
  const take = (error: Error | null, read: unknown): void => {
    fault = error;
    value = read;
  };
  return (text) => {
    const refusal = refuseHalfPairs(text);
    if (refusal) throw new SpringhouseError(refusal.code, refusal.detail);
    // It does not look at the request.
    void parse(null as never, text, take);
    const [error, read] = [fault, value];
    [fault, value] = [null, undefined];
    if (error !== null) throw error;
    return read;
  };
}
