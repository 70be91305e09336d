import type { ConditioningComponent } from "../conditioning/component.ts";
import type { HealthOptions } from "../health/monitor.ts";
import type { NoiseSource } from "../port/source.ts";
import type { SourceClaim } from "./claim.ts";

/** One source as the entropy room runs it. */
export interface SourceOptions extends SourceClaim {
  readonly source: NoiseSource;
  readonly health: HealthOptions;
  readonly component: ConditioningComponent;
  /** First 16 hex digits of the configuration's SHA-256, for the windows. */
  readonly configurationVersion: string;
  /** Samples a second beyond which they are dropped; default Infinity. */
  readonly budgetSamplesPerSecond?: number;
}
