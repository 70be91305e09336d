import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { SpringhouseError } from "../port/errors.ts";

/** Why a query string cannot be read, where it stands in place of the parameters. */
const FAULT = Symbol("fault");

export type RawQuery = Record<string, string> & { [FAULT]?: string };

/** No name is inherited, `__proto__` is one like any other, and unlike Object.create(null) it is fast. */
const Empty = function () {} as unknown as new () => RawQuery;
Empty.prototype = Object.create(null) as object;

/**
 * A query string as text values. Never throws: the router calls it, and what is wrong is told by the
 * validator. A name given twice is a fault, because two readers would take different ones.
 */
export function parseQuery(text: string): RawQuery {
  const query = new Empty();
  if (text === "") return query;
  for (const pair of text.split("&")) {
    const equals = pair.indexOf("=");
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? "" : decode(pair.slice(equals + 1));
    if (name === null || value === null) query[FAULT] = "The query string is not percent-encoded.";
    else if (name in query) query[FAULT] = `The parameter ${quote(name)} is given twice.`;
    else query[name] = value;
  }
  return query;
}

function decode(text: string): string | null {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return null;
  }
}

/** A client's text in a message: short, and nothing that a terminal could obey. */
function quote(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}...` : text;
  // oxlint-disable-next-line no-control-regex
  return JSON.stringify(short.replaceAll(/[^\x20-\x7e]/g, "?"));
}

const INTEGER = /^-?(0|[1-9][0-9]{0,15})$/;
const NUMBER = /^-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,9})?$/;

type Kind = "integer" | "number" | "boolean" | "string";

/** Undefined when the text is not of that kind: no hexadecimal, exponents, blanks or signs of plus. */
function convert(text: string, kind: Kind): unknown {
  if (kind === "string") return text;
  if (kind === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  return (kind === "integer" ? INTEGER : NUMBER).test(text) ? Number(text) : undefined;
}

interface ObjectSchema {
  readonly properties: Readonly<Record<string, { readonly type?: string }>>;
}

function invalid(detail: string): { error: SpringhouseError } {
  return { error: new SpringhouseError("invalid_parameter", detail) };
}

interface Fault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
}

function detailOf(faults: readonly Fault[], schema: TSchema): string {
  // For a choice the branches come first and say less than the whole.
  const fault = faults.find((one) => one.keyword === "anyOf") ?? faults[0];
  const path = fault?.instancePath.slice(1).replaceAll("/", ".") ?? "";
  if (fault?.keyword === "boolean") return `There is no parameter ${quote(path)}.`;
  const named = (schema as unknown as ObjectSchema).properties[path] as
    | { anyOf?: readonly { const?: unknown }[] }
    | undefined;
  if (fault?.keyword === "anyOf" && named?.anyOf?.every((branch) => "const" in branch))
    return `${path} must be one of ${named.anyOf.map((branch) => String(branch.const)).join(", ")}.`;
  // The path of a nested fault is the client's own words.
  return `${path === "" ? "The request" : quote(path).slice(1, -1)} ${fault?.message ?? "is invalid"}.`;
}

export type Validator = (data: unknown) => { value: unknown } | { error: Error };

/**
 * Compiled with the first request that needs it: all routes together take a part of a second, and the
 * service is listening that much sooner.
 */
function compiledOnce(schema: TSchema): () => ReturnType<typeof Compile> {
  let check: ReturnType<typeof Compile> | null = null;
  return () => (check ??= Compile(schema));
}

/** Text values into what the schema of a query string says, strictly. */
function queryValidator(schema: TSchema): Validator {
  const compiled = compiledOnce(schema);
  const kinds = new Map<string, Kind>(
    Object.entries((schema as unknown as ObjectSchema).properties).map(([name, property]) => [
      name,
      (property.type ?? "string") as Kind,
    ]),
  );
  return (data) => {
    const raw = data as RawQuery;
    if (raw[FAULT] !== undefined) return invalid(raw[FAULT]);
    const value: Record<string, unknown> = {};
    for (const name in raw) {
      const kind = kinds.get(name);
      if (kind === undefined) return invalid(`There is no parameter ${quote(name)}.`);
      const converted = convert(raw[name]!, kind);
      if (converted === undefined)
        return invalid(`${name} is not ${kind === "integer" ? "an" : "a"} ${kind}.`);
      value[name] = converted;
    }
    const check = compiled();
    if (!check.Check(value)) return invalid(detailOf(check.Errors(value), schema));
    return { value };
  };
}

export function bodyValidator(schema: TSchema): Validator {
  const compiled = compiledOnce(schema);
  return (data) => {
    const value = data === undefined || data === null ? {} : data;
    const check = compiled();
    if (!check.Check(value)) return invalid(detailOf(check.Errors(value), schema));
    return { value };
  };
}

/** For fastify: a validator of one part of the request. */
export function compileValidator({
  schema,
  httpPart,
}: {
  schema: unknown;
  httpPart?: string | undefined;
}): Validator {
  return httpPart === "querystring" || httpPart === "query"
    ? queryValidator(schema as TSchema)
    : bodyValidator(schema as TSchema);
}

/** Validates a raw query string outside fastify, for the WebSocket doors. */
export function readQuery(validator: Validator, text: string): unknown {
  const result = validator(parseQuery(text));
  if ("error" in result) throw result.error;
  return result.value;
}
