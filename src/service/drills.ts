import { DrillDesk, type DrillDeskTerms, type KeptDrill } from "../assess/drill/desk.ts";
import type { Configuration } from "../config/schema.ts";
import { canonicalJson } from "../log/canonicalJson.ts";
import { attestWith } from "../log/statement.ts";
import type { ServiceEvent } from "../port/event.ts";
import type { Write } from "../store/store.ts";
import { drillFacts } from "../verify/drillFacts.ts";
import type { ServicePorts } from "./ports.ts";

const COLLECTION = "drill";
const HOUR_MILLISECONDS = 3_600_000;

/** @throws SpringhouseError `store_failed` */
export async function openDrills(
  { drill }: Configuration,
  { clock, store, log, signer, version, build }: ServicePorts,
  record: (event: ServiceEvent, together: readonly Write[]) => Promise<void>,
  of: Pick<DrillDeskTerms, "introspection" | "options">,
): Promise<DrillDesk> {
  const rows = await store.read("document.all", [COLLECTION]);
  const attest = attestWith(signer);
  return new DrillDesk(
    {
      ...of,
      clock,
      version,
      build,
      attest: (report) => attest("drill", drillFacts(report)),
      keep: (event, kept) => {
        const { source, atMilliseconds } = kept.report;
        const body = canonicalJson(kept);
        return record(event, [
          { statement: "document.put", parameters: [COLLECTION, source.id, body, atMilliseconds] },
        ]);
      },
      failed: (error) => log.error({ kind: "drill_not_kept", error }, "a drill could not be kept"),
      intervalMilliseconds:
        drill.intervalHours === null ? null : drill.intervalHours * HOUR_MILLISECONDS,
    },
    rows.map((row) => JSON.parse(String(row["body"])) as KeptDrill),
  );
}
