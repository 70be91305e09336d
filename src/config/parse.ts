import { createHash } from "node:crypto";
import type { TSchema } from "typebox";
import Value from "typebox/value";
import { parseDocument } from "yaml";
import { healthConfigurationFaults } from "../health/monitor.ts";
import { SpringhouseError } from "../port/errors.ts";
import { faultsOf, show } from "./faults.ts";
import { CONFIGURATION, type Configuration } from "./schema.ts";
import {
  bitsPerSample,
  healthOptions,
  SOURCE_SCHEMAS,
  type SourceConfiguration,
} from "./sourceSchemas.ts";

/** A serial device is found by its path, by its family, or by vendorId and productId together. */
function selectorFaults(at: string, source: SourceConfiguration): string[] {
  const { path, vendorId, productId, serialNumber } = source as {
    readonly [K in "path" | "vendorId" | "productId" | "serialNumber"]?: string;
  };
  const identity = vendorId !== undefined && productId !== undefined;
  const faults: string[] = [];
  if ((vendorId === undefined) !== (productId === undefined))
    faults.push(`${at}: vendorId and productId go together`);
  if (path !== undefined && (identity || serialNumber !== undefined))
    faults.push(`${at}: give path, or the USB identity, not both`);
  if (serialNumber !== undefined && !identity)
    faults.push(`${at}.serialNumber: needs vendorId and productId`);
  if (source.kind === "serial-generic" && path === undefined && !identity)
    faults.push(`${at}: needs path, or vendorId and productId`);
  return faults;
}

function crossFaults(configuration: Configuration): string[] {
  const faults: string[] = [];
  const seen = new Set(["os"]);
  for (const [index, source] of configuration.sources.entries()) {
    const at = `sources.${index}`;
    if (seen.has(source.id))
      faults.push(
        `${at}.id: ${show(source.id)} is taken${source.id === "os" ? " by the OS RNG" : ""}`,
      );
    seen.add(source.id);
    const width = bitsPerSample(source);
    for (const [name, entropy] of [
      ["assessed.entropy", source.assessed?.entropy],
      ["compliant.entropy", source.compliant?.entropy],
      ["testedEntropy", source.testedEntropy],
    ] as const)
      if (entropy !== undefined && entropy > width)
        faults.push(`${at}.${name}: ${entropy} is more than the ${width} bits of a sample`);
    if (source.compliant && source.compliant.entropy > (source.assessed?.entropy ?? 0))
      faults.push(
        `${at}.compliant.entropy: ${source.compliant.entropy} is more than what is assessed`,
      );
    if (source.kind.startsWith("serial-")) faults.push(...selectorFaults(at, source));
    faults.push(
      ...healthConfigurationFaults(healthOptions(source)).map((fault) => `${at}.health: ${fault}`),
    );
  }
  const credited = configuration.sources.filter((source) => source.assessed).length;
  if (credited > 0 && configuration.quorum.sources > credited)
    faults.push(
      `quorum.sources: ${configuration.quorum.sources} can never be met: ${credited} sources are assessed`,
    );
  if (credited > 0 && configuration.quorum.withoutBest >= credited)
    faults.push(
      `quorum.withoutBest: ${configuration.quorum.withoutBest} can never be met: only ${credited} sources are assessed`,
    );
  if (credited === 0 && (configuration.quorum.sources > 1 || configuration.quorum.withoutBest > 0))
    faults.push("quorum: can never be met: no source is assessed");
  if (credited === 0 && configuration.construction.physicalOnly)
    faults.push("construction.physicalOnly: no source is assessed, so nothing could be counted");
  return faults;
}

/**
 * Reads a configuration, or the embedded default from an empty text.
 * @param text YAML
 * @throws SpringhouseError `configuration_invalid` with every fault, a line each
 */
export function parseConfiguration(text: string): Configuration {
  const document = parseDocument(text);
  if (document.errors.length > 0)
    throw invalid(document.errors.map((error) => error.message.split("\n")[0]!));
  const given: unknown = document.toJS() ?? {};
  if (typeof given !== "object" || Array.isArray(given))
    throw invalid([`the file holds ${show(given)}; a mapping of fields is needed`]);
  const filled = Value.Default(CONFIGURATION, structuredClone(given)) as Record<string, unknown>;
  const faults = faultsOf(CONFIGURATION, filled, "");
  if (Array.isArray(filled["sources"])) {
    filled["sources"] = filled["sources"].map((source: unknown, index) => {
      const kind = (source as { kind?: unknown } | null)?.kind;
      const schema = SOURCE_SCHEMAS[kind as keyof typeof SOURCE_SCHEMAS] as TSchema | undefined;
      if (!Object.hasOwn(SOURCE_SCHEMAS, String(kind)) || !schema) {
        const kinds = Object.keys(SOURCE_SCHEMAS).join(", ");
        faults.push(`sources.${index}.kind: ${show(kind)} is none of ${kinds}`);
        return source;
      }
      const whole = Value.Default(schema, source);
      faults.push(...faultsOf(schema, whole, `sources.${index}`));
      return whole;
    });
  }
  if (faults.length > 0) throw invalid(faults);
  const version = createHash("sha256").update(JSON.stringify(filled)).digest("hex").slice(0, 16);
  const configuration = { ...filled, version } as unknown as Configuration;
  const cross = crossFaults(configuration);
  if (cross.length > 0) throw invalid(cross);
  return configuration;
}

function invalid(faults: readonly string[]): SpringhouseError {
  return new SpringhouseError(
    "configuration_invalid",
    faults.map((fault) => `  ${fault}`).join("\n"),
  );
}
