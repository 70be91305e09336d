import { createHash } from "node:crypto";
import type { TSchema } from "typebox";
import Value from "typebox/value";
import { parseDocument } from "yaml";
import { SpringhouseError } from "../port/errors.ts";
import { crossFaults, sourceFaults } from "./crossFaults.ts";
import { faultsOf, show } from "./faults.ts";
import { nearest } from "./nearest.ts";
import { CONFIGURATION, type Configuration } from "./schema.ts";
import { SOURCE_SCHEMAS, type SourceConfiguration } from "./sourceSchemas.ts";

/** A file of this size takes a tenth of a second; nobody writes a longer one by hand. */
const MAXIMUM_CHARACTERS = 1_000_000;
/** Of one anchor: enough for defaults that sources share, too few to blow up. */
const MAXIMUM_ALIASES = 100;

/** The schema is 6 deep. */
const MAXIMUM_DEPTH = 32;

/** Also true of what holds itself, which an alias can do. */
function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((inner) => isDeeperThan(levels - 1, inner));
}

/** @throws SpringhouseError `configuration_invalid` */
function readYaml(text: string): Record<string, unknown> {
  if (text.length > MAXIMUM_CHARACTERS)
    throw invalid([
      `the file has ${text.length} characters; at most ${MAXIMUM_CHARACTERS} are read`,
    ]);
  let given: unknown;
  try {
    const document = parseDocument(text, { resolveKnownTags: false, stringKeys: true });
    // A tag that means nothing here (!!set, !env) is a warning to the library: its value would stay.
    const faults = [...document.errors, ...document.warnings];
    if (faults.length > 0) throw invalid(faults.map((error) => error.message.split("\n")[0]!));
    given = document.toJS({ maxAliasCount: MAXIMUM_ALIASES }) ?? {};
  } catch (error) {
    if (error instanceof SpringhouseError) throw error;
    // The library throws plain errors for aliases that lead nowhere or to too much, and for odd tags.
    throw invalid([`the file is not YAML that can be read: ${(error as Error).message}`]);
  }
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalid([`the file holds ${show(given)}; a mapping of fields is needed`]);
  if (isDeeperThan(MAXIMUM_DEPTH, given))
    throw invalid([`the file is nested deeper than ${MAXIMUM_DEPTH} levels, or holds itself`]);
  return given as Record<string, unknown>;
}

/** A source whole with its defaults, or its faults. */
function readSource(given: unknown, at: string): SourceConfiguration | readonly string[] {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    return [`${at}: ${show(given)} is not allowed; needs a mapping of fields`];
  const { kind } = given as { kind?: unknown };
  if (typeof kind !== "string" || !Object.hasOwn(SOURCE_SCHEMAS, kind)) {
    const kinds = Object.keys(SOURCE_SCHEMAS);
    const near = typeof kind === "string" ? nearest(kind, kinds) : null;
    const meant = near === null ? "" : `; did you mean ${near}?`;
    return [`${at}.kind: ${show(kind)} is not allowed${meant}; needs ${kinds.join(" or ")}`];
  }
  const schema: TSchema = SOURCE_SCHEMAS[kind as keyof typeof SOURCE_SCHEMAS];
  const whole = Value.Default(schema, given) as SourceConfiguration;
  const faults = faultsOf(schema, whole, at);
  return faults.length > 0 ? faults : whole;
}

/**
 * Reads a configuration, or the embedded default from an empty text.
 * @param text YAML
 * @throws SpringhouseError `configuration_invalid` with every fault, a line each
 */
export function parseConfiguration(text: string): Configuration {
  const filled = Value.Default(CONFIGURATION, readYaml(text)) as Record<string, unknown>;
  const faults = faultsOf(CONFIGURATION, filled, "");
  const given: readonly unknown[] = Array.isArray(filled["sources"]) ? filled["sources"] : [];
  const sources: SourceConfiguration[] = [];
  for (const [index, source] of given.entries()) {
    const read = readSource(source, `sources.${index}`);
    if ("kind" in read) {
      sources.push(read);
      faults.push(...sourceFaults(read, `sources.${index}`));
    } else faults.push(...read);
  }
  faults.push(...duplicates(given, "id", "sources"));
  filled["sources"] = sources;
  // What concerns several fields can only be told of fields that hold by themselves.
  if (faults.length > 0) throw invalid(faults);
  const version = createHash("sha256").update(JSON.stringify(filled)).digest("hex").slice(0, 16);
  const configuration = { ...filled, version } as unknown as Configuration;
  const cross = crossFaults(configuration);
  if (cross.length > 0) throw invalid(cross);
  return configuration;
}

/** Names that come twice, however wrong the rest may be. */
function duplicates(entries: readonly unknown[], field: string, at: string): string[] {
  const seen = new Map<unknown, string>(field === "id" ? [["os", "the OS RNG"]] : []);
  return entries.flatMap((entry, index) => {
    const name = (entry as Record<string, unknown> | null)?.[field];
    if (typeof name !== "string") return [];
    const holder = seen.get(name);
    if (holder === undefined) seen.set(name, `${at}.${index}`);
    return holder === undefined
      ? []
      : [`${at}.${index}.${field}: ${show(name)} is taken by ${holder}`];
  });
}

function invalid(faults: readonly string[]): SpringhouseError {
  return new SpringhouseError(
    "configuration_invalid",
    faults.map((fault) => `  ${fault}`).join("\n"),
  );
}
