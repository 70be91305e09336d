import type { HostFacts } from "../port/host.ts";
import type { Finding } from "../port/finding.ts";
import { deviceFindings } from "./host/devices.ts";
import { fileFindings } from "./host/files.ts";
import { systemFindings } from "./host/system.ts";

/** Every finding about a machine and what is configured on it. */
export function examine(facts: HostFacts): Finding[] {
  return [...deviceFindings(facts), ...fileFindings(facts), ...systemFindings(facts)];
}
