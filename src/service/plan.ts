import { hmacComponent } from "../conditioning/hmac.ts";
import type { Configuration } from "../config/schema.ts";
import {
  healthOptions,
  samplesPerSecond,
  type SourceConfiguration,
  testedEntropy,
} from "../config/sourceSchemas.ts";
import type { SourceOptions } from "../entropy/sourceOptions.ts";
import type { Shape } from "../port/lineage.ts";
import { OsSource } from "../source/os.ts";
import type { ServicePorts } from "./ports.ts";

/**
 * Enough to see a stuck or repeating OS RNG within the first chunk that shows it (RCT: 6 equal bytes;
 * APT: windows of 512), and half of what an idle service costs.
 */
const OS_SAMPLES_PER_SECOND = 2048;
/** The bounded buffer's place: what a device brings beyond twice its rate is dropped and counted. */
const BUDGET_FACTOR = 2;

/** The construction that a configuration asks for. It never changes while the service runs. */
export function shapeOf(configuration: Configuration): Shape {
  if (!configuration.sources.some((source) => source.assessed)) return "RBGC";
  return configuration.construction.physicalOnly ? "RBG2(P)" : "RBG2(NP)";
}

/** The OS RNG as a source: tested all the time, never credited. */
function osSource(configuration: Configuration, ports: ServicePorts): SourceOptions {
  return {
    source: new OsSource({
      id: "os",
      clock: ports.clock,
      samplesPerSecond: OS_SAMPLES_PER_SECOND,
      fill: ports.osFill,
    }),
    // A DRBG's bytes are uniform or it is broken, so the tests run at the full 8 bits.
    health: {
      bitsPerSample: 8,
      minEntropyPerSample: 8,
      alphaIntermittentExponent: 40,
      alphaPermanentExponent: 60,
      samplesPerSecond: OS_SAMPLES_PER_SECOND,
      silenceMilliseconds: 5000,
    },
    testedEntropy: 8,
    assessed: null,
    compliant: null,
    component: hmacComponent("HMAC-SHA-512"),
    configurationVersion: configuration.version,
  };
}

/** A configured or discovered source, with its tests and its credit. */
export function sourceOption(
  source: SourceConfiguration,
  configurationVersion: string,
  ports: ServicePorts,
): SourceOptions {
  return {
    source: ports.openSource(source, ports.clock),
    health: healthOptions(source),
    testedEntropy: testedEntropy(source),
    assessed: source.assessed ?? null,
    compliant: source.compliant ?? null,
    component: hmacComponent(source.component),
    configurationVersion,
    budgetSamplesPerSecond: samplesPerSecond(source) * BUDGET_FACTOR,
  };
}

/** Every source of the service, the OS RNG first. */
export function sourceOptions(configuration: Configuration, ports: ServicePorts): SourceOptions[] {
  return [
    osSource(configuration, ports),
    ...configuration.sources.map((source) => sourceOption(source, configuration.version, ports)),
  ];
}
