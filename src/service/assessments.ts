import { hostname } from "node:os";
import { AssessmentDesk } from "../assess/desk.ts";
import type { Configuration } from "../config/schema.ts";
import type { EntropyRoom } from "../entropy/entropyRoom.ts";
import type { Attest } from "../log/statement.ts";
import type { Introspection } from "../port/service.ts";
import { reportFacts } from "../verify/verifyAttested.ts";
import type { LoggedEvents } from "./logged.ts";
import type { ServicePorts } from "./ports.ts";

/** Assessments of the sources and of what is sent in, attested by the log's key. */
export function openAssessments(
  { assess }: Configuration,
  { clock, version }: ServicePorts,
  sources: EntropyRoom,
  introspection: Introspection,
  events: LoggedEvents,
  attest: Attest,
): AssessmentDesk {
  return new AssessmentDesk({
    clock,
    sources,
    introspection,
    host: hostname(),
    events,
    version,
    attest: (report) => attest("assessment", reportFacts(report)),
    ...assess,
  });
}
