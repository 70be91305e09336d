import type { Configuration } from "../config/schema.ts";
import { diagnose } from "../doctor/diagnose.ts";
import { examine } from "../doctor/examine.ts";
import { worstFirst } from "../doctor/finding.ts";
import type { Diagnosis } from "../port/finding.ts";
import type { ServiceSnapshot } from "../port/snapshot.ts";
import type { ServicePorts } from "./ports.ts";
import type { DiscontinuityWatch } from "./watch.ts";

/**
 * The service's own diagnosis: its picture, and its machine as it sees it. Whoever asks meanwhile gets the
 * one that is under way, since looking at every process takes a moment.
 */
export function ownDiagnosis(
  configuration: Configuration,
  { clock, host }: ServicePorts,
  snapshot: () => ServiceSnapshot,
  watch: Pick<DiscontinuityWatch, "seen">,
): () => Promise<Diagnosis> {
  let underWay: Promise<Diagnosis> | null = null;
  const look = async (): Promise<Diagnosis> => {
    const facts = await host?.(configuration, watch.seen);
    const findings = [...diagnose(snapshot()), ...(facts ? examine(facts) : [])];
    return { atMilliseconds: clock.wallMilliseconds(), findings: worstFirst(findings) };
  };
  return () => (underWay ??= look().finally(() => (underWay = null)));
}
