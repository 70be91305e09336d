import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import Value from "typebox/value";

/** A value as it stands in a fault: short. */
export function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** Every fault of `value` against `schema`: the field, the value and what is allowed. */
export function faultsOf(schema: TSchema, value: unknown, prefix: string): string[] {
  const faults: string[] = [];
  for (const error of Compile(schema).Errors(value)) {
    const path = `${prefix}${error.instancePath.replaceAll("/", ".")}`.replace(/^\./, "");
    if (error.keyword === "additionalProperties") {
      const extra = error.params.additionalProperties;
      faults.push(
        ...extra.map(
          (name) =>
            `${path ? `${path}.` : ""}${name}: no such field; known here: ${known(schema, error.instancePath)}`,
        ),
      );
    } else if (error.keyword === "required") {
      const names = error.params.requiredProperties;
      faults.push(...names.map((name) => `${path ? `${path}.` : ""}${name}: is missing`));
    } else if (error.keyword === "anyOf") {
      faults.push(
        `${path}: ${show(Value.Pointer.Get(value, error.instancePath))} is none of ${choices(schema, error.instancePath)}`,
      );
    } else if (error.keyword !== "boolean" && error.keyword !== "const") {
      faults.push(
        `${path}: ${show(Value.Pointer.Get(value, error.instancePath))} ${error.message}`,
      );
    }
  }
  return [...new Set(faults)];
}

function schemaAt(schema: TSchema, instancePath: string): Record<string, unknown> | undefined {
  let at: Record<string, unknown> | undefined = schema as Record<string, unknown>;
  for (const part of instancePath.split("/").slice(1)) {
    const properties = at?.["properties"] as Record<string, Record<string, unknown>> | undefined;
    at = properties?.[part] ?? (at?.["items"] as Record<string, unknown> | undefined);
  }
  return at;
}

function known(schema: TSchema, instancePath: string): string {
  return Object.keys((schemaAt(schema, instancePath)?.["properties"] as object) ?? {}).join(", ");
}

function choices(schema: TSchema, instancePath: string): string {
  const options = (schemaAt(schema, instancePath)?.["anyOf"] ?? []) as {
    const?: unknown;
    type?: string;
  }[];
  return options.map((option) => ("const" in option ? show(option.const) : option.type)).join(", ");
}
