import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Settings } from "typebox/system";
import Value from "typebox/value";
import { nearest } from "./nearest.ts";

/** TypeBox stops at 8 errors, and a fault may be several: nobody should have to start twice. */
const MAXIMUM_ERRORS = 10_000;
const SHOWN_CHARACTERS = 60;

/** What is read of a schema here. */
interface Part {
  readonly type?: string;
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: readonly Part[];
  readonly properties?: Readonly<Record<string, Part>>;
  readonly patternProperties?: Readonly<Record<string, Part>>;
  readonly items?: Part;
}

/** A value as it stands in a fault: short. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  // JSON has no word for these, and would call them null.
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  let text: string;
  try {
    text = JSON.stringify(value) ?? typeof value;
  } catch {
    return "a value that holds itself";
  }
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 3)}...` : text;
}

/**
 * Every fault of `value` against `schema`, one a field: its path, the value and what is allowed.
 * @param prefix path of `value` in the file; empty for the whole
 */
export function faultsOf(schema: TSchema, value: unknown, prefix: string): string[] {
  const faults = new Map<string, string[]>();
  for (const error of errorsOf(schema, value)) {
    const { instancePath } = error;
    const path = `${prefix}${instancePath.replaceAll("/", ".")}`.replace(/^\./, "");
    const inside = path === "" ? "" : `${path}.`;
    const part = partAt(schema, instancePath);
    if (error.keyword === "additionalProperties") {
      const extra = error.params.additionalProperties;
      faults.set(
        `${instancePath}/*`,
        extra.map((name) => `${inside}${name}: ${unknownField(name, part)}`),
      );
    } else if (error.keyword === "required") {
      const names = error.params.requiredProperties;
      faults.set(
        `${instancePath}/?`,
        names.map(
          (name) => `${inside}${name}: is missing; needs ${allowed(part?.properties?.[name])}`,
        ),
      );
    } else if (part && error.keyword !== "boolean") {
      // A secret may stand in a program's environment.
      const given = path.includes(".environment.")
        ? "what is given"
        : show(Value.Pointer.Get(value, instancePath));
      faults.set(instancePath, [`${path}: ${given} is not allowed; needs ${allowed(part)}`]);
    }
  }
  return [...faults.values()].flat();
}

function errorsOf(schema: TSchema, value: unknown) {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: MAXIMUM_ERRORS });
  try {
    return Compile(schema).Errors(value);
  } finally {
    Settings.Set({ maxErrors });
  }
}

function partAt(schema: TSchema, instancePath: string): Part | undefined {
  let at: Part | undefined = schema;
  for (const part of instancePath.split("/").slice(1)) {
    const own: Part | undefined =
      at?.properties && Object.hasOwn(at.properties, part) ? at.properties[part] : undefined;
    at = own ?? at?.items ?? Object.values(at?.patternProperties ?? {})[0];
  }
  return at;
}

function unknownField(name: string, part: Part | undefined): string {
  const known = Object.keys(part?.properties ?? {});
  const near = nearest(name, known);
  const meant = near === null ? "" : `; did you mean ${near}?`;
  return `no such field${meant}; known here: ${known.join(", ")}`;
}

function limits(low: string, high: string, unit: string): string {
  const text = [low, high].filter(Boolean).join(" and ");
  return text === "" ? "" : ` ${text}${unit}`;
}

/** What a value may be, in words. */
function allowed(part: Part | undefined): string {
  if (!part) return "a value";
  if (part.anyOf) return part.anyOf.map(allowed).join(" or ");
  if ("const" in part) return show(part.const);
  const {
    minimum,
    exclusiveMinimum,
    maximum,
    minLength = 0,
    maxLength,
    minItems = 0,
    maxItems,
    pattern,
  } = part;
  switch (part.type) {
    case "number":
    case "integer": {
      const above = exclusiveMinimum === undefined ? "" : `> ${exclusiveMinimum}`;
      const least = minimum === undefined ? above : `>= ${minimum}`;
      const kind = part.type === "integer" ? "a whole number" : "a number";
      return `${kind}${limits(least, maximum === undefined ? "" : `<= ${maximum}`, "")}`;
    }
    case "string": {
      if (pattern !== undefined) return `text that matches ${pattern}`;
      const least = minLength > 0 ? `>= ${minLength}` : "";
      const most = maxLength === undefined ? "" : `<= ${maxLength}`;
      return `text${limits(least && `of ${least}`, most, " characters")}`;
    }
    case "array": {
      const least = minItems > 0 ? `>= ${minItems}` : "";
      const most = maxItems === undefined ? "" : `<= ${maxItems}`;
      return `a list${limits(least && `of ${least}`, most, " items")}`;
    }
    case "object":
      return "a mapping of fields";
    case "boolean":
      return "true or false";
    default:
      return part.type ?? "a value";
  }
}
